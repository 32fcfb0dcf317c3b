import { type Attributes, COMMUNITY } from 'node-bgp';
import { describe, expect, it } from 'vitest';
import type { SourceInfo } from './source.ts';
import { type ExportTarget, exportObstacle, finishExport, prepareForExport } from './transform.ts';

const OWN = 0x0a000001;
const IBGP: ExportTarget = {
  type: 'ibgp',
  localAs: 64512,
  identifier: OWN,
  clusterId: OWN,
  nextHopMode: 'auto',
  localAddress: '10.0.0.1',
  routeReflectorClient: false,
  llgrAware: false,
};
const CLIENT: ExportTarget = { ...IBGP, routeReflectorClient: true };
const EBGP: ExportTarget = { ...IBGP, type: 'ebgp' };

const PROVIDER: ExportTarget = { ...EBGP, role: 'provider' };
const LATERAL: ExportTarget = { ...EBGP, role: 'peer' };

const LOCAL: SourceInfo = { kind: 'static', protocol: 'static1', preference: 200 };
const from = (type: 'ebgp' | 'ibgp', routeReflectorClient = false): SourceInfo => {
  const remoteAs = type === 'ibgp' ? 64512 : 65001;
  const peer = { name: 'a', type, localAs: 64512, remoteAs, address: '10.0.0.2' };
  return { kind: 'bgp', protocol: 'a', preference: 100, peer, identifier: 0x0a000002, routeReflectorClient };
};

const ROUTE: Attributes = { origin: 0, asPath: [], nextHop: '10.0.0.2', localPref: 100 };
const withCommunity = (community: number): Attributes => ({ ...ROUTE, communities: [1, community] });

describe('what does not go to a peer', () => {
  it.each<[string, SourceInfo, Attributes, ExportTarget, ReturnType<typeof exportObstacle>]>([
    ['a route of our own, whatever it carries', LOCAL, withCommunity(COMMUNITY.NO_ADVERTISE), IBGP, undefined],
    ['from iBGP to iBGP', from('ibgp'), ROUTE, IBGP, 'insideAs'],
    ['from a client to iBGP', from('ibgp', true), ROUTE, IBGP, undefined],
    ['from iBGP to a client', from('ibgp'), ROUTE, CLIENT, undefined],
    ['from eBGP to iBGP', from('ebgp'), ROUTE, IBGP, undefined],
    ['what our cluster has had, to a client', from('ibgp'), { ...ROUTE, clusterList: [7, OWN] }, CLIENT, 'clusterList'],
    ['what another cluster has had, to a client', from('ibgp'), { ...ROUTE, clusterList: [7] }, CLIENT, undefined],
    ['NO_ADVERTISE to iBGP', from('ebgp'), withCommunity(COMMUNITY.NO_ADVERTISE), IBGP, 'noAdvertise'],
    ['NO_EXPORT to eBGP', from('ibgp'), withCommunity(COMMUNITY.NO_EXPORT), EBGP, 'noExport'],
    ['NO_EXPORT to iBGP', from('ebgp'), withCommunity(COMMUNITY.NO_EXPORT), IBGP, undefined],
    ['NO_EXPORT_SUBCONFED to eBGP', from('ibgp'), withCommunity(COMMUNITY.NO_EXPORT_SUBCONFED), EBGP, 'noExport'],
    ['NO_PEER to eBGP', from('ibgp'), withCommunity(COMMUNITY.NO_PEER), EBGP, undefined],
    ['NO_PEER to a peer in the sense of RFC 9234', from('ibgp'), withCommunity(COMMUNITY.NO_PEER), LATERAL, 'noPeer'],
    ['what goes down only, to a customer', from('ibgp'), { ...ROUTE, onlyToCustomer: 9 }, PROVIDER, undefined],
    ['what goes down only, to the side', from('ibgp'), { ...ROUTE, onlyToCustomer: 9 }, LATERAL, 'onlyToCustomer'],
    ['what goes down only, inside the AS', from('ebgp'), { ...ROUTE, onlyToCustomer: 9 }, IBGP, undefined],
    ['LLGR_STALE to who does not know it', from('ebgp'), withCommunity(COMMUNITY.LLGR_STALE), IBGP, 'llgrStale'],
    [
      'LLGR_STALE to who knows it',
      from('ebgp'),
      withCommunity(COMMUNITY.LLGR_STALE),
      { ...IBGP, llgrAware: true },
      undefined,
    ],
  ])('%s', (_, source, attributes, target, obstacle) => {
    expect(exportObstacle(source, attributes, target)).toBe(obstacle);
  });
});

describe('what a route is on its way to a peer', () => {
  const seen = (source: SourceInfo, attributes: Partial<Attributes>, target: ExportTarget) =>
    prepareForExport(source, { ...ROUTE, ...attributes }, target);
  const ourPath = [{ type: 'sequence', asns: [64512] }];

  it.each<[string, Attributes, Attributes]>([
    ['of our own, in the AS', seen(LOCAL, { med: 7 }, IBGP), { ...ROUTE, med: 7 }],
    ['learned outside, in the AS', seen(from('ebgp'), { med: 7 }, IBGP), { ...ROUTE, med: 7 }],
    [
      'reflected',
      seen(from('ibgp'), { clusterList: [7] }, CLIENT),
      { ...ROUTE, originatorId: 0x0a000002, clusterList: [OWN, 7] },
    ],
    [
      'of our own, outside',
      seen(LOCAL, { med: 7 }, EBGP),
      { ...ROUTE, asPath: ourPath, nextHop: '10.0.0.1', med: 7 } as Attributes,
    ],
    [
      'learned inside, outside: a MED of others is 0, reflection is forgotten',
      seen(from('ibgp'), { med: 7, originatorId: 5, clusterList: [6] }, EBGP),
      { ...ROUTE, asPath: ourPath, nextHop: '10.0.0.1', med: 0 } as Attributes,
    ],
    [
      'without MED, outside',
      seen(from('ibgp'), {}, { ...EBGP, nextHopMode: 'keep' }),
      { ...ROUTE, asPath: ourPath } as Attributes,
    ],
    [
      'of our own, down to a customer',
      seen(LOCAL, {}, PROVIDER),
      { ...ROUTE, asPath: ourPath, nextHop: '10.0.0.1', onlyToCustomer: 64512 } as Attributes,
    ],
    [
      'with a next hop that is known on its link only, in the AS',
      seen(from('ebgp'), { nextHop: 'fe80::2', linkLocalNextHop: 'fe80::2' }, { ...IBGP, localAddress: 'fd00::1' }),
      { ...ROUTE, nextHop: 'fd00::1' },
    ],
  ])('for the filter: %s', (_, attributes, expected) => {
    expect(attributes).toEqual(expected);
  });

  it('on the wire before a graceful shutdown: the mark, and the lowest LOCAL_PREF inside the AS (RFC 8326 4.1)', () => {
    const { localPref: _, ...outside } = ROUTE;
    const marked = { communities: [7, COMMUNITY.GRACEFUL_SHUTDOWN] };
    const route = { ...ROUTE, communities: [7] };
    expect(finishExport(route, { ...EBGP, gracefulShutdown: true })).toEqual({ ...outside, ...marked });
    expect(finishExport(route, { ...IBGP, gracefulShutdown: true })).toEqual({ ...ROUTE, ...marked, localPref: 0 });
    const both = { ...route, communities: [COMMUNITY.GRACEFUL_SHUTDOWN, 7] };
    expect(finishExport(both, { ...EBGP, gracefulShutdown: true })).toEqual({ ...outside, ...marked });
  });

  it('on the wire: communities in ascending order, LOCAL_PREF only inside the AS', () => {
    const attributes: Attributes = {
      ...ROUTE,
      communities: [0xfde80001, 0x00640001],
      extendedCommunities: ['0002fde800000064', '0002fde700000064'],
      largeCommunities: [
        [2, 0, 0],
        [1, 4294967295, 0],
        [1, 4, 9],
      ],
    };
    const { localPref: _, ...outside } = ROUTE;
    const sorted = {
      communities: [0x00640001, 0xfde80001],
      extendedCommunities: ['0002fde700000064', '0002fde800000064'],
      largeCommunities: [
        [1, 4, 9],
        [1, 4294967295, 0],
        [2, 0, 0],
      ],
    };
    expect(finishExport(attributes, IBGP)).toEqual({ ...ROUTE, ...sorted });
    expect(finishExport(attributes, EBGP)).toEqual({ ...outside, ...sorted });
    const inOrder = { ...ROUTE, communities: [1, 2] };
    expect(finishExport(inOrder, IBGP)).toBe(inOrder);
  });
});
