import { needsNewSession } from 'node-bgp';
import { describe, expect, it } from 'vitest';
import type { PeerIntent } from '../intent/index.ts';
import { policy } from '../policy/index.ts';
import { groupOptions } from './group-options.ts';
import { loopRules } from './loop-rules.ts';
import { SpeakerPeer } from './peer.ts';
import { connectRetryTime, sessionConfig } from './session-config.ts';

const ACCEPT = policy('accept', 'accept', []);

const INTENT: PeerIntent = {
  name: 'Mesh_10_0_0_2',
  kind: 'mesh',
  description: 'node-to-node mesh with node node-2',
  origin: [],
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
  importPolicy: ACCEPT,
  exportPolicy: ACCEPT,
};

const FRESH = { restarted: false, forwarding: false, connectRetryTime: 1 };

describe('the configuration of a session', () => {
  it('says what the intent says, and in the rest what nodes have in common', () => {
    expect(sessionConfig(INTENT, 7, FRESH)).toEqual({
      localAs: 64512,
      remoteAs: 64512,
      bgpIdentifier: 7,
      families: ['ipv4'],
      passive: false,
      holdTime: 240,
      connectRetryTime: 1,
      connectDelayTime: 0,
      idleHoldTime: 1,
      maxIdleHoldTime: 30,
      gracefulRestart: { restartTime: 120, restarted: false, notification: true, forwarding: [] },
      longLivedGracefulRestart: {},
      addPath: { send: ['ipv4'], receive: ['ipv4'] },
      routeRefresh: true,
      enhancedRouteRefresh: true,
      extendedMessage: false,
      fourOctetAs: true,
      extendedNextHop: false,
    });
  });

  it('offers no graceful restart where that is switched off', () => {
    const { gracefulRestart: _, longLivedGracefulRestart: __, ...rest } = sessionConfig(INTENT, 7, FRESH);
    expect(sessionConfig({ ...INTENT, gracefulRestart: 'off' }, 7, FRESH)).toEqual(rest);
  });

  it('asks for nothing where it only helps peers that restart', () => {
    const usual = sessionConfig(INTENT, 7, FRESH);
    const longLivedGracefulRestart = { staleTime: 3600 };
    const aware = { ...INTENT, gracefulRestart: 'aware' as const, longLivedGracefulRestart };
    const gracefulRestart = { ...usual.gracefulRestart, families: [] };
    expect(sessionConfig(aware, 7, FRESH)).toEqual({ ...usual, gracefulRestart });
  });

  it.each([
    ['what is intended', { staleTime: 3600 }, { staleTime: 3600 }],
    ['nothing, and does what peers ask', undefined, {}],
    ['nothing, and does nothing', 'off', undefined],
  ] as const)('asks for long-lived graceful restart: %s', (_, longLivedGracefulRestart, expected) => {
    const { longLivedGracefulRestart: none, ...intent } = INTENT;
    const given = longLivedGracefulRestart === undefined ? intent : { ...intent, longLivedGracefulRestart };
    expect([none, sessionConfig(given, 7, FRESH).longLivedGracefulRestart]).toEqual([undefined, expected]);
  });

  it('carries the cluster id of its own into what the peer is told, and into what counts as a loop', () => {
    const identity = { bgpIdentifier: 7, clusterId: 7, addresses: {} };
    const client = { ...INTENT, routeReflectorClient: true };
    const common = { bgpIdentifier: 7, localAs: 64512, allowedLocalAs: 0 };
    expect([INTENT, client, { ...client, clusterId: 9 }].map((peer) => loopRules(peer, identity))).toEqual([
      { ...common, clusterId: undefined },
      { ...common, clusterId: 7 },
      { ...common, clusterId: 9 },
    ]);
  });

  it.each([
    ['off', [], []],
    ['send', ['ipv4'], []],
    ['receive', [], ['ipv4']],
    ['both', ['ipv4'], ['ipv4']],
  ] as const)('offers ADD-PATH as intended: %s', (addPath, send, receive) => {
    expect(sessionConfig({ ...INTENT, addPath }, 7, FRESH).addPath).toEqual({ send, receive });
  });

  it('takes no new session for what only circumstances change', () => {
    const before = sessionConfig(INTENT, 7, FRESH);
    const after = sessionConfig(INTENT, 7, { restarted: true, forwarding: true, connectRetryTime: 5 });
    expect(after.gracefulRestart).toEqual({
      restartTime: 120,
      restarted: true,
      notification: true,
      forwarding: ['ipv4'],
    });
    expect(needsNewSession(before, after)).toBe(false);
  });

  it('takes its times from the intent where that has any, and no new session for them', () => {
    const timers = { connectDelay: 2, connectRetry: 7, errorWait: [5, 40], errorForget: 100 } as const;
    const [before, after] = [sessionConfig(INTENT, 7, FRESH), sessionConfig({ ...INTENT, timers }, 7, FRESH)];
    const times = {
      connectDelayTime: 2,
      connectRetryTime: 7,
      idleHoldTime: 5,
      maxIdleHoldTime: 40,
      errorForgetTime: 100,
    };
    expect(after).toEqual({ ...before, ...times });
    expect(needsNewSession(before, after)).toBe(false);
  });

  it('tries again soon at first, and seldom later', () => {
    expect([0, 1, 4, 5, 1000].map(connectRetryTime)).toEqual([1, 1, 1, 5, 5]);
  });
});

describe('the export group of a session', () => {
  const endpoints = { local: '10.0.0.1', localPort: 179, remote: '10.0.0.2', remotePort: 40_000 };
  const negotiated = {
    peerType: 'ibgp',
    remoteAs: 64512,
    remoteIdentifier: 2,
    holdTime: 240,
    keepaliveTime: 80,
    families: ['ipv4', 'ipv6'],
    fourOctetAs: true,
    routeRefresh: true,
    enhancedRouteRefresh: true,
    maxMessageLength: 4096,
    addPath: { send: ['ipv4'], receive: [] },
    extendedNextHop: false,
    remoteCapabilities: [],
  } as const;
  const dependencies = {
    nextConnection: () => 1,
    random: () => 0,
    attributeSource: () => {
      throw new Error('unused');
    },
  };
  const peer = new SpeakerPeer(INTENT, 7, FRESH, dependencies, 0);
  const session = { connection: 1, endpoints, negotiated };
  const identity = { bgpIdentifier: 7, clusterId: 8, addresses: { ipv4: '10.0.0.1', ipv6: 'fd00::1' } };

  it('is told by everything that makes its messages what they are', () => {
    expect(groupOptions(peer, session, 'ipv4', identity)).toMatchObject({
      target: {
        type: 'ibgp',
        localAs: 64512,
        identifier: 7,
        clusterId: 8,
        nextHopMode: 'auto',
        localAddress: '10.0.0.1',
        routeReflectorClient: false,
      },
      policy: ACCEPT,
      policyPeer: { name: 'Mesh_10_0_0_2', type: 'ibgp', localAs: 64512, remoteAs: 64512, address: '10.0.0.2' },
      addPath: true,
      context: { fourOctetAs: true, peerType: 'ibgp' },
      maxMessageLength: 4096,
      extendedNextHop: false,
    });
  });

  it.each([
    ['our end of the session, where it is of the family', 'ipv4', identity.addresses, '10.0.0.1'],
    ["the node's address, for the other family", 'ipv6', identity.addresses, 'fd00::1'],
    ['the IPv4 address mapped, where the node has no other (RFC 4291 2.5.5.2)', 'ipv6', {}, '::ffff:10.0.0.1'],
  ] as const)('has as next hop %s', (_, family, addresses, expected) => {
    const options = groupOptions(peer, session, family, { ...identity, addresses });
    expect([options.target.localAddress, options.addPath]).toEqual([expected, family === 'ipv4']);
  });
});
