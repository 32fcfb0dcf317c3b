// For tests of the RIB: peers that announce in real message bytes and keep the table that they are told, also in bytes.

import {
  type AttributeContext,
  type Attributes,
  addressBytes,
  decodeAttributeSet,
  decodeUpdate,
  encodeAttributes,
  type Family,
  Framer,
  type Prefix,
  prefixFromBytes,
  prefixWords,
  UpdatePacker,
} from 'node-bgp';
import { type Policy, policy } from '../policy/index.ts';
import { AttributeTable } from './attribute-table.ts';
import type { GroupOptions } from './export-group.ts';
import { ImportPolicy, type LoopRules } from './import-policy.ts';
import { ASSUMED_REACHABLE, type Resolver } from './next-hops.ts';
import { Rib } from './rib.ts';
import type { Source } from './source.ts';

export const ACCEPT_ALL: Policy = policy('accept all', 'accept', []);
const FOUR_OCTET: AttributeContext = { fourOctetAs: true, peerType: 'ibgp' };
const OWN_IDENTIFIER = 0x0a000001;

export interface PeerOptions {
  readonly type?: 'ebgp' | 'ibgp';
  readonly client?: boolean;
  readonly addPath?: boolean;
  readonly llgrAware?: boolean;
  readonly importPolicy?: Policy;
  readonly exportPolicy?: Policy;
}

export function makeRib(
  family: Family = 'ipv4',
  resolver: Resolver = () => ASSUMED_REACHABLE,
  attributes = new AttributeTable(),
): Rib {
  return new Rib(family, attributes, resolver);
}

export class TestPeer {
  readonly rib: Rib;
  readonly source: Source;
  readonly options: PeerOptions;
  /** `prefix` or `prefix#pathId` -> attributes, as told. */
  readonly table = new Map<string, Attributes>();
  readonly #framer = new Framer(4096);
  readonly #importPolicy: ImportPolicy;
  endOfRibs = 0;
  octets = 0;
  readonly address: string;

  constructor(rib: Rib, number: number, options: PeerOptions = {}) {
    this.rib = rib;
    this.options = options;
    this.address = `10.0.0.${number}`;
    const type = options.type ?? 'ibgp';
    const peer = {
      name: `peer${number}`,
      type,
      localAs: 64512,
      remoteAs: type === 'ibgp' ? 64512 : 65000 + number,
      address: this.address,
    };
    const loops = loopRules(options.client);
    this.source = rib.addSource({
      kind: 'bgp',
      protocol: peer.name,
      preference: 100,
      peer,
      identifier: 0x0a000000 + number,
      routeReflectorClient: options.client ?? false,
    });
    this.#importPolicy = new ImportPolicy(rib.tables, options.importPolicy ?? ACCEPT_ALL, peer, loops);
    rib.groups.join(this.source.id, this.groupOptions());
  }

  groupOptions(exportPolicy = this.options.exportPolicy ?? ACCEPT_ALL): GroupOptions {
    const { peer } = this.source.info;
    return {
      target: {
        type: peer!.type,
        localAs: 64512,
        identifier: OWN_IDENTIFIER,
        clusterId: OWN_IDENTIFIER,
        nextHopMode: 'auto',
        localAddress: this.rib.family === 'ipv4' ? '10.0.0.254' : 'fd00::fe',
        routeReflectorClient: this.options.client ?? false,
        llgrAware: this.options.llgrAware ?? false,
      },
      policy: exportPolicy,
      policyPeer: peer!,
      addPath: this.options.addPath ?? false,
      context: { ...FOUR_OCTET, peerType: peer!.type },
      maxMessageLength: 4096,
      extendedNextHop: false,
    };
  }

  announce(prefixes: readonly Prefix[], attributes: Partial<Attributes> = {}, pathId = -1): void {
    const { family } = this.rib;
    const full: Attributes = { origin: 0, asPath: this.#defaultPath(), nextHop: this.#nextHop(), ...attributes };
    const mp = family === 'ipv6';
    const context = { ...FOUR_OCTET, peerType: this.source.info.peer!.type };
    const packer = new UpdatePacker(4096);
    packer.reach(family, encodeAttributes(full, context, mp), mp ? addressBytes(full.nextHop!) : undefined);
    for (const prefix of prefixes) packPrefix(packer, prefix, pathId);
    this.#receive(packer.take());
  }

  withdraw(prefixes: readonly Prefix[], pathId = -1): void {
    const packer = new UpdatePacker(4096);
    packer.withdraw(this.rib.family);
    for (const prefix of prefixes) packPrefix(packer, prefix, pathId);
    this.#receive(packer.take());
  }

  /** Takes up to `credit` octets of what it is to be told. */
  pull(credit = Number.POSITIVE_INFINITY): void {
    this.rib.groups.memberOf(this.source.id)?.pull(credit, (bytes) => {
      this.octets += bytes.length;
      this.#framer.push(bytes.slice());
    });
    this.#readTable();
  }

  refilter(importPolicy: Policy): void {
    this.rib.adjRibIn.refilter(this.source, this.#importPolicyOf(importPolicy));
  }

  /** It is away, and for long. */
  stayAway(importPolicy: Policy = ACCEPT_ALL): void {
    this.rib.adjRibIn.markStale(this.source);
    this.rib.adjRibIn.markLongStale(this.source, this.#importPolicyOf(importPolicy));
  }

  #importPolicyOf(importPolicy: Policy): ImportPolicy {
    const loops = loopRules(this.options.client);
    return new ImportPolicy(this.rib.tables, importPolicy, this.source.info.peer!, loops);
  }

  prefixes(): string[] {
    return [...this.table.keys()].sort();
  }

  #defaultPath(): Attributes['asPath'] {
    const { type, remoteAs } = this.source.info.peer!;
    return type === 'ebgp' ? [{ type: 'sequence', asns: [remoteAs] }] : [];
  }

  #nextHop(): string {
    return this.rib.family === 'ipv4' ? this.address : `fd00::${this.address.split('.')[3]}`;
  }

  #receive(bytes: Uint8Array): void {
    const framer = new Framer(4096);
    framer.push(bytes);
    const context = this.#context(this.options.addPath ?? false, this.source.info.peer!.type);
    for (let frame = framer.next(); frame !== undefined; frame = framer.next()) {
      if ('fault' in frame) throw new Error(frame.fault.text);
      const decoded = decodeUpdate(frame.body, context, this.rib.tables.attributes.source);
      if (!decoded.ok) throw new Error(decoded.fault.text);
      const { withdrawn, reached, set, fault } = decoded.value;
      if (fault !== undefined) throw new Error(fault.text);
      this.rib.adjRibIn.withdraw(this.source, withdrawn);
      if (set !== undefined) this.rib.adjRibIn.announce(this.source, reached, set, this.#importPolicy);
    }
  }

  #readTable(): void {
    const context = this.#context(this.options.addPath ?? false, this.source.info.peer!.type);
    for (let frame = this.#framer.next(); frame !== undefined; frame = this.#framer.next()) {
      if ('fault' in frame) throw new Error(frame.fault.text);
      const decoded = decodeUpdate(frame.body, context, decodeAttributeSet);
      if (!decoded.ok) throw new Error(decoded.fault.text);
      const { withdrawn, reached, set, endOfRib, fault } = decoded.value;
      if (fault !== undefined) throw new Error(fault.text);
      if (endOfRib !== undefined) this.endOfRibs++;
      for (const block of withdrawn) for (const key of keysOf(block)) this.table.delete(key);
      for (const block of reached) for (const key of keysOf(block)) this.table.set(key, set!.attributes);
    }
  }

  #context(addPath: boolean, peerType: 'ebgp' | 'ibgp') {
    const { family } = this.rib;
    return {
      fourOctetAs: true,
      peerType,
      families: [family],
      addPathReceive: addPath ? [family] : [],
      extendedNextHop: false,
    };
  }
}

function loopRules(isClient = false): LoopRules {
  const clusterId = isClient ? OWN_IDENTIFIER : undefined;
  return { localAs: 64512, allowedLocalAs: 0, bgpIdentifier: OWN_IDENTIFIER, clusterId };
}

/** Everything is decided and told. */
export function settle(rib: Rib, peers: readonly TestPeer[], portion = 1000): void {
  do {
    const flushed = rib.flush(portion);
    for (const peer of peers) peer.pull();
    rib.recycle(flushed);
  } while (!rib.isClean);
}

function packPrefix(packer: UpdatePacker, prefix: Prefix, pathId: number): void {
  const { word0, word1, word2, word3, length } = prefixWords(prefix);
  packer.prefix(word0, word1, word2, word3, length, pathId);
}

function keysOf(block: { family: Family; bytes: Uint8Array; start: number; end: number; addPath: boolean }): string[] {
  const keys: string[] = [];
  for (let at = block.start; at < block.end; ) {
    let suffix = '';
    if (block.addPath) {
      suffix = `#${new DataView(block.bytes.buffer, block.bytes.byteOffset + at).getUint32(0)}`;
      at += 4;
    }
    const length = block.bytes[at]!;
    const octets = (length + 7) >> 3;
    keys.push(prefixFromBytes(block.family, block.bytes.subarray(at + 1, at + 1 + octets), length) + suffix);
    at += 1 + octets;
  }
  return keys;
}
