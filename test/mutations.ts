// Good messages, and what is made of them: mutations of one part, after which lengths mostly fit again. From a seed, so that
// every run can be had again. What is done with the messages is others' (fuzz.ts, fuzz-daemon.ts).

import {
  encodeAttributes,
  encodeEndOfRib,
  encodeNotification,
  encodeOpen,
  encodeRouteRefresh,
  type Family,
  KEEPALIVE,
  MESSAGE_TYPE,
  shutdownData,
  type UpdateContext,
} from 'node-bgp';

const HEADER = 19;
const MAX_LENGTH = 4096;

export const NEXT_HOP6 = Uint8Array.from({ length: 16 }, (_, i) => (i === 0 ? 0xfd : i));

export const CONTEXTS: readonly UpdateContext[] = (['ibgp', 'ebgp', 'confed'] as const).flatMap((peerType) =>
  [true, false].flatMap((fourOctetAs) => [
    { peerType, fourOctetAs, families: ['ipv4', 'ipv6'] as const, addPathReceive: [], extendedNextHop: false },
    {
      peerType,
      fourOctetAs,
      families: ['ipv4', 'ipv6'] as const,
      addPathReceive: ['ipv4', 'ipv6'] as const,
      extendedNextHop: true,
    },
    { peerType, fourOctetAs, families: ['ipv6'] as const, addPathReceive: [], extendedNextHop: true },
  ]),
);

// ---------------------------------------------------------------------------------------------------- seed messages

/** A good message without its header; an UPDATE in its three parts, so that one can be spoilt and the lengths still fit. */
export interface Seed {
  readonly type: number;
  readonly parts: readonly (readonly number[])[];
  /** The session in which it is good. */
  readonly context: UpdateContext;
}

export function seedMessages(): readonly Seed[] {
  const family = { afi: 1, safi: 1 };
  const open = encodeOpen({
    type: 'open',
    version: 4,
    myAs: 23456,
    holdTime: 90,
    bgpIdentifier: 0x0a000001,
    capabilities: [
      { type: 'multiprotocol', afi: 1, safi: 1 },
      { type: 'multiprotocol', afi: 2, safi: 1 },
      { type: 'routeRefresh' },
      { type: 'enhancedRouteRefresh' },
      { type: 'extendedMessage' },
      { type: 'extendedNextHop', entries: [{ afi: 1, safi: 1, nextHopAfi: 2 }] },
      { type: 'fourOctetAs', asn: 70000 },
      { type: 'addPath', families: [{ ...family, mode: 3 }] },
      {
        type: 'gracefulRestart',
        restarted: false,
        notification: true,
        restartTime: 120,
        families: [{ ...family, forwarding: true }],
      },
      { type: 'longLivedGracefulRestart', families: [{ ...family, forwarding: true, staleTime: 3600 }] },
      { type: 'unknown', code: 73, value: Uint8Array.of(4, 0x6e, 0x6f, 0x64, 0x65) },
    ],
  });
  const longOpen = encodeOpen({
    type: 'open',
    version: 4,
    myAs: 64512,
    holdTime: 0,
    bgpIdentifier: 1,
    capabilities: [{ type: 'unknown', code: 74, value: new Uint8Array(250) }],
  });
  const whole = [
    KEEPALIVE,
    open,
    longOpen,
    encodeNotification({ code: 6, subcode: 2, data: shutdownData('maintenance') }),
    encodeNotification({ code: 6, subcode: 1, data: Uint8Array.of(0, 1, 1, 0, 0, 0, 9) }),
    encodeRouteRefresh({ type: 'routeRefresh', ...family, subtype: 1 }),
    encodeEndOfRib('ipv4'),
    encodeEndOfRib('ipv6'),
  ].map((message) => ({
    type: message[HEADER - 1]!,
    parts: [Array.from(message.subarray(HEADER))],
    context: CONTEXTS[0]!,
  }));
  return [...whole, ...CONTEXTS.flatMap(updatesFor)];
}

function updatesFor(context: UpdateContext): Seed[] {
  const attributes = {
    origin: 2,
    asPath: [
      ...(context.peerType === 'ebgp' ? [] : [{ type: 'confedSequence', asns: [65001] } as const]),
      { type: 'sequence', asns: [64512, 70000] },
      { type: 'set', asns: [1, 2] },
    ],
    nextHop: '10.0.0.1',
    med: 1,
    localPref: 100,
    atomicAggregate: true,
    aggregator: { asn: 70000, address: 0x0a000001 },
    communities: [0xffffff01, 0xfc000001],
    extendedCommunities: ['0002fde800000001'],
    largeCommunities: [[1, 2, 3]],
    originatorId: 1,
    clusterList: [1, 2],
    unknown: [{ code: 99, flags: 0xe0, value: Uint8Array.of(1, 2, 3) }],
  } as const;
  const full = encodeAttributes(attributes, context, false);
  const withoutNextHop = encodeAttributes(attributes, context, true);
  const id = (family: Family, value: number) => (context.addPathReceive.includes(family) ? [0, 0, 0, value] : []);
  const prefixes6 = [...id('ipv6', 1), 0, ...id('ipv6', 2), 64, 0xfd, 0, 0, 0, 0, 0, 0, 1];
  const prefixes4 = [...id('ipv4', 1), 0, ...id('ipv4', 2), 8, 10, ...id('ipv4', 3), 26, 10, 65, 0, 64];
  const reach = [0x80, 14, 21 + prefixes6.length, 0, 2, 1, 16, ...NEXT_HOP6, 0, ...prefixes6];
  const unreach = [0x90, 15, 0, 3 + prefixes6.length, 0, 2, 1, ...prefixes6];
  const small = encodeAttributes({ origin: 0, asPath: [], nextHop: '10.0.0.1' }, context, false);
  return [
    update(context, [], small, prefixes4),
    update(context, prefixes4, full, prefixes4),
    update(context, prefixes4, [], []),
    update(context, [], [...reach, ...withoutNextHop], []),
    update(context, [], [...unreach, ...small, ...reach], prefixes4),
    update(context, [], unreach, []),
  ];
}

function update(
  context: UpdateContext,
  withdrawn: readonly number[],
  attributes: ArrayLike<number>,
  nlri: readonly number[],
): Seed {
  return { type: MESSAGE_TYPE.UPDATE, parts: [withdrawn, Array.from(attributes), nlri], context };
}

function u16(value: number): [number, number] {
  return [value >> 8, value & 255];
}

// -------------------------------------------------------------------------------------------------------- mutations

export type Random = () => number;
type Mutation = (bytes: number[], seeds: readonly Seed[], random: Random) => void;

const INTERESTING = [0, 1, 2, 3, 4, 5, 7, 8, 14, 15, 16, 17, 32, 33, 0x40, 0x50, 0x7f, 0x80, 0x90, 0xc0, 0xe0, 0xff];

const MUTATIONS: readonly Mutation[] = [
  function flipBit(bytes, _, random) {
    const at = place(bytes, random);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8, random));
  },
  function setOctet(bytes, _, random) {
    bytes[place(bytes, random)] = pick(INTERESTING, random);
  },
  function setRandomOctet(bytes, _, random) {
    bytes[place(bytes, random)] = below(256, random);
  },
  function addOne(bytes, _, random) {
    const at = place(bytes, random);
    bytes[at] = ((bytes[at] ?? 0) + (random() < 0.5 ? 1 : 255)) & 255;
  },
  function removeOctets(bytes, _, random) {
    bytes.splice(place(bytes, random), 1 + below(4, random));
  },
  function insertOctets(bytes, _, random) {
    bytes.splice(
      place(bytes, random),
      0,
      ...Array.from({ length: 1 + below(4, random) }, () => pick(INTERESTING, random)),
    );
  },
  function repeatPart(bytes, _, random) {
    const from = place(bytes, random);
    bytes.splice(place(bytes, random), 0, ...bytes.slice(from, from + 1 + below(40, random)));
  },
  function cutEnd(bytes, _, random) {
    bytes.length = place(bytes, random);
  },
  function takeFromOther(bytes, seeds, random) {
    const other = pick(pick(seeds, random).parts, random);
    const from = place(other, random);
    bytes.splice(place(bytes, random), below(12, random), ...other.slice(from, from + below(60, random)));
  },
];

/** One to four mutations of one part; then mostly all lengths are made to fit again, so that the decoders get to see it. */
export function mutate(seed: Seed, seeds: readonly Seed[], random: Random): Uint8Array {
  const apart = random() < 0.8;
  const parts = apart ? seed.parts.map((part) => [...part]) : [join(seed.parts)];
  const spoilt = pick(parts, random);
  for (let rounds = 1 + below(4, random); rounds > 0; rounds--) pick(MUTATIONS, random)(spoilt, seeds, random);
  const body = (apart ? join(parts) : parts[0]!).slice(0, MAX_LENGTH - HEADER);
  const message = [...Array(16).fill(255), ...u16(HEADER + body.length), seed.type, ...body];
  if (random() < 0.05) message[below(HEADER, random)] = below(256, random);
  return Uint8Array.from(message);
}

/** The body of a message: the one part, or withdrawn prefixes, attributes and prefixes with their lengths. */
function join(parts: readonly (readonly number[])[]): number[] {
  const [withdrawn = [], attributes, nlri = []] = parts;
  if (attributes === undefined) return [...withdrawn];
  return [...u16(withdrawn.length), ...withdrawn, ...u16(attributes.length), ...attributes, ...nlri];
}

function place(bytes: readonly number[], random: Random): number {
  return below(bytes.length, random);
}

export function below(limit: number, random: Random): number {
  return Math.floor(random() * limit);
}

export function pick<T>(list: readonly T[], random: Random): T {
  return list[below(list.length, random)]!;
}

/** A small generator of numbers in [0, 1) that a seed repeats. */
export function mulberry32(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
