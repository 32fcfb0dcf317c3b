// From a path to the attribute set that a group sends, or to "not sent": eligibility, the transformation for the target,
// the export filter, the finish, the encoding. What does not depend on the prefix is done once for each attribute set.

import { type AttributeContext, type Attributes, addressBytes, type Family, writeAttributes } from 'node-bgp';
import { dependsOn, evaluate, type Policy, type PolicyPeer, type PolicyRoute } from '../policy/index.ts';
import type { InternedSet } from './attribute-table.ts';
import { NO_SET, type SetId } from './interner.ts';
import type { Row } from './path-table.ts';
import type { PrefixId } from './prefix-table.ts';
import { NOT_YET, type PreparedOwner, PreparedSet, REFUSED, withoutRetired } from './prepared-sets.ts';
import type { SentSets } from './sent-sets.ts';
import type { SourceId } from './source.ts';
import type { RibTables } from './tables.ts';
import { type ExportTarget, mayExport, prepareForExport, sortCommunities } from './transform.ts';

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
  readonly #tables: RibTables;
  readonly #sent: SentSets;
  readonly #options: ExportPolicyOptions;
  readonly #route: PolicyRoute;
  /** The filter looks at nothing but attributes and source, so its answer is remembered with the set. */
  readonly #memoised: boolean;

  // Prefixes of one UPDATE come one after the other: the answer to the same question as the last time.
  #lastSet: InternedSet | undefined;
  #lastSource: SourceId = -1;
  #lastPrepared: PreparedSet | undefined;

  constructor(tables: RibTables, sent: SentSets, options: ExportPolicyOptions) {
    this.#tables = tables;
    this.#sent = sent;
    this.#options = options;
    this.#route = emptyRoute(tables.family, options.policyPeer);
    const inputs = dependsOn(options.policy);
    this.#memoised = !PER_PREFIX.some((input) => inputs.has(input));
  }

  /** What is sent for this path: a set, or NO_SET. */
  evaluate(prefix: PrefixId, row: Row): SetId {
    const { paths, attributes } = this.#tables;
    const set = attributes.get(paths.set[row]!);
    const prepared = this.#prepared(set, paths.source[row]!, prefix, row);
    if (prepared.out === REFUSED) return NO_SET;
    if (this.#memoised) return prepared.out;
    const result = this.#ask(prefix, row, prepared.attributes!);
    if (!result.accepted) return NO_SET;
    if (result.attributes !== prepared.attributes) return this.#encode(result.attributes);
    if (prepared.out === NOT_YET) prepared.keep(this.#encode(result.attributes));
    return prepared.out;
  }

  #prepared(set: InternedSet, source: SourceId, prefix: PrefixId, row: Row): PreparedSet {
    if (set === this.#lastSet && source === this.#lastSource) return this.#lastPrepared!;
    const prepared = this.#find(set, source) ?? this.#prepare(set, source, prefix, row);
    this.#lastSet = set;
    this.#lastSource = source;
    this.#lastPrepared = prepared;
    return prepared;
  }

  #find(set: InternedSet, source: SourceId): PreparedSet | undefined {
    let known = set.prepared;
    while (known !== undefined && (known.owner !== this || known.source !== source)) known = known.next;
    return known;
  }

  #prepare(set: InternedSet, source: SourceId, prefix: PrefixId, row: Row): PreparedSet {
    const made = this.#make(set.attributes, source, prefix, row);
    made.next = withoutRetired(set.prepared);
    set.prepared = made;
    return made;
  }

  #make(received: Attributes, source: SourceId, prefix: PrefixId, row: Row): PreparedSet {
    const { target } = this.#options;
    const { info } = this.#tables.sources[source]!;
    if (!mayExport(info, received, target)) return new PreparedSet(this, source, undefined, REFUSED, this.#sent);
    const attributes = prepareForExport(info, received, target);
    if (!this.#memoised) return new PreparedSet(this, source, attributes, NOT_YET, this.#sent);
    const result = this.#ask(prefix, row, attributes);
    const out = result.accepted ? this.#encode(result.attributes) : REFUSED;
    return new PreparedSet(this, source, undefined, out, this.#sent);
  }

  #ask(prefix: PrefixId, row: Row, attributes: Attributes) {
    this.#tables.describe(this.#route, prefix, row);
    this.#route.attributes = attributes;
    return evaluate(this.#options.policy, this.#route);
  }

  /** As `finishExport`, whose LOCAL_PREF the codec leaves out for eBGP. NO_SET where the attributes leave no room for a prefix in a message (RFC 8654 4). */
  #encode(attributes: Attributes): SetId {
    const { context, maxMessageLength } = this.#options;
    const { nextHop } = attributes;
    const mp = this.#tables.family === 'ipv6' || (this.#options.extendedNextHop && nextHop!.includes(':'));
    const encoded = writeAttributes(sortCommunities(attributes), context, mp);
    if (encoded.length + MESSAGE_OVERHEAD > maxMessageLength) return NO_SET;
    return this.#sent.intern(encoded, mp ? addressBytes(nextHop!) : undefined);
  }
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
