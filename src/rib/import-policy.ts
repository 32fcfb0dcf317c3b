// What a session lets in: no loops and leaks, and what the import filter accepts. Applied to each path; the attributes of an
// UPDATE are shared by all of its prefixes.

import { type Asn, type Attributes, COMMUNITY, type Role, type RouterId } from 'node-bgp';
import { dependsOn, evaluate, type Policy, type PolicyPeer, type PolicyRoute } from '../policy/index.ts';
import { GRACEFUL_SHUTDOWN, NO_SET, type SetId } from './attribute-table.ts';
import { emptyRoute } from './export-policy.ts';
import type { Row } from './path-table.ts';
import type { PrefixId } from './prefix-table.ts';
import { isLeak, markReceived } from './roles.ts';
import type { RibTables } from './tables.ts';

/** By what a router knows routes that went through it before (RFC 4271 9.1.2, RFC 4456 8), or must not come this way. */
export interface LoopRules {
  readonly localAs: Asn;
  /** How often our AS may stand in a received AS_PATH. */
  readonly allowedLocalAs: number;
  readonly bgpIdentifier: RouterId;
  /** Of routes from clients of this reflector; from others a route may have been in the cluster. */
  readonly clusterId: RouterId | undefined;
  /** Towards an external peer: our role, and its AS (RFC 9234). */
  readonly role?: { readonly own: Role; readonly remoteAs: Asn } | undefined;
}

export class ImportPolicy {
  readonly policy: Policy;
  readonly #tables: RibTables;
  readonly #route: PolicyRoute;
  /** The answer is the same for every prefix of an UPDATE. */
  readonly #attributesOnly: boolean;
  readonly #loops: LoopRules;
  readonly #isExternal: boolean;
  /** The answer where the policy has no statement. */
  readonly #always: 'accept' | 'reject' | undefined;
  readonly #checker: number;
  #lastReceived: SetId = NO_SET;

  /** Of the last `evaluate`. */
  set: SetId = NO_SET;
  preference = 0;

  constructor(tables: RibTables, policy: Policy, peer: PolicyPeer, loops: LoopRules) {
    this.policy = policy;
    this.#tables = tables;
    this.#loops = loops;
    this.#isExternal = peer.type === 'ebgp';
    this.#checker = tables.attributes.enrolChecker();
    this.#route = emptyRoute(tables.family, peer);
    const inputs = dependsOn(policy);
    this.#always = policy.body.length === 0 ? policy.default : undefined;
    this.#attributesOnly = (['prefix', 'interface', 'gateway', 'metric', 'preference', 'dest', 'other'] as const).every(
      (input) => !inputs.has(input),
    );
  }

  /** Leaves the set after policy (NO_SET: rejected) and the preference in `set` and `preference`. */
  evaluate(prefix: PrefixId, row: Row, received: SetId): void {
    if (this.#tables.prefixes.isMartian(prefix)) {
      this.#lastReceived = NO_SET;
      this.set = NO_SET;
      return;
    }
    const again = received === this.#lastReceived;
    if (again && this.#attributesOnly) return;
    this.#lastReceived = received;
    const { paths, sources, attributes } = this.#tables;
    this.preference = sources[paths.source[row]!]!.info.preference;
    if (this.#always === 'reject' || this.#isLoop(received)) this.set = NO_SET;
    else if (this.#always === 'accept' && !this.#isChanged(received)) this.set = received;
    else {
      paths.preference[row] = this.preference;
      this.#tables.describe(this.#route, prefix, row);
      const before = attributes.attributesOf(received);
      this.#route.attributes = arriving(before, this.#loops);
      const result = evaluate(this.policy, this.#route);
      this.#tables.filterRemarks.note(this.policy, this.#route, result);
      const after = this.#isExternal ? leastPreferred(result.attributes) : result.attributes;
      this.preference = result.preference;
      if (!result.accepted) this.set = NO_SET;
      else if (after === before) this.set = received;
      else this.set = attributes.intern(after);
    }
  }

  /** Not only by the filter. */
  #isChanged(received: SetId): boolean {
    if (this.#loops.role !== undefined) return true;
    return this.#isExternal && (this.#tables.attributes.flags[received]! & GRACEFUL_SHUTDOWN) !== 0;
  }

  #isLoop(received: SetId): boolean {
    const { attributes } = this.#tables;
    const known = attributes.isLoop(received, this.#checker);
    if (known !== undefined) return known;
    const isLoop = findLoop(attributes.attributesOf(received), this.#loops) !== undefined;
    attributes.rememberLoop(received, this.#checker, isLoop);
    return isLoop;
  }

  /** The next UPDATE begins: attribute sets may have been swept and their ids given away. */
  forget(): void {
    this.#lastReceived = NO_SET;
  }
}

export type Loop = 'originatorId' | 'clusterList' | 'asPath' | 'leak';

/** The attribute that says that the route was here before, or was never to come this way. */
export function findLoop(attributes: Attributes, rules: LoopRules): Loop | undefined {
  if (attributes.originatorId === rules.bgpIdentifier) return 'originatorId';
  const { clusterId } = rules;
  if (clusterId !== undefined && attributes.clusterList?.includes(clusterId)) return 'clusterList';
  let seen = 0;
  for (const { asns } of attributes.asPath) for (const asn of asns) if (asn === rules.localAs) seen++;
  if (seen > rules.allowedLocalAs) return 'asPath';
  const { role } = rules;
  return role !== undefined && isLeak(attributes, role.own, role.remoteAs) ? 'leak' : undefined;
}

/** Attributes as the import filter is to see them. */
export function arriving(attributes: Attributes, { role }: LoopRules): Attributes {
  return role === undefined ? attributes : markReceived(attributes, role.own, role.remoteAs);
}

/** A route that is about to go is for those who have no other (RFC 8326 4.2); a filter may take its mark off before. */
export function leastPreferred(attributes: Attributes): Attributes {
  const isGoing = attributes.communities?.includes(COMMUNITY.GRACEFUL_SHUTDOWN) === true && attributes.localPref !== 0;
  return isGoing ? { ...attributes, localPref: 0 } : attributes;
}
