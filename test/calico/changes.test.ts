// What a change of the resources costs: which sessions restart, which routes are evaluated again, and that nothing else
// is touched. Where BIRD resets a session without need, ours stays.

import { describe, expect, test } from 'vitest';
import { diffIntents, type Impact, type IntentChange } from '../../src/intent/index.ts';
import { block, configuration, intentOf, node, OWN, pool, resource, secret, THREE_NODES } from './support.ts';

const peer = (name: string, spec: object) => resource('BGPPeer', name, spec);
const TOR = { node: OWN, peerIP: '192.0.2.1', asNumber: 65001 };
const NAME = 'Node_192_0_2_1';

/** `+name`, `-name`, or the impact on a session. */
function summaryOf(change: IntentChange): Readonly<Record<string, Impact | 'added' | 'removed'>> {
  return Object.fromEntries(
    change.peers.map((one) => (one.type === 'changed' ? [one.after.name, one.impact] : [one.peer.name, one.type])),
  );
}

const BASE = [configuration({}), THREE_NODES, pool('one', '10.66.0.0/16'), block('10.66.1.0/26'), peer('tor', TOR)];
const change = (before: readonly string[], after: readonly string[]) => diffIntents(intentOf(before), intentOf(after));
/** BASE with more resources, or others of the same names. */
const changeBy = (...more: readonly string[]) => change(BASE, [...BASE, ...more]);
const everyone = (impact: Impact, families: readonly string[] = ['10_65_0_', 'fd65__']) =>
  Object.fromEntries(families.flatMap((f) => [3, 4].map((host) => [`Mesh_${f}${host}`, impact])));

describe('one session', () => {
  test.each<[string, object, Impact]>([
    ['keepaliveTime', { keepaliveTime: '10s' }, 'live'],
    ['maxRestartTime', { maxRestartTime: '10s' }, 'live'],
    ['nextHopMode', { nextHopMode: 'Self' }, 'refilter'],
    ['keepOriginalNextHop', { keepOriginalNextHop: true }, 'refilter'],
    ['numAllowedLocalASNumbers', { numAllowedLocalASNumbers: 1 }, 'refilter'],
    ['ttlSecurity', { ttlSecurity: 1 }, 'restart'],
    ['asNumber', { asNumber: 65002 }, 'restart'],
    ['localASNumber', { localASNumber: 65002 }, 'restart'],
    ['sourceAddress', { sourceAddress: 'None' }, 'restart'],
  ])('%s', (_field, spec, impact) => {
    const result = changeBy(peer('tor', { ...TOR, ...spec }));
    expect(summaryOf(result)).toEqual({ [NAME]: impact });
    expect({ ...result, peers: [] }).toEqual(changeBy());
  });

  test('a local AS that says what counts anyway is no change', () => {
    expect(summaryOf(changeBy(peer('tor', { ...TOR, localASNumber: 64512 })))).toEqual({});
  });

  test('a password that appears', () => {
    const spec = { ...TOR, password: { secretKeyRef: { name: 'bgp', key: 'tor' } } };
    const before = [...BASE, peer('tor', spec)];
    expect(summaryOf(change(before, [...before, secret('bgp', { tor: 'x' })]))).toEqual({ [NAME]: 'restart' });
  });

  test('a filter: only the sessions that have it, by what is stored', () => {
    const filter = (exportV4: readonly object[]) => resource('BGPFilter', 'guard', { exportV4 });
    const before = [...BASE, peer('tor', { ...TOR, filters: ['guard'] }), filter([])];
    expect(summaryOf(change(before, [...before, filter([{ action: 'Reject' }])]))).toEqual({ [NAME]: 'refilter' });
  });

  test('another scope or a port in the name is another session', () => {
    const { node: _node, ...global } = TOR;
    expect(summaryOf(changeBy(peer('tor', global)))).toEqual({ [NAME]: 'removed', Global_192_0_2_1: 'added' });
    expect(summaryOf(changeBy(peer('tor', { ...TOR, peerIP: '192.0.2.1:179' })))).toEqual({
      [NAME]: 'removed',
      [`${NAME}_port_179`]: 'added',
    });
  });

  test('one node more, less, or changed touches its own sessions only', () => {
    expect(summaryOf(changeBy(node('delta', { ipv4: '10.65.0.5/24' })))).toEqual({ Mesh_10_65_0_5: 'added' });
    expect(summaryOf(change([...BASE, node('delta', { ipv4: '10.65.0.5/24' })], BASE))).toEqual({
      Mesh_10_65_0_5: 'removed',
    });
    const moved = node('beta', { ipv4: '10.65.0.3/24', ipv6: 'fd65::3/64', as: 65003 });
    expect(summaryOf(changeBy(moved))).toEqual({ Mesh_10_65_0_3: 'restart', Mesh_fd65__3: 'restart' });
    expect(summaryOf(changeBy(configuration({ listenPort: 1790 }, 'node.beta')))).toEqual({
      Mesh_10_65_0_3: 'live',
      Mesh_fd65__3: 'live',
    });
    const labelled = node('beta', { ipv4: '10.65.0.3/24', ipv6: 'fd65::3/64', labels: { rack: '1' } });
    expect(changeBy(labelled)).toEqual(changeBy());
  });

  test('the passive side changes with the own address, which is another connection', () => {
    const others = [configuration({}), node('beta', { ipv4: '10.65.0.3/24' })];
    const result = change(
      [...others, node(OWN, { ipv4: '10.65.0.2/24' })],
      [...others, node(OWN, { ipv4: '10.65.0.8/24' })],
    );
    expect(result.peers).toMatchObject([{ impact: 'restart', causes: ['localAddress', 'passive', 'bgpIdentifier'] }]);
  });
});

describe('all sessions', () => {
  test('the restart time of the mesh is announced in the next OPEN', () => {
    expect(summaryOf(changeBy(configuration({ nodeMeshMaxRestartTime: '10s' })))).toEqual(everyone('live'));
  });

  test('pools, blocks and communities change what is told in their family; sessions stay', () => {
    const refiltered = { ...everyone('refilter', ['10_65_0_']), [NAME]: 'refilter' };
    const withPool = changeBy(pool('two', '10.67.0.0/16'));
    expect([summaryOf(withPool), withPool.kernelPolicy]).toEqual([refiltered, ['ipv4']]);
    const withBlock = changeBy(block('10.66.2.0/26'));
    expect(summaryOf(withBlock)).toEqual(refiltered);
    expect(withBlock.localRoutes.added.map(({ prefix }) => prefix)).toEqual(['10.66.2.0/26']);
    expect(withBlock.kernelPolicy).toEqual([]);
    const advertised = { prefixAdvertisements: [{ cidr: '10.66.0.0/16', communities: ['1:1'] }] };
    expect(summaryOf(changeBy(configuration(advertised)))).toEqual(refiltered);
  });

  test('programClusterRoutes is a matter of the kernel, and of tunnel routes towards peers', () => {
    const result = changeBy(configuration({ programClusterRoutes: 'Disabled' }));
    expect([summaryOf(result), result.kernelPolicy]).toEqual([{}, ['ipv4']]);
    const enabled = changeBy(configuration({ programClusterRoutes: 'Enabled' }));
    expect(summaryOf(enabled)).toEqual({ ...everyone('refilter'), [NAME]: 'refilter' });
  });

  test('log level, ports and interfaces concern no session', () => {
    const quiet = changeBy(configuration({ logSeverityScreen: 'Debug', ignoredInterfaces: ['eth9'] }));
    expect([quiet.logLevel, quiet.directInterfaces, summaryOf(quiet)]).toEqual([true, ['ipv4', 'ipv6'], {}]);
    const port = changeBy(configuration({ listenPort: 1790 }, `node.${OWN}`));
    expect([port.listen, summaryOf(port)]).toEqual([true, {}]);
    const bound = changeBy(configuration({ bindMode: 'NodeIP' }));
    expect([bound.listen, summaryOf(bound)]).toEqual([true, {}]);
  });

  test('the mesh goes when it is switched off, and explicit sessions stay', () => {
    const off = changeBy(configuration({ nodeToNodeMeshEnabled: false }));
    expect(new Set(Object.values(summaryOf(off)))).toEqual(new Set(['removed']));
    expect(Object.keys(summaryOf(off))).not.toContain(NAME);
  });

  test('becoming a reflector of explicit peers restarts none of them', () => {
    const own = (clusterId?: string) =>
      node(OWN, { ipv4: '10.65.0.2/24', ipv6: 'fd65::2/64', ...(clusterId ? { clusterId } : {}) });
    const before = [
      configuration({ nodeToNodeMeshEnabled: false }),
      THREE_NODES,
      peer('all', { peerSelector: 'all()' }),
    ];
    const result = change(before, [...before, own('10.0.0.1')]);
    expect(result.clusterId).toBe(true);
    expect(new Set(Object.values(summaryOf(result)))).toEqual(new Set(['refilter']));
    const other = change([...before, own('10.0.0.1')], [...before, own('10.0.0.2')]);
    expect(new Set(Object.values(summaryOf(other)))).toEqual(new Set(['refilter']));
  });

  test('the router id restarts them all', () => {
    const result = diffIntents(intentOf(BASE), intentOf(BASE, { routerId: '192.0.2.9' }));
    expect([result.bgpIdentifier, summaryOf(result)]).toEqual([true, { ...everyone('restart'), [NAME]: 'restart' }]);
  });
});
