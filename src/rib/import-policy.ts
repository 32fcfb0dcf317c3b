// What a session lets in: the import filter, applied to each path, with the attributes of an UPDATE shared by all of its
// prefixes.

import { dependsOn, evaluate, type Policy, type PolicyPeer, type PolicyRoute } from '../policy/index.ts';
import { type InternedSet, NO_SET, type SetId } from './attribute-table.ts';
import { emptyRoute } from './export-policy.ts';
import type { Row } from './path-table.ts';
import type { PrefixId } from './prefix-table.ts';
import type { RibTables } from './tables.ts';

export class ImportPolicy {
  readonly policy: Policy;
  readonly #tables: RibTables;
  readonly #route: PolicyRoute;
  /** The answer is the same for every prefix of an UPDATE. */
  readonly #attributesOnly: boolean;
  #lastReceived: InternedSet | undefined;

  /** Of the last `evaluate`. */
  set: SetId = NO_SET;
  preference = 0;

  constructor(tables: RibTables, policy: Policy, peer: PolicyPeer) {
    this.policy = policy;
    this.#tables = tables;
    this.#route = emptyRoute(tables.family, peer);
    const inputs = dependsOn(policy);
    this.#attributesOnly = (['prefix', 'interface', 'gateway', 'metric', 'preference', 'dest', 'other'] as const).every(
      (input) => !inputs.has(input),
    );
  }

  /** Leaves the set after policy (NO_SET: rejected) and the preference in `set` and `preference`. */
  evaluate(prefix: PrefixId, row: Row, received: InternedSet): void {
    if (this.#attributesOnly && received === this.#lastReceived) return;
    const { paths, sources, attributes } = this.#tables;
    paths.preference[row] = sources[paths.source[row]!]!.info.preference;
    this.#tables.describe(this.#route, prefix, row);
    this.#route.attributes = received.attributes;
    const result = evaluate(this.policy, this.#route);
    this.preference = result.preference;
    if (!result.accepted) this.set = NO_SET;
    else if (result.attributes === received.attributes) this.set = received.id;
    else this.set = attributes.intern(result.attributes).id;
    this.#lastReceived = received;
  }

  /** The next UPDATE begins: attribute sets may have been swept and their ids given away. */
  forget(): void {
    this.#lastReceived = undefined;
  }
}
