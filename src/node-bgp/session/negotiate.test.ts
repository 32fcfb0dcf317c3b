import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Family } from '../ip/index.ts';
import { decodeOpen, encodeOpen, HEADER_LENGTH } from '../wire/index.ts';
import type { Capability, OpenMessage } from '../wire/types.ts';
import { needsNewSession, peerConfig } from './config.ts';
import { keepaliveTimeFor, negotiate, openFor } from './negotiate.ts';
import type { Negotiated, PeerConfig, Role } from './types.ts';

const LOCAL = peerConfig({ localAs: 64512, remoteAs: 64513, bgpIdentifier: 1, families: ['ipv4', 'ipv6'] });
const REMOTE = peerConfig({ localAs: 64513, remoteAs: 64512, bgpIdentifier: 2, families: ['ipv4', 'ipv6'] });

const restart = { restartTime: 120, restarted: false, notification: true, forwarding: [] as Family[] };

function agree(local: Partial<PeerConfig>, remote: Partial<PeerConfig>): Negotiated {
  const result = negotiate({ ...LOCAL, ...local }, openFor({ ...REMOTE, ...remote }));
  if (!result.ok) throw new Error(result.fault.text);
  return result.value;
}

function refusal(local: Partial<PeerConfig>, remote: Partial<OpenMessage>) {
  const result = negotiate({ ...LOCAL, ...local }, { ...openFor(REMOTE), ...remote });
  return result.ok ? undefined : [result.fault.code, result.fault.subcode, [...result.fault.data]];
}

describe('openFor', () => {
  it('offers what is configured, in the order of the codes', () => {
    const open = openFor({
      ...LOCAL,
      localAs: 4_200_000_000,
      extendedNextHop: true,
      addPath: { send: ['ipv4'], receive: ['ipv4', 'ipv6'] },
      gracefulRestart: { ...restart, restarted: true, forwarding: ['ipv6'] },
      longLivedGracefulRestart: { staleTime: 3600 },
    });
    expect(open).toEqual({
      type: 'open',
      version: 4,
      myAs: 23456,
      holdTime: 90,
      bgpIdentifier: 1,
      capabilities: [
        { type: 'multiprotocol', afi: 1, safi: 1 },
        { type: 'multiprotocol', afi: 2, safi: 1 },
        { type: 'routeRefresh' },
        { type: 'extendedNextHop', entries: [{ afi: 1, safi: 1, nextHopAfi: 2 }] },
        { type: 'extendedMessage' },
        {
          type: 'gracefulRestart',
          restarted: true,
          notification: true,
          restartTime: 120,
          families: [
            { afi: 1, safi: 1, forwarding: false },
            { afi: 2, safi: 1, forwarding: true },
          ],
        },
        { type: 'fourOctetAs', asn: 4_200_000_000 },
        {
          type: 'addPath',
          families: [
            { afi: 1, safi: 1, mode: 3 },
            { afi: 2, safi: 1, mode: 1 },
          ],
        },
        { type: 'enhancedRouteRefresh' },
        {
          type: 'longLivedGracefulRestart',
          families: [
            { afi: 1, safi: 1, forwarding: false, staleTime: 3600 },
            { afi: 2, safi: 1, forwarding: true, staleTime: 3600 },
          ],
        },
      ],
    });
  });

  it('tells that we know LLGR_STALE, without keeping anything', () => {
    const { capabilities } = openFor({ ...LOCAL, longLivedGracefulRestart: {} });
    expect(capabilities).toContainEqual({ type: 'longLivedGracefulRestart', families: [] });
  });

  it('asks the peer to keep no routes where we only help (RFC 4724 3)', () => {
    const { capabilities } = openFor({ ...LOCAL, gracefulRestart: { ...restart, families: [] } });
    expect(capabilities).toContainEqual({
      type: 'gracefulRestart',
      restarted: false,
      notification: true,
      restartTime: 120,
      families: [],
    });
  });

  it('offers nothing that is switched off', () => {
    const plain = peerConfig({
      localAs: 64512,
      remoteAs: 64512,
      bgpIdentifier: 1,
      routeRefresh: false,
      enhancedRouteRefresh: false,
      extendedMessage: false,
      fourOctetAs: false,
    });
    expect(openFor(plain).capabilities).toEqual([{ type: 'multiprotocol', afi: 1, safi: 1 }]);
  });
});

describe('negotiate', () => {
  it('takes the smaller hold time and a third of it for keepalives', () => {
    expect(agree({ holdTime: 240 }, { holdTime: 90 })).toMatchObject({ holdTime: 90, keepaliveTime: 30 });
    expect(agree({ holdTime: 3 }, { holdTime: 90 })).toMatchObject({ holdTime: 3, keepaliveTime: 1 });
    expect(agree({ holdTime: 240, keepaliveTime: 20 }, { holdTime: 90 })).toMatchObject({ keepaliveTime: 20 });
    expect(agree({ holdTime: 240, keepaliveTime: 80 }, { holdTime: 90 })).toMatchObject({ keepaliveTime: 30 });
    expect(agree({ holdTime: 0, keepaliveTime: 20 }, { holdTime: 90 })).toMatchObject({
      holdTime: 0,
      keepaliveTime: 0,
    });
    expect(agree({ holdTime: 90 }, { holdTime: 0 })).toMatchObject({ holdTime: 0, keepaliveTime: 0 });
    expect(keepaliveTimeFor(LOCAL, 4)).toBe(1);
  });

  it('carries the families that both sides offered, in our order', () => {
    expect(agree({}, {}).families).toEqual(['ipv4', 'ipv6']);
    expect(agree({ families: ['ipv6', 'ipv4'] }, { families: ['ipv4'] }).families).toEqual(['ipv4']);
  });

  it('takes a peer without the multiprotocol capability for IPv4 unicast (RFC 4760 8)', () => {
    const result = negotiate(LOCAL, { ...openFor(REMOTE), capabilities: [] });
    expect(result).toMatchObject({
      ok: true,
      value: { families: ['ipv4'], fourOctetAs: false, maxMessageLength: 4096 },
    });
  });

  it('uses a feature only where both sides have it', () => {
    const off = { routeRefresh: false, enhancedRouteRefresh: false, extendedMessage: false, fourOctetAs: false };
    const on = { fourOctetAs: true, routeRefresh: true, enhancedRouteRefresh: true, maxMessageLength: 65535 };
    const none = { fourOctetAs: false, routeRefresh: false, enhancedRouteRefresh: false, maxMessageLength: 4096 };
    expect(agree({}, {})).toMatchObject(on);
    expect(agree(off, {})).toMatchObject(none);
    expect(agree({}, off)).toMatchObject(none);
    expect(agree({ extendedNextHop: true }, { extendedNextHop: true }).extendedNextHop).toBe(true);
    expect(agree({ extendedNextHop: true }, {}).extendedNextHop).toBe(false);
    expect(agree({}, { extendedNextHop: true }).extendedNextHop).toBe(false);
  });

  it.each([
    [['ipv4'], [], [], ['ipv4'], ['ipv4'], []],
    [['ipv4'], [], ['ipv4'], [], [], []],
    [['ipv4', 'ipv6'], ['ipv6'], ['ipv6'], ['ipv4'], ['ipv4'], ['ipv6']],
    [[], ['ipv4'], ['ipv4'], [], [], ['ipv4']],
  ] as [Family[], Family[], Family[], Family[], Family[], Family[]][])(
    'lets several paths flow where one side sends and the other receives (RFC 7911): %#',
    (send, receive, remoteSend, remoteReceive, expectedSend, expectedReceive) => {
      const { addPath } = agree(
        { addPath: { send, receive } },
        { addPath: { send: remoteSend, receive: remoteReceive } },
      );
      expect(addPath).toEqual({ send: expectedSend, receive: expectedReceive });
    },
  );

  it('knows the restarts of a peer only where we offer graceful restart ourselves (RFC 4724)', () => {
    const remote = { gracefulRestart: { ...restart, forwarding: ['ipv4' as const] } };
    expect(agree({}, remote).gracefulRestart).toBeUndefined();
    expect(agree({ gracefulRestart: restart }, {}).gracefulRestart).toBeUndefined();
    expect(agree({ gracefulRestart: restart, families: ['ipv4'] }, remote).gracefulRestart).toEqual({
      restartTime: 120,
      restarted: false,
      notification: true,
      families: [{ family: 'ipv4', forwarding: true }],
    });
    const noNotification = { gracefulRestart: { ...restart, notification: false } };
    expect(agree(noNotification, remote).gracefulRestart?.notification).toBe(false);
  });

  it('knows long-lived graceful restart only beside graceful restart (RFC 9494 4.1)', () => {
    const longLived = { longLivedGracefulRestart: { staleTime: 3600 } };
    const both = { gracefulRestart: restart, ...longLived };
    expect(agree(both, both).longLivedGracefulRestart).toEqual([
      { family: 'ipv4', forwarding: false, staleTime: 3600 },
      { family: 'ipv6', forwarding: false, staleTime: 3600 },
    ]);
    expect(agree(both, longLived).longLivedGracefulRestart).toBeUndefined();
    expect(agree(longLived, both).longLivedGracefulRestart).toBeUndefined();
    expect(agree({ gracefulRestart: restart }, both).longLivedGracefulRestart).toBeUndefined();
    // Who asks for nothing himself does what the peer asks.
    expect(agree({ ...both, longLivedGracefulRestart: {} }, both)).toEqual(agree(both, both));
    expect(agree(both, { ...both, longLivedGracefulRestart: {} }).longLivedGracefulRestart).toEqual([]);
  });

  it('counts the last of several capabilities of one kind (RFC 4724 3)', () => {
    const capability = (restartTime: number): Capability => ({
      type: 'gracefulRestart',
      restarted: false,
      notification: false,
      restartTime,
      families: [],
    });
    const result = negotiate(
      { ...LOCAL, gracefulRestart: restart },
      { ...openFor(REMOTE), capabilities: [capability(10), capability(20)] },
    );
    expect(result).toMatchObject({ ok: true, value: { gracefulRestart: { restartTime: 20 } } });
  });
});

describe('an OPEN is refused', () => {
  it.each([
    [
      '2/2 by its 4-octet AS number, with it',
      {},
      { capabilities: [{ type: 'fourOctetAs', asn: 70000 }] },
      [2, 2, [0, 1, 0x11, 0x70]],
    ],
    ['2/2 by the field of the header', {}, { myAs: 64999, capabilities: [] }, [2, 2, [0, 0, 0xfd, 0xe7]]],
    [
      '2/2 where we do not read the capability',
      { fourOctetAs: false, remoteAs: 70000 },
      { myAs: 23456 },
      [2, 2, [0, 0, 0x5b, 0xa0]],
    ],
    ['2/3 with our own identifier within one AS', { localAs: 64513 }, { bgpIdentifier: 1 }, [2, 3, [0, 0, 0, 1]]],
    [
      '2/7 without a family in common, with those that are missing',
      {},
      { capabilities: [{ type: 'multiprotocol', afi: 25, safi: 65 }] },
      [2, 7, [1, 4, 0, 1, 0, 1, 1, 4, 0, 2, 0, 1]],
    ],
    [
      '2/7 where we want IPv6 and the peer says nothing',
      { families: ['ipv6'] },
      { capabilities: [] },
      [2, 7, [1, 4, 0, 2, 0, 1]],
    ],
  ] as [string, Partial<PeerConfig>, Partial<OpenMessage>, unknown][])('%s', (_, local, remote, expected) => {
    expect(refusal(local, remote)).toEqual(expected);
  });

  it.each<[Role, Role | number | undefined, boolean, string | undefined]>([
    ['provider', 'customer', true, undefined],
    ['customer', 'provider', true, undefined],
    ['peer', 'peer', true, undefined],
    ['routeServer', 'routeServerClient', true, undefined],
    ['routeServerClient', 'routeServer', true, undefined],
    ['provider', undefined, false, undefined],
    ['provider', undefined, true, 'the peer tells no role, with our role provider it has to be customer'],
    ['provider', 'provider', false, "the peer's role is provider, with our role provider it has to be customer"],
    ['peer', 'customer', false, "the peer's role is customer, with our role peer it has to be peer"],
    [
      'routeServer',
      'customer',
      false,
      "the peer's role is customer, with our role routeServer it has to be routeServerClient",
    ],
    ['customer', 9, false, "the peer's role is 9, with our role customer it has to be provider"],
  ])(
    '2/11 where roles do not go together (RFC 9234 4.2): %s with %s, required: %s',
    (role, theirs, requireRole, text) => {
      const told = openFor({ ...REMOTE, ...(typeof theirs === 'string' ? { role: theirs } : {}) });
      const unknown: Capability[] = typeof theirs === 'number' ? [{ type: 'role', role: theirs }] : [];
      const open = { ...told, capabilities: [...told.capabilities, ...unknown] };
      const result = negotiate({ ...LOCAL, role, requireRole }, open);
      expect(result.ok ? undefined : result.fault).toEqual(
        text === undefined ? undefined : { code: 2, subcode: 11, data: new Uint8Array(), text },
      );
    },
  );

  it('but not for its role inside an AS, where none is told either', () => {
    const inside = { ...LOCAL, remoteAs: 64512, role: 'provider', requireRole: true } as const;
    expect(openFor(inside).capabilities.some(({ type }) => type === 'role')).toBe(false);
    expect(negotiate(inside, openFor({ ...REMOTE, localAs: 64512 })).ok).toBe(true);
  });

  it('but not for its AS where any but ours is welcome', () => {
    const any = { ...LOCAL, remoteAs: 0, anyExternalAs: true };
    const negotiated = { ok: true, value: { peerType: 'ebgp', remoteAs: 65099 } };
    expect(negotiate(any, openFor({ ...REMOTE, localAs: 65099 }))).toMatchObject(negotiated);
    const own = { code: 2, subcode: 2, text: 'the peer is AS 64512, expected any other' };
    expect(negotiate(any, openFor({ ...REMOTE, localAs: 64512 }))).toMatchObject({ ok: false, fault: own });
  });

  it('but not with our identifier from another AS (RFC 6286 2.1)', () => {
    expect(refusal({}, { bgpIdentifier: 1 })).toBeUndefined();
  });
});

const families = fc.subarray<Family>(['ipv4', 'ipv6'], { minLength: 1 });
const anyFamilies = fc.subarray<Family>(['ipv4', 'ipv6']);
const anyConfig = fc.record({
  families,
  holdTime: fc.constantFrom(0, 3, 90, 65535),
  routeRefresh: fc.boolean(),
  enhancedRouteRefresh: fc.boolean(),
  extendedMessage: fc.boolean(),
  fourOctetAs: fc.boolean(),
  extendedNextHop: fc.boolean(),
  addPath: fc.record({ send: anyFamilies, receive: anyFamilies }),
});

it('is understood alike by both sides, through the octets of the OPENs', () => {
  fc.assert(
    fc.property(anyConfig, anyConfig, (left, right) => {
      const [a, b] = [
        { ...LOCAL, ...left },
        { ...REMOTE, ...right },
      ];
      const read = (config: PeerConfig) => {
        const open = decodeOpen(encodeOpen(openFor(config)).subarray(HEADER_LENGTH));
        if (!open.ok) throw new Error(open.fault.text);
        return open.value;
      };
      const ours = negotiate(a, read(b));
      const theirs = negotiate(b, read(a));
      expect(ours.ok).toBe(theirs.ok);
      if (!ours.ok || !theirs.ok) return;
      const sorted = (list: readonly Family[]) => [...list].sort();
      expect(sorted(ours.value.addPath.send)).toEqual(sorted(theirs.value.addPath.receive));
      expect(sorted(ours.value.addPath.receive)).toEqual(sorted(theirs.value.addPath.send));
      expect(sorted(ours.value.families)).toEqual(sorted(theirs.value.families));
      for (const field of ['holdTime', 'fourOctetAs', 'routeRefresh', 'maxMessageLength', 'peerType'] as const) {
        expect(ours.value[field]).toBe(theirs.value[field]);
      }
    }),
  );
});

describe('needsNewSession', () => {
  it.each([
    [{ localAs: 1 }, true],
    [{ remoteAs: 1 }, true],
    [{ bgpIdentifier: 9 }, true],
    [{ families: ['ipv4'] }, true],
    [{ families: ['ipv6', 'ipv4'] }, false],
    [{ holdTime: 30 }, true],
    [{ gracefulRestart: { ...restart, restartTime: 60 } }, true],
    [{ gracefulRestart: { ...restart, notification: false } }, true],
    [{ gracefulRestart: { ...restart, restarted: true, forwarding: ['ipv4'] } }, false],
    [{ longLivedGracefulRestart: { staleTime: 1 } }, true],
    [{ longLivedGracefulRestart: {} }, true],
    [{ addPath: { send: ['ipv4'], receive: [] } }, true],
    [{ addPath: { send: [], receive: [] } }, false],
    [{ routeRefresh: false }, true],
    [{ enhancedRouteRefresh: false }, true],
    [{ extendedMessage: false }, true],
    [{ fourOctetAs: false }, true],
    [{ extendedNextHop: true }, true],
    [{ anyExternalAs: true }, true],
    [{ role: 'peer' }, true],
    [{ requireRole: true }, true],
    [{ passive: true }, false],
    [{ keepaliveTime: 7 }, false],
    [{ connectRetryTime: 7, connectDelayTime: 7, idleHoldTime: 7, maxIdleHoldTime: 7, sendHoldTime: 7 }, false],
  ] as [Partial<PeerConfig>, boolean][])('after %o: %s', (change, expected) => {
    const before: PeerConfig = { ...LOCAL, gracefulRestart: restart };
    expect(needsNewSession(before, { ...before, ...change })).toBe(expected);
  });
});
