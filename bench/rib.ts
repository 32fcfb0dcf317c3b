// What the core does with whole tables, without sockets: decode and insert, decide and encode, hand out to many.
// Run: npm run bench -- rib [prefixes]
//
// Two streams: `small` has 10 prefixes a message and 50,000 attribute sets, `full` fills messages of 4,096 octets.

import { type AttributeContext, type Attributes, decodeUpdate, encodeAttributes, Framer, UpdatePacker } from 'node-bgp';
import { policy } from '../src/policy/index.ts';
import { ASSUMED_REACHABLE, AttributeTable, ImportPolicy, Rib, type Source } from '../src/rib/index.ts';

const COUNT = Number(process.argv[2] ?? 1_000_000);
const RUNS = 5;
const CLIENTS = 100;
const CHUNK = 65_536;
const CONTEXT: AttributeContext = { fourOctetAs: true, peerType: 'ebgp' };
const UPDATE_CONTEXT = { ...CONTEXT, families: ['ipv4'] as const, addPathReceive: [], extendedNextHop: false };
const ACCEPT = policy('accept all', 'accept', []);

/** xorshift32: the same streams in every run. */
function randomizer(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

function attributeSets(count: number): Attributes[] {
  const random = randomizer(7);
  return Array.from({ length: count }, () => ({
    origin: 0 as const,
    asPath: [
      { type: 'sequence' as const, asns: [65001, ...Array.from({ length: 1 + random(4) }, () => 1 + random(60_000))] },
    ],
    nextHop: '192.0.2.1',
    med: random(1000),
    communities: Array.from({ length: 1 + random(4) }, () => random(2 ** 31)),
  }));
}

/** Messages back to back, each prefix once: /24 and longer, spread over the address space. */
function stream(count: number, sets: readonly Attributes[], run: number): Uint8Array {
  const random = randomizer(42);
  const packer = new UpdatePacker(4096);
  const encoded = sets.map((attributes) => encodeAttributes(attributes, CONTEXT, false));
  const order = Array.from({ length: count }, (_, n) => n);
  for (let i = count - 1; i > 0; i--) {
    const j = random(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  for (let i = 0; i < count; i++) {
    if (i % run === 0) packer.reach('ipv4', encoded[random(encoded.length)]!, undefined);
    packer.prefix((0x0a000000 + order[i]! * 64) | 0, 0, 0, 0, 26, -1);
  }
  return packer.take();
}

interface Loaded {
  readonly rib: Rib;
  readonly source: Source;
}

function emptyRib(): Loaded & { readonly importPolicy: ImportPolicy } {
  const rib = new Rib('ipv4', new AttributeTable(), () => ASSUMED_REACHABLE);
  const peer = { name: 'feed', type: 'ebgp' as const, localAs: 64512, remoteAs: 65001, address: '192.0.2.1' };
  const source = rib.addSource({ kind: 'bgp', protocol: 'feed', preference: 100, peer, identifier: 1 });
  const loops = { localAs: 64512, allowedLocalAs: 0, bgpIdentifier: 99, clusterId: 99 };
  return { rib, source, importPolicy: new ImportPolicy(rib.tables, ACCEPT, peer, loops) };
}

function insert({ rib, source, importPolicy }: ReturnType<typeof emptyRib>, bytes: Uint8Array): void {
  const framer = new Framer(4096);
  for (let at = 0; at < bytes.length; at += CHUNK) {
    framer.push(bytes.subarray(at, at + CHUNK));
    for (let frame = framer.next(); frame !== undefined; frame = framer.next()) {
      if ('fault' in frame) throw new Error(frame.fault.text);
      const decoded = decodeUpdate(frame.body, UPDATE_CONTEXT, rib.tables.attributes.source);
      if (!decoded.ok || decoded.value.set === undefined) throw new Error('the stream is wrong');
      rib.adjRibIn.announce(source, decoded.value.reached, decoded.value.set, importPolicy);
    }
  }
}

function join(rib: Rib, number: number): number {
  const address = `10.255.${number >> 8}.${number & 255}`;
  const peer = { name: `client${number}`, type: 'ibgp' as const, localAs: 64512, remoteAs: 64512, address };
  const source = rib.addSource({ kind: 'bgp', protocol: peer.name, preference: 100, peer, routeReflectorClient: true });
  rib.groups.join(source.id, {
    target: {
      type: 'ibgp',
      localAs: 64512,
      identifier: 99,
      clusterId: 99,
      nextHopMode: 'auto',
      localAddress: '10.255.255.254',
      routeReflectorClient: true,
      llgrAware: true,
    },
    policy: ACCEPT,
    policyPeer: peer,
    addPath: false,
    context: { fourOctetAs: true, peerType: 'ibgp' },
    maxMessageLength: 4096,
    extendedNextHop: false,
  });
  return source.id;
}

/** Processor time, garbage collection included: other processes of the machine do not count. */
function millisecondsOf(work: () => void): number {
  const began = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

function measure(name: string, bytes: Uint8Array): void {
  const times = { insert: [] as number[], decide: [] as number[], handOut: [] as number[] };
  let octets = 0;
  for (let run = 0; run < RUNS; run++) {
    const loaded = emptyRib();
    const { rib } = loaded;
    const clients = Array.from({ length: CLIENTS }, (_, n) => join(rib, n));
    rib.recycle(rib.flush(1));
    times.insert.push(millisecondsOf(() => insert(loaded, bytes)));
    times.decide.push(
      millisecondsOf(() => {
        while (!rib.isClean) rib.recycle(rib.flush(4096));
      }),
    );
    octets = 0;
    times.handOut.push(
      millisecondsOf(() => {
        for (const client of clients) {
          octets += rib.groups.memberOf(client)!.pull(Number.POSITIVE_INFINITY, () => undefined);
        }
      }),
    );
  }
  const rate = (ms: number) => `${(COUNT / ms / 1000).toFixed(1)} M/s`;
  const [inserted, decided, handed] = [times.insert, times.decide, times.handOut].map(median) as [
    number,
    number,
    number,
  ];
  console.log(`${name}: ${COUNT} prefixes, ${(bytes.length / COUNT).toFixed(1)} octets each`);
  console.log(`  decode, intern, insert   ${inserted.toFixed(0)} ms   ${rate(inserted)}`);
  console.log(`  decide, filter, encode   ${decided.toFixed(0)} ms   ${rate(decided)}`);
  console.log(`  hand out to ${CLIENTS} clients  ${handed.toFixed(1)} ms   ${(octets / handed / 1e6).toFixed(1)} GB/s`);
}

measure('small', stream(COUNT, attributeSets(50_000), 10));
measure('full', stream(COUNT, attributeSets(50), 1_000_000));
console.log(`resident memory at the end: ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB`);
