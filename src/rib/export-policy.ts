// From a path to the attribute set that a group sends, or to "not sent": eligibility, the transformation for the target,
// the export filter, the finish. What does not depend on the prefix is done once for each attribute set and remembered.

import type { Family } from 'node-bgp';
import { dependsOn, evaluate, type Policy, type PolicyPeer, type PolicyRoute } from '../policy/index.ts';
import { type InternedSet, NO_SET, type PreparedSet, type SetId } from './attribute-table.ts';
import type { Row } from './path-table.ts';
import type { PrefixId } from './prefix-table.ts';
import type { RibTables } from './tables.ts';
import { type ExportTarget, finishExport, mayExport, prepareForExport } from './transform.ts';

const PER_PREFIX = ['prefix', 'interface', 'gateway', 'metric', 'preference', 'dest', 'other'] as const;
/** `PreparedSet.out` of a set that the target may not get. */
const REFUSED = -1;

export class ExportPolicy {
  readonly #group: number;
  readonly #tables: RibTables;
  readonly #target: ExportTarget;
  readonly #policy: Policy;
  readonly #route: PolicyRoute;
  /** The filter looks at nothing but attributes and source, so its answer is remembered with the set. */
  readonly #memoised: boolean;

  constructor(group: number, tables: RibTables, target: ExportTarget, policy: Policy, peer: PolicyPeer) {
    this.#group = group;
    this.#tables = tables;
    this.#target = target;
    this.#policy = policy;
    this.#route = emptyRoute(tables.family, peer);
    const inputs = dependsOn(policy);
    this.#memoised = !PER_PREFIX.some((input) => inputs.has(input));
  }

  /** What is sent for this path: a set, or NO_SET. */
  evaluate(prefix: PrefixId, row: Row): SetId {
    const { paths, attributes } = this.#tables;
    const set = attributes.get(paths.set[row]!);
    const prepared = this.#prepared(set, paths.source[row]!, prefix, row);
    if (prepared.out === REFUSED) return NO_SET;
    if (this.#memoised) return prepared.out;
    this.#tables.describe(this.#route, prefix, row);
    this.#route.attributes = prepared.attributes;
    const result = evaluate(this.#policy, this.#route);
    if (!result.accepted) return NO_SET;
    if (result.attributes === prepared.attributes) return this.#outOf(prepared);
    return attributes.intern(finishExport(result.attributes, this.#target)).id;
  }

  get policy(): Policy {
    return this.#policy;
  }

  #prepared(set: InternedSet, source: number, prefix: PrefixId, row: Row): PreparedSet {
    for (let known = set.prepared; known !== undefined; known = known.next) {
      if (known.group === this.#group && known.source === source) return known;
    }
    const info = this.#tables.sources[source]!.info;
    const allowed = mayExport(info, set.attributes, this.#target);
    const prepared: PreparedSet = {
      group: this.#group,
      source,
      attributes: allowed ? prepareForExport(info, set.attributes, this.#target) : set.attributes,
      out: allowed ? NO_SET : REFUSED,
      next: set.prepared,
    };
    set.prepared = prepared;
    if (allowed && this.#memoised) this.#remember(prepared, prefix, row);
    return prepared;
  }

  #remember(prepared: PreparedSet, prefix: PrefixId, row: Row): void {
    this.#tables.describe(this.#route, prefix, row);
    this.#route.attributes = prepared.attributes;
    const result = evaluate(this.#policy, this.#route);
    if (!result.accepted) prepared.out = REFUSED;
    else this.#keep(prepared, result.attributes);
  }

  #outOf(prepared: PreparedSet): SetId {
    if (prepared.out === NO_SET) this.#keep(prepared, prepared.attributes);
    return prepared.out;
  }

  #keep(prepared: PreparedSet, attributes: PreparedSet['attributes']): void {
    const out = this.#tables.attributes.create(finishExport(attributes, this.#target));
    this.#tables.attributes.hold(out.id);
    prepared.out = out.id;
  }
}

function emptyRoute(family: Family, peer: PolicyPeer | undefined): PolicyRoute {
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

export { emptyRoute };
