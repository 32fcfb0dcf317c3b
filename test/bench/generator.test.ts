// The load generator's own parts: what it says is BGP as node-bgp reads it, what it reads is counted exactly, and its
// medians are medians. A benchmark that miscounts is worse than none.

import {
  decodeAttributeSet,
  decodeOpen,
  decodeUpdate,
  encodeEndOfRib,
  HEADER_LENGTH,
  KEEPALIVE,
  nlriEntries,
} from 'node-bgp';
import { describe, expect, test } from 'vitest';
import { announce, announcement, openMessage, withdraw } from '../../bench/daemon/messages.ts';
import { type ClientPlan, clientPlans, type Plan, totalPrefixes } from '../../bench/daemon/plan.ts';
import { Receiver } from '../../bench/daemon/receiver.ts';
import { median, percentile, randomizer } from '../../bench/daemon/statistics.ts';

const FAN_OUT: Plan = { pattern: 'fanOut', family: 'ipv4', clients: 3, prefixes: 4, addPath: false, holdTime: 9 };
const FEED: Plan = { ...FAN_OUT, pattern: 'feed', clients: 2, prefixes: 2_500 };
const PLANS: readonly (readonly [string, Plan])[] = [
  ['IPv4', FAN_OUT],
  ['IPv6', { ...FAN_OUT, family: 'ipv6' }],
  ['IPv4 with ADD-PATH', { ...FAN_OUT, addPath: true }],
  ['IPv6 with ADD-PATH', { ...FAN_OUT, family: 'ipv6', addPath: true }],
  ['an IPv4 feed', FEED],
  ['an IPv6 feed', { ...FEED, family: 'ipv6' }],
];

function receiverOf(plan: Plan, own: Pick<ClientPlan, 'first' | 'count'> = { first: 0, count: 0 }): Receiver {
  const { family, addPath } = plan;
  return new Receiver({ family, addPath, total: totalPrefixes(plan), ownFirst: own.first, ownCount: own.count });
}

function read(receiver: Receiver, ...messages: readonly Uint8Array[]): number {
  const bytes = Buffer.concat(messages);
  return receiver.read(bytes, 0, bytes.length, () => undefined);
}

function countsOf({ count, repeated, echoed, unheld, foreign }: Receiver) {
  return { count, repeated, echoed, unheld, foreign };
}

const NOTHING = { count: 0, repeated: 0, echoed: 0, unheld: 0, foreign: 0 };

describe('what the clients say', () => {
  test('is an OPEN with the capabilities of the run', () => {
    const plan: Plan = { ...FAN_OUT, addPath: true };
    const [first] = clientPlans(plan);
    const decoded = decodeOpen(openMessage(plan, first!).subarray(HEADER_LENGTH));
    expect(decoded).toEqual({
      ok: true,
      value: {
        type: 'open',
        version: 4,
        myAs: 64512,
        holdTime: 9,
        bgpIdentifier: 0x0ac80001,
        capabilities: [
          { type: 'multiprotocol', afi: 1, safi: 1 },
          { type: 'fourOctetAs', asn: 64512 },
          { type: 'addPath', families: [{ afi: 1, safi: 1, mode: 3 }] },
        ],
      },
    });
  });

  test.each([
    ['ipv4', ['64.0.0.64/26', '64.0.0.128/26'], '10.200.0.1'],
    ['ipv6', ['fd64::40/122', 'fd64::80/122'], 'fd00:200::1'],
  ] as const)('is an UPDATE with its %s prefixes and itself as next hop', (family, prefixes, nextHop) => {
    const plan: Plan = { ...FAN_OUT, family };
    const message = announce(plan, clientPlans(plan)[0]!, 1, 2);
    const context = { fourOctetAs: true, peerType: 'ibgp', addPathReceive: [], extendedNextHop: false } as const;
    const decoded = decodeUpdate(
      message.subarray(HEADER_LENGTH),
      { ...context, families: [family] },
      decodeAttributeSet,
    );
    if (!decoded.ok) throw new Error(decoded.fault.text);
    expect(decoded.value.set?.attributes).toMatchObject({ origin: 0, asPath: [], localPref: 100, nextHop });
    expect(decoded.value.reached.flatMap((block) => [...nlriEntries(block)].map(({ prefix }) => prefix))).toEqual(
      prefixes,
    );
  });

  test('gives every client prefixes and an address of its own', () => {
    expect(clientPlans({ ...FAN_OUT, clients: 300 }).at(-1)).toEqual({
      address: '10.200.1.44',
      asn: 64512,
      identifier: 0x0ac8012c,
      first: 1196,
      count: 4,
    });
  });
});

describe('what a client reads', () => {
  test.each(PLANS)('is every prefix of the others: %s', (_, plan) => {
    const clients = clientPlans(plan);
    const last = clients.at(-1)!;
    const receiver = receiverOf(plan, last);
    read(receiver, ...clients.slice(0, -1).map((client) => announcement(plan, client)));
    expect(countsOf(receiver)).toEqual({ ...NOTHING, count: totalPrefixes(plan) - last.count });
  });

  test.each(PLANS)('is the same, wherever the octets are cut: %s', (_, plan) => {
    const bytes = announcement({ ...plan, prefixes: 4 }, clientPlans({ ...plan, prefixes: 4 })[0]!);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const receiver = receiverOf(plan);
      const stopped = receiver.read(bytes, 0, cut, () => undefined);
      receiver.read(bytes, stopped, bytes.length, () => undefined);
      expect(countsOf(receiver)).toEqual({ ...NOTHING, count: 4 });
    }
  });

  test.each(PLANS.slice(0, 4))('is gone when it is withdrawn, and back when it is announced again: %s', (_, plan) => {
    const [first] = clientPlans(plan);
    const receiver = receiverOf(plan);
    read(receiver, announce(plan, first!, 0, 4), withdraw(plan, 1, 2));
    expect(receiver.count).toBe(2);
    read(receiver, announce(plan, first!, 1, 2));
    expect(countsOf(receiver)).toEqual({ ...NOTHING, count: 4 });
  });

  test('is told apart: own, repeated, never announced, of nobody', () => {
    const [first, second] = clientPlans(FAN_OUT);
    const receiver = receiverOf(FAN_OUT, first!);
    read(receiver, announcement(FAN_OUT, first!), announcement(FAN_OUT, second!), announcement(FAN_OUT, second!));
    read(receiver, withdraw(FAN_OUT, 8, 3), announce(FAN_OUT, second!, 12, 1));
    expect(countsOf(receiver)).toEqual({ count: 4, repeated: 4, echoed: 4, unheld: 3, foreign: 1 });
  });

  test('hands on what is no UPDATE, and counts no prefix for the End-of-RIB', () => {
    const types: number[] = [];
    const receiver = receiverOf(FAN_OUT);
    const bytes = Buffer.concat([KEEPALIVE, encodeEndOfRib('ipv4'), KEEPALIVE]);
    receiver.read(bytes, 0, bytes.length, (type) => types.push(type));
    expect([types, countsOf(receiver)]).toEqual([[4, 4], NOTHING]);
  });

  test('is no BGP when a message is shorter than its header', () => {
    expect(read(receiverOf(FAN_OUT), new Uint8Array(19))).toBe(-1);
  });
});

describe('statistics', () => {
  test.each([
    [[3], 3],
    [[5, 1, 3], 3],
    [[4, 1, 3, 2], 2.5],
    [[], Number.NaN],
  ])('the median of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  test.each([
    [50, 50],
    [99, 99],
    [100, 100],
    [0, 1],
  ])('percentile %d of 1 to 100 is %d', (percent, expected) => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(percentile(values, percent)).toBe(expected);
  });

  test('the same seed gives the same numbers', () => {
    const [a, b] = [randomizer(42), randomizer(42)];
    const numbers = Array.from({ length: 100 }, () => a(10));
    expect(Array.from({ length: 100 }, () => b(10))).toEqual(numbers);
    expect(new Set(numbers)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  });
});
