// From a path to the attribute set that a group sends, or to "not sent": eligibility, the transformation for the target,
// the export filter, the finish, the encoding. What does not depend on the prefix is done once for each attribute set.

import {
  type Address,
  type AttributeContext,
  type Attributes,
  addressBytes,
  type Family,
  passOn,
  writeAttributes,
} from 'node-bgp';
import { dependsOn, evaluate, type Policy, type PolicyPeer, type PolicyRoute } from '../policy/index.ts';
import { NO_SET, type SetId } from './interner.ts';
import type { Row } from './path-table.ts';
import type { PrefixId } from './prefix-table.ts';
import { NO_PREPARED, NOT_YET, type Prepared, type PreparedOwner, REFUSED } from './prepared-sets.ts';
import type { SentSets } from './sent-sets.ts';
import type { SourceId } from './source.ts';
import type { RibTables } from './tables.ts';
import {
  additionsForExport,
  type ExportTarget,
  exportedNextHop,
  finishForCodec,
  mayExport,
  prepareForExport,
} from './transform.ts';

/** Inputs of a filter that differ between prefixes with the same attributes from the same source. */
const PER_PREFIX = ['prefix', 'interface', 'gateway', 'metric', 'preference', 'dest', 'other'] as const;

/** Header, lengths, the frame of MP_REACH_NLRI with two IPv6 next hops, one prefix with path id. */
const MESSAGE_OVERHEAD = 19 + 4 + 9 + 32 + 21;

export interface ExportPolicyOptions {
  readonly target: ExportTarget;
  readonly policy: Policy;
  /** The session as the filter sees it: any member's, where the filter does not ask. */
  readonly policyPeer: PolicyPeer;
  readonly context: AttributeContext;
  readonly maxMessageLength: number;
  /** IPv4 prefixes go into MP_REACH_NLRI with an IPv6 next hop where need be (RFC 8950). */
  readonly extendedNextHop: boolean;
}

export class ExportPolicy implements PreparedOwner {
  /** Another one has taken its place. */
  isRetired = false;
  readonly sent: SentSets;
  readonly #tables: RibTables;
  readonly #options: ExportPolicyOptions;
  readonly #route: PolicyRoute;
  /** The filter looks at nothing but attributes and source, so its answer is remembered with the set. */
  readonly #memoised: boolean;
  /** The filter's answer depends on attributes, so they have to be as the target would get them. */
  readonly #asksAttributes: boolean;
  /** As an owner of answers in `AttributeTable.preparations`. */
  readonly #number: number;

  // Prefixes of one UPDATE come one after the other: the answer to the same question as the last time.
  #lastSet: SetId = NO_SET;
  #lastSource: SourceId = -1;
  #lastPrepared: Prepared = NO_PREPARED;
  /** Attributes of the last answer as the filter sees them, once they were asked for. */
  #lastAttributes: Attributes | undefined;

  constructor(tables: RibTables, sent: SentSets, options: ExportPolicyOptions) {
    this.sent = sent;
    this.#tables = tables;
    this.#options = options;
    this.#route = emptyRoute(tables.family, options.policyPeer);
    const inputs = dependsOn(options.policy);
    this.#memoised = !PER_PREFIX.some((input) => inputs.has(input));
    this.#asksAttributes = inputs.has('attributes');
    this.#number = tables.attributes.preparations.enrol(this);
  }

  /** Between portions sets may have been swept and their ids given away. */
  forget(): void {
    this.#lastSet = NO_SET;
  }

  /** What is sent for this path: a set, or NO_SET. */
  evaluate(prefix: PrefixId, row: Row): SetId {
    const { paths, attributes } = this.#tables;
    const { preparations } = attributes;
    const set = paths.set[row]!;
    const source = paths.source[row]!;
    const prepared = this.#prepared(set, source, prefix, row);
    const out = preparations.out[prepared]!;
    if (out === REFUSED) return NO_SET;
    if (this.#memoised) return out;
    this.#lastAttributes ??= this.#forTarget(set, source);
    const result = this.#ask(prefix, row, this.#lastAttributes);
    if (!result.accepted) return NO_SET;
    if (result.attributes !== this.#lastAttributes) return this.#encode(result.attributes);
    if (out === NOT_YET) preparations.keep(prepared, this.#encodeUnchanged(set, source));
    return preparations.out[prepared]!;
  }

  #prepared(set: SetId, source: SourceId, prefix: PrefixId, row: Row): Prepared {
    if (set === this.#lastSet && source === this.#lastSource) return this.#lastPrepared;
    this.#lastSet = set;
    this.#lastSource = source;
    this.#lastAttributes = undefined;
    const { prepared, preparations } = this.#tables.attributes;
    const known = preparations.find(prepared[set]!, this.#number, source);
    this.#lastPrepared = known === NO_PREPARED ? this.#prepare(set, source, prefix, row) : known;
    return this.#lastPrepared;
  }

  #prepare(set: SetId, source: SourceId, prefix: PrefixId, row: Row): Prepared {
    const { attributes } = this.#tables;
    const out = this.#make(set, source, prefix, row);
    const made = attributes.preparations.add(attributes.prepared[set]!, this.#number, source, out);
    attributes.prepared[set] = made;
    return made;
  }

  #make(set: SetId, source: SourceId, prefix: PrefixId, row: Row): SetId {
    const { info } = this.#tables.sources[source]!;
    const received = this.#tables.attributes.attributesOf(set);
    if (!mayExport(info, received, this.#options.target)) return REFUSED;
    if (!this.#memoised) return NOT_YET;
    const attributes = this.#asksAttributes ? this.#forTarget(set, source) : received;
    const result = this.#ask(prefix, row, attributes);
    if (!result.accepted) return REFUSED;
    if (result.attributes === attributes) return this.#encodeUnchanged(set, source);
    if (this.#asksAttributes) return this.#encode(result.attributes);
    return this.#encode(this.#ask(prefix, row, this.#forTarget(set, source)).attributes);
  }

  /** Where the filter leaves the attributes alone most of their octets go on as they came. */
  #encodeUnchanged(set: SetId, source: SourceId): SetId {
    const { attributes, sources } = this.#tables;
    const { target, context } = this.#options;
    const own = attributes.nextHopOf(set);
    const additions = additionsForExport(sources[source]!.info, own, target);
    const block = additions && context.fourOctetAs ? attributes.receivedBlock(set, additions.mp) : undefined;
    const encoded = block && passOn(block, additions!);
    if (encoded !== undefined) return this.#intern(encoded, exportedNextHop(own, target));
    return this.#encode(this.#forTarget(set, source));
  }

  #forTarget(set: SetId, source: SourceId): Attributes {
    const { info } = this.#tables.sources[source]!;
    return prepareForExport(info, this.#tables.attributes.attributesOf(set), this.#options.target);
  }

  #ask(prefix: PrefixId, row: Row, attributes: Attributes) {
    this.#tables.describe(this.#route, prefix, row);
    this.#route.attributes = attributes;
    const result = evaluate(this.#options.policy, this.#route);
    this.#tables.filterRemarks.note(this.#options.policy, this.#route, result);
    return result;
  }

  #encode(attributes: Attributes): SetId {
    const { context, target } = this.#options;
    const nextHop = attributes.nextHop!;
    const encoded = writeAttributes(finishForCodec(attributes, target), context, nextHop.includes(':'));
    return this.#intern(encoded, nextHop);
  }

  /**
   * NO_SET where the attributes leave no room for a prefix in a message (RFC 8654 4), or where the peer does not take IPv6
   * next hops of IPv4 routes.
   */
  #intern(encoded: Uint8Array, nextHop: Address): SetId {
    const { maxMessageLength, extendedNextHop, target } = this.#options;
    const mp = nextHop.includes(':');
    if (mp && this.#tables.family === 'ipv4' && !extendedNextHop) return NO_SET;
    if (encoded.length + MESSAGE_OVERHEAD > maxMessageLength) return NO_SET;
    return this.sent.intern(encoded, mp ? nextHopField(nextHop, target) : undefined);
  }
}

/** RFC 2545 3: beside our own address stands the one that we have on the link. */
function nextHopField(nextHop: Address, { localAddress, linkLocalAddress }: ExportTarget): Uint8Array {
  if (linkLocalAddress === undefined || nextHop !== localAddress) return addressBytes(nextHop);
  return Uint8Array.of(...addressBytes(nextHop), ...addressBytes(linkLocalAddress));
}

export function emptyRoute(family: Family, peer: PolicyPeer | undefined): PolicyRoute {
  return {
    family,
    word0: 0,
    word1: 0,
    word2: 0,
    word3: 0,
    length: 0,
    attributes: { origin: 0, asPath: [] },
    source: 'bgp',
    protocol: '',
    from: undefined,
    peer,
    interface: '',
    gateway: undefined,
    metric: undefined,
    preference: 0,
  };
}
