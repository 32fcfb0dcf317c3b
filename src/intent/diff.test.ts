import { describe, expect, test } from 'vitest';
import { accept, policy } from '../policy/index.ts';
import { diffIntents, IMPACT, isEmptyChange } from './diff.ts';
import type { Impact, Intent, KernelIntent, LocalRoute, PeerIntent } from './types.ts';

const KERNEL: KernelIntent = { policy: policy('kernel', 'accept', []), directInterfaces: ['*'], maxPaths: 16 };

const PEER: PeerIntent = {
  name: 'Node_10_0_0_2',
  kind: 'node',
  description: 'node peering',
  origin: ['BGPPeer a'],
  families: ['ipv4'],
  address: '10.0.0.2',
  port: 179,
  remoteAs: 64512,
  localAs: 64512,
  passive: false,
  holdTime: 240,
  restartTime: 120,
  allowedLocalAs: 0,
  nextHopMode: 'auto',
  routeReflectorClient: false,
  addPath: 'both',
  importPolicy: policy('import', 'accept', []),
  exportPolicy: policy('export', 'reject', [accept()]),
};

const EXTERNAL: PeerIntent = { ...PEER, name: 'Node_192_0_2_1', address: '192.0.2.1', remoteAs: 65001 };

function intent(changes: Partial<Intent> = {}, ...peers: readonly PeerIntent[]): Intent {
  return {
    node: 'alpha',
    localAs: 64512,
    bgpIdentifier: 1,
    addresses: { ipv4: '10.0.0.1' },
    listen: [{ port: 179 }],
    peers: new Map(peers.map((peer) => [peer.name, peer])),
    localRoutes: [],
    kernel: { ipv4: KERNEL, ipv6: KERNEL },
    logLevel: 'info',
    problems: [],
    ...changes,
  };
}

const NO_CHANGE = {
  peers: [],
  localRoutes: { added: [], removed: [] },
  kernelPolicy: [],
  directInterfaces: [],
  listen: false,
  bgpIdentifier: false,
  clusterId: false,
  logLevel: false,
};

describe('peers', () => {
  test('equal Intents differ in nothing, however their policies came about', () => {
    const copy = {
      ...PEER,
      importPolicy: policy('import', 'accept', []),
      families: ['ipv4'] as const,
      origin: ['BGPPeer a'],
    };
    const change = diffIntents(intent({}, PEER), intent({}, copy));
    expect(change).toEqual(NO_CHANGE);
    expect(isEmptyChange(change)).toBe(true);
  });

  test('added and removed ones, by name', () => {
    const change = diffIntents(intent({}, PEER), intent({}, EXTERNAL));
    expect(change).toEqual({
      ...NO_CHANGE,
      peers: [
        { type: 'removed', peer: PEER },
        { type: 'added', peer: EXTERNAL },
      ],
    });
  });

  test.each<[Partial<PeerIntent>, Impact]>([
    [{ keepaliveTime: 10 }, 'live'],
    [{ restartTime: 10 }, 'live'],
    [{ passive: true }, 'live'],
    [{ port: 1790 }, 'live'],
    [{ kind: 'global' }, 'live'],
    [{ description: 'other' }, 'live'],
    [{ origin: ['BGPPeer b'] }, 'live'],
    [{ nextHopMode: 'self' }, 'refilter'],
    [{ routeReflectorClient: true }, 'refilter'],
    [{ allowedLocalAs: 1 }, 'refilter'],
    [{ importPolicy: policy('import', 'reject', []) }, 'refilter'],
    [{ exportPolicy: policy('export', 'reject', []) }, 'refilter'],
    [{ password: 'x' }, 'restart'],
    [{ ttlSecurity: 1 }, 'restart'],
    [{ remoteAs: 65001 }, 'restart'],
    [{ localAs: 65001 }, 'restart'],
    [{ localAddress: '10.0.0.1' }, 'restart'],
    [{ address: '10.0.0.3' }, 'restart'],
    [{ holdTime: 90 }, 'restart'],
    [{ families: ['ipv4', 'ipv6'] }, 'restart'],
    [{ addPath: 'off' }, 'restart'],
    [{ direct: true }, 'restart'],
    [{ interface: 'eth0' }, 'restart'],
    [{ anyExternalAs: true }, 'restart'],
    [{ gracefulRestart: 'aware' }, 'live'],
    [{ longLivedGracefulRestart: { staleTime: 3600 } }, 'live'],
    [{ timers: { connectRetry: 5 } }, 'live'],
    [{ limits: { import: { count: 1, action: 'warn' } } }, 'refilter'],
    [{ role: 'peer' }, 'restart'],
    [{ requireRole: true }, 'restart'],
    [{ extendedMessages: true }, 'restart'],
    [{ extendedNextHop: true }, 'restart'],
    [{ gracefulShutdown: true }, 'refilter'],
    [{ preference: 90 }, 'refilter'],
    [{ clusterId: 1 }, 'refilter'],
  ])('%j costs %s', (fields, impact) => {
    const after = { ...PEER, ...fields };
    expect(diffIntents(intent({}, PEER, EXTERNAL), intent({}, after, EXTERNAL))).toEqual({
      ...NO_CHANGE,
      peers: [{ type: 'changed', before: PEER, after, impact, causes: Object.keys(fields) }],
    });
  });

  test('the highest impact counts, and a field that goes away is a change too', () => {
    const before = { ...PEER, password: 'x', keepaliveTime: 10 };
    const [change] = diffIntents(intent({}, before), intent({}, { ...PEER, nextHopMode: 'keep' })).peers;
    expect(change).toMatchObject({ impact: 'restart', causes: ['password', 'keepaliveTime', 'nextHopMode'] });
  });

  test('every impact that is less than what BIRD does is meant', () => {
    const gentle = Object.entries(IMPACT).filter(([, impact]) => impact !== 'restart');
    expect(Object.fromEntries(gentle)).toEqual({
      kind: 'live',
      description: 'live',
      origin: 'live',
      port: 'live',
      passive: 'live',
      keepaliveTime: 'live',
      restartTime: 'live',
      allowedLocalAs: 'refilter',
      nextHopMode: 'refilter',
      routeReflectorClient: 'refilter',
      importPolicy: 'refilter',
      exportPolicy: 'refilter',
      gracefulRestart: 'live',
      longLivedGracefulRestart: 'live',
      timers: 'live',
      limits: 'refilter',
      preference: 'refilter',
      clusterId: 'refilter',
      gracefulShutdown: 'refilter',
      bfd: 'live',
    });
  });

  test('times and limits that are written anew are no change', () => {
    const made = () =>
      ({ ...PEER, timers: { connectRetry: 5 }, limits: { import: { count: 1, action: 'warn' } } }) as const;
    expect(isEmptyChange(diffIntents(intent({}, made()), intent({}, made())))).toBe(true);
  });
});

describe('the node', () => {
  test('another router id restarts every session', () => {
    const change = diffIntents(intent({}, PEER, EXTERNAL), intent({ bgpIdentifier: 2 }, PEER, EXTERNAL));
    const restart = (peer: PeerIntent) => ({
      type: 'changed',
      before: peer,
      after: peer,
      impact: 'restart',
      causes: ['bgpIdentifier'],
    });
    expect(change).toEqual({ ...NO_CHANGE, bgpIdentifier: true, peers: [restart(PEER), restart(EXTERNAL)] });
  });

  test('another cluster id concerns the routes of internal sessions', () => {
    const change = diffIntents(intent({}, PEER, EXTERNAL), intent({ clusterId: 2 }, PEER, EXTERNAL));
    expect(change).toEqual({
      ...NO_CHANGE,
      clusterId: true,
      peers: [{ type: 'changed', before: PEER, after: PEER, impact: 'refilter', causes: ['clusterId'] }],
    });
  });

  test('a new address of the node concerns sessions that carry its family, but run over the other one', () => {
    const both: PeerIntent = { ...PEER, name: 'both', families: ['ipv4', 'ipv6'] };
    const addresses = (ipv6: string) => ({ addresses: { ipv4: '10.0.0.1', ipv6 } });
    const change = diffIntents(intent(addresses('fd00::1'), PEER, both), intent(addresses('fd00::2'), PEER, both));
    expect(change.peers).toEqual([
      { type: 'changed', before: both, after: both, impact: 'refilter', causes: ['addresses'] },
    ]);
  });

  test('routes: a changed one is removed and added, another origin is no change', () => {
    const route = (prefix: string, gateway?: string): LocalRoute =>
      gateway === undefined
        ? { prefix, type: 'blackhole', origin: 'a' }
        : { prefix, type: 'via', gateway, origin: 'a' };
    const before = [route('10.1.0.0/16'), route('10.2.0.0/16', '10.0.0.8'), route('10.3.0.0/16')];
    const after = [{ ...route('10.1.0.0/16'), origin: 'b' }, route('10.2.0.0/16', '10.0.0.9'), route('10.4.0.0/16')];
    expect(diffIntents(intent({ localRoutes: before }), intent({ localRoutes: after })).localRoutes).toEqual({
      removed: before.slice(1),
      added: after.slice(1),
    });
  });

  test('routes: other attributes are another route', () => {
    const route = (med: number): LocalRoute => ({
      prefix: '10.1.0.0/16',
      type: 'blackhole',
      origin: 'a',
      attributes: { origin: 0, asPath: [], med },
    });
    const change = (from: number, to: number) =>
      diffIntents(intent({ localRoutes: [route(from)] }), intent({ localRoutes: [route(to)] })).localRoutes;
    expect(change(1, 1)).toEqual({ removed: [], added: [] });
    expect(change(1, 2)).toEqual({ removed: [route(1)], added: [route(2)] });
  });

  test.each<Partial<KernelIntent>>([
    { importPolicy: policy('import', 'reject', []) },
    { table: 100 },
    { metric: 32 },
    { persist: false },
    { maxPaths: 1 },
  ])('the kernel is another with %j', (changes) => {
    const kernel = { ipv4: { ...KERNEL, ...changes }, ipv6: KERNEL };
    expect(diffIntents(intent(), intent({ kernel })).kernelPolicy).toEqual(['ipv4']);
    expect(diffIntents(intent({ kernel }), intent({ kernel: structuredClone(kernel) })).kernelPolicy).toEqual([]);
  });

  test('kernel policy and direct interfaces by family, listening and log level', () => {
    const kernel = {
      ipv4: { ...KERNEL, policy: policy('kernel', 'reject', []) },
      ipv6: { ...KERNEL, directInterfaces: ['-eth1', '*'] },
    };
    expect(diffIntents(intent(), intent({ kernel, listen: [{ port: 1790 }], logLevel: 'debug' }))).toEqual({
      ...NO_CHANGE,
      kernelPolicy: ['ipv4'],
      directInterfaces: ['ipv6'],
      listen: true,
      logLevel: true,
    });
  });

  test('from nothing everything is new', () => {
    expect(diffIntents(undefined, intent({ clusterId: 1 }, PEER))).toEqual({
      peers: [{ type: 'added', peer: PEER }],
      localRoutes: { added: [], removed: [] },
      kernelPolicy: ['ipv4', 'ipv6'],
      directInterfaces: ['ipv4', 'ipv6'],
      listen: true,
      bgpIdentifier: true,
      clusterId: true,
      logLevel: true,
    });
  });
});
