// Mutated messages through framer and decoders: no exception, every fault of the right class, every survivor usable.
//
//   node test/fuzz.ts [count] [seed]        default: 1,000,000 messages, seed from the clock
//
// A failure prints the seed, the number of the message and its octets.

import {
  decodeAttributeSet,
  decodeNotification,
  decodeOpen,
  decodeRouteRefresh,
  decodeUpdate,
  describeNotification,
  ERROR,
  encodeAttributes,
  encodeEndOfRib,
  encodeNotification,
  encodeOpen,
  encodeRouteRefresh,
  type Family,
  Framer,
  KEEPALIVE,
  MESSAGE_TYPE,
  nlriEntries,
  type ProtocolFault,
  shutdownData,
  type UpdateContext,
  type UpdateMessage,
} from 'node-bgp';

const HEADER = 19;
const MAX_LENGTH = 4096;
const DEFAULT_COUNT = 1_000_000;

/** What the fuzzer saw; `faults` counts by `code/subcode`. */
export interface FuzzReport {
  readonly messages: number;
  readonly decoded: number;
  readonly withdrawn: number;
  readonly faults: ReadonlyMap<string, number>;
}

/** Sends `count` mutated messages through the decoders; throws at the first that breaks a rule. */
export function fuzz(count: number, seed: number): FuzzReport {
  const random = mulberry32(seed);
  const seeds = seedMessages();
  const faults = new Map<string, number>();
  let decoded = 0;
  let withdrawn = 0;
  for (let i = 0; i < count; i++) {
    const chosen = pick(seeds, random);
    const message = mutate(chosen, seeds, random);
    const context = random() < 0.8 ? chosen.context : pick(CONTEXTS, random);
    try {
      const outcome = check(message, context);
      if (typeof outcome === 'string') faults.set(outcome, (faults.get(outcome) ?? 0) + 1);
      else decoded++;
      if (typeof outcome === 'object' && outcome.fault !== undefined) withdrawn++;
    } catch (error) {
      const octets = Buffer.from(message).toString('hex');
      throw new Error(`seed ${seed}, message ${i}, ${JSON.stringify(context)}: ${octets}`, { cause: error });
    }
  }
  return { messages: count, decoded, withdrawn, faults };
}

/** Undefined or the UPDATE where the message was good, `code/subcode` where it was refused. */
function check(message: Uint8Array, context: UpdateContext): string | UpdateMessage | undefined {
  const framer = new Framer(MAX_LENGTH);
  framer.push(message);
  const frame = framer.next();
  if (frame === undefined) return undefined;
  if ('fault' in frame) return checkFault(frame.fault, ERROR.MESSAGE_HEADER);
  const { type, body } = frame;
  if (type === MESSAGE_TYPE.UPDATE) {
    const update = decodeUpdate(body, context, decodeAttributeSet);
    if (!update.ok) return checkFault(update.fault, ERROR.UPDATE);
    checkUpdate(update.value, context);
    return update.value;
  }
  const decoded = decodeOther(type, body);
  if (!decoded.ok) return checkFault(decoded.fault, decoded.code);
  return undefined;
}

function decodeOther(type: number, body: Uint8Array): { ok: true } | { ok: false; fault: ProtocolFault; code: number } {
  switch (type) {
    case MESSAGE_TYPE.OPEN: {
      const open = decodeOpen(body);
      if (!open.ok) return { ...open, code: ERROR.OPEN };
      encodeOpen(open.value);
      return { ok: true };
    }
    case MESSAGE_TYPE.NOTIFICATION: {
      const notification = decodeNotification(body);
      if (!notification.ok) return { ...notification, code: ERROR.MESSAGE_HEADER };
      const { code, subcode, data } = notification.value;
      expect(describeNotification(code, subcode, data) !== '', 'a NOTIFICATION has words');
      return { ok: true };
    }
    case MESSAGE_TYPE.KEEPALIVE:
      return { ok: true }; // its length is all there is to it, and the framer has seen that
    case MESSAGE_TYPE.ROUTE_REFRESH: {
      const refresh = decodeRouteRefresh(body);
      return refresh.ok ? { ok: true } : { ...refresh, code: ERROR.ROUTE_REFRESH };
    }
    default:
      throw new Error(`the framer let message type ${type} through`);
  }
}

/** A fault is of its class and makes a NOTIFICATION that the other side can read. */
function checkFault(fault: ProtocolFault, code: number): string {
  expect(fault.code === code, `fault ${fault.code}/${fault.subcode} is of class ${code}`);
  expect(code === ERROR.OPEN || fault.subcode > 0, 'a fault has a subcode');
  const framer = new Framer(MAX_LENGTH);
  framer.push(encodeNotification(fault));
  const frame = framer.next();
  expect(frame !== undefined && !('fault' in frame) && decodeNotification(frame.body).ok, 'a fault can be sent');
  return `${fault.code}/${fault.subcode}`;
}

/** What an UPDATE holds can be read, and its attributes can be sent on. */
function checkUpdate(update: UpdateMessage, context: UpdateContext): void {
  for (const block of [...update.withdrawn, ...update.reached]) {
    expect(context.families.includes(block.family), 'a prefix is of a family that was negotiated');
    for (const { prefix } of nlriEntries(block)) expect(!/NaN|undefined/.test(prefix), 'a prefix is whole');
  }
  for (const fault of [...update.notes, ...(update.fault === undefined ? [] : [update.fault])]) {
    checkFault(fault, ERROR.UPDATE);
  }
  expect(update.reached.length > 0 === (update.set !== undefined), 'what is reached has attributes, else nothing');
  if (update.set !== undefined) {
    const mp = update.set.attributes.nextHop?.includes(':') ?? false;
    const raw = encodeAttributes(update.set.attributes, context, mp);
    const again = decodeAttributeSet(raw, mp ? NEXT_HOP6 : undefined, !mp, context);
    expect(again.verdict === 'ok' && again.notes.length === 0, 'attributes that were read can be sent');
  }
  if (update.following !== undefined) checkUpdate(update.following, context);
}

function expect(condition: boolean, text: string): void {
  if (!condition) throw new Error(`not so: ${text}`);
}

const NEXT_HOP6 = Uint8Array.from({ length: 16 }, (_, i) => (i === 0 ? 0xfd : i));

const CONTEXTS: readonly UpdateContext[] = (['ibgp', 'ebgp', 'confed'] as const).flatMap((peerType) =>
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
interface Seed {
  readonly type: number;
  readonly parts: readonly (readonly number[])[];
  /** The session in which it is good. */
  readonly context: UpdateContext;
}

function seedMessages(): readonly Seed[] {
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

type Random = () => number;
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
function mutate(seed: Seed, seeds: readonly Seed[], random: Random): Uint8Array {
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

function below(limit: number, random: Random): number {
  return Math.floor(random() * limit);
}

function pick<T>(list: readonly T[], random: Random): T {
  return list[below(list.length, random)]!;
}

/** A small generator of numbers in [0, 1) that a seed repeats. */
function mulberry32(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

if (import.meta.main) {
  const count = Number(process.argv[2] ?? DEFAULT_COUNT);
  const seed = Number(process.argv[3] ?? Date.now() % 0x1_0000_0000);
  const started = performance.now();
  const report = fuzz(count, seed);
  const seconds = (performance.now() - started) / 1000;
  const { decoded, withdrawn } = report;
  console.log(`${count} messages in ${seconds.toFixed(1)} s, seed ${seed}: no exception`);
  console.log(`${decoded} decoded, ${withdrawn} of them treated as withdraw; NOTIFICATIONs:`);
  for (const [fault, times] of [...report.faults].sort()) console.log(`  ${fault.padEnd(6)} ${times}`);
}
