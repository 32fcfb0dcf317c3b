// What a router with this Intent would tell and program if it had these routes and all its sessions: a RIB with nobody at
// the other end. The difference of two of them is a plan (plan.ts).

import {
  type Address,
  type Attributes,
  type Family,
  familyOf,
  type NlriBlock,
  type Prefix,
  prefixParts,
} from 'node-bgp';
import type { Candidate } from '../fib/fib.ts';
import type { Intent, PeerIntent } from '../intent/index.ts';
import { dependsOn } from '../policy/index.ts';
import {
  AttributeTable,
  explainExport,
  explainImport,
  type GroupOptions,
  ImportPolicy,
  judgeExport,
  type LoopRules,
  NO_ROW,
  type PrefixId,
  type Resolution,
  type Resolver,
  Rib,
  type Source,
  UNRESOLVED,
} from '../rib/index.ts';
import { assumedSession } from './explain-export.ts';
import type { Reason } from './explanation.ts';
import { Forwarding } from './forwarding.ts';
import { groupOptions } from './group-options.ts';
import { addLocalSources, attributesOf, type LocalSources } from './local-routes.ts';
import { loopRules } from './loop-rules.ts';
import { policyPeerOf } from './peer.ts';
import { exportReason, importReason, kernelReason } from './reasons.ts';
import type { ReceivedRoute } from './received.ts';

const PORTION = 65_536;

/** What a peer, and others like it, are told of best paths; `protocol` says whose route it is, who does not get it back. */
export type Told = ReadonlyMap<Prefix, { readonly attributes: Attributes; readonly protocol: string }>;

/** One address family. */
export class Forecast {
  readonly #rib: Rib;
  readonly #forwarding: Forwarding;
  readonly #intent: Intent;
  readonly #sources = new Map<string, Source>();
  readonly #told = new Map<string, Told>();
  readonly #policies = new Map<object, number>();

  /** @param routes of both families; those of the own protocol static1 come from the Intent instead */
  constructor(family: Family, intent: Intent, routes: readonly ReceivedRoute[]) {
    const own = routes.filter(({ prefix }) => familyOf(prefix) === family);
    this.#intent = intent;
    this.#forwarding = new Forwarding(family, 'linux');
    this.#rib = new Rib(family, new AttributeTable(), resolverOf(own));
    const locals = addLocalSources(this.#rib);
    this.#forwarding.configure(intent.kernel[family], this.#rib, locals);
    this.#addPeers(own);
    this.#putLocalRoutes(locals, own);
    this.#announce(own);
    do this.#rib.flush(PORTION);
    while (!this.#rib.isClean);
  }

  /** Undefined where the Intent has no such peer of this family. */
  toldTo(name: string): Told | undefined {
    const peer = this.#sources.has(name) ? this.#intent.peers.get(name) : undefined;
    if (peer === undefined) return undefined;
    const { policy, policyPeer, target } = this.#optionsOf(peer);
    const number = this.#policies.get(policy) ?? this.#policies.size;
    this.#policies.set(policy, number);
    const key = JSON.stringify([number, target, ...(dependsOn(policy).has('peer') ? [name] : [])]);
    let told = this.#told.get(key);
    if (told === undefined) {
      told = this.#judge({ policy, policyPeer, target });
      this.#told.set(key, told);
    }
    return told;
  }

  /** Why the peer is sent the best path of this prefix, or is not. */
  whyTold(peer: string, prefix: Prefix): Reason {
    const intent = this.#intent.peers.get(peer);
    if (intent === undefined) return { text: 'the session goes' };
    const id = this.#find(prefix);
    const row = id < 0 ? NO_ROW : this.#rib.tables.best[id]!;
    if (row === NO_ROW) return this.#whyNoPath(id);
    const { policy, policyPeer, target } = this.#optionsOf(intent);
    return exportReason(explainExport(this.#rib.tables, id, row, policy, policyPeer, target), false);
  }

  /** By prefix, what the kernel is to have: `via 10.0.0.2 metric 1024`, `blackhole`. */
  kernelRoutes(): ReadonlyMap<Prefix, string> {
    const routes = new Map<Prefix, string>();
    const { prefixes } = this.#rib.tables;
    for (let id: PrefixId = 0; id < prefixes.highest; id++) {
      const candidates = this.#forwarding.candidates(this.#rib, id);
      if (candidates !== undefined) routes.set(prefixes.text(id), candidatesText(candidates));
    }
    return routes;
  }

  /** Why the kernel is to have a route for this prefix, or is not. */
  whyProgrammed(prefix: Prefix): Reason {
    const id = this.#find(prefix);
    const result = id < 0 ? undefined : this.#forwarding.explain(this.#rib, id);
    if (result?.type === 'policy') return kernelReason(result.explanation, false);
    return result?.type === 'notOurs' ? { text: 'the best path is in the kernel already' } : this.#whyNoPath(id);
  }

  /** Where import keeps every path out: why it does so with the first. */
  #whyNoPath(id: PrefixId): Reason {
    const { tables } = this.#rib;
    const row = id < 0 ? NO_ROW : tables.paths.first[id]!;
    const peer =
      row === NO_ROW ? undefined : this.#intent.peers.get(tables.sources[tables.paths.source[row]!]!.info.protocol);
    if (peer === undefined) return { text: 'this node has no route to it then' };
    const result = explainImport(tables, id, row, peer.importPolicy, policyPeerOf(peer), this.#loopsOf(peer));
    const { text } = importReason(result, false);
    return { text: `the path of ${peer.name} is kept out: ${text}` };
  }

  #find(prefix: Prefix): PrefixId {
    const { prefixes } = this.#rib.tables;
    prefixes.load(prefix);
    return prefixes.find();
  }

  #judge({ policy, policyPeer, target }: Pick<GroupOptions, 'policy' | 'policyPeer' | 'target'>): Told {
    const { tables } = this.#rib;
    const told = new Map<Prefix, { attributes: Attributes; protocol: string }>();
    for (let id: PrefixId = 0; id < tables.prefixes.highest; id++) {
      const row = tables.best[id]!;
      const attributes = row === NO_ROW ? undefined : judgeExport(tables, id, row, policy, policyPeer, target);
      if (attributes === undefined) continue;
      const { protocol } = tables.sources[tables.paths.source[row]!]!.info;
      told.set(tables.prefixes.text(id), { attributes, protocol });
    }
    return told;
  }

  #addPeers(routes: readonly ReceivedRoute[]): void {
    const identifiers = new Map(routes.map(({ peer, identifier }) => [peer, identifier]));
    for (const peer of this.#intent.peers.values()) {
      if (!peer.families.includes(this.#rib.family)) continue;
      const identifier = identifiers.get(peer.address);
      const source = this.#rib.addSource({
        kind: 'bgp',
        protocol: peer.name,
        preference: peer.preference ?? 100,
        peer: policyPeerOf(peer),
        ...(identifier === undefined ? {} : { identifier }),
        routeReflectorClient: peer.routeReflectorClient,
      });
      this.#sources.set(peer.name, source);
    }
  }

  #optionsOf(peer: PeerIntent) {
    const session = assumedSession(peer, this.#intent);
    return groupOptions({ intent: peer, policyPeer: policyPeerOf(peer) }, session, this.#rib.family, this.#identity());
  }

  #identity() {
    const { bgpIdentifier, clusterId = bgpIdentifier, addresses } = this.#intent;
    return { bgpIdentifier, clusterId, addresses };
  }

  #putLocalRoutes(locals: LocalSources, routes: readonly ReceivedRoute[]): void {
    for (const route of this.#intent.localRoutes) {
      if (familyOf(route.prefix) !== this.#rib.family) continue;
      this.#rib.adjRibIn.putLocal(locals.static, route.prefix, attributesOf(route), undefined);
    }
    for (const { source, prefix, attributes, interface: device, metric } of routes) {
      if (source !== 'kernel' && source !== 'direct') continue;
      this.#rib.adjRibIn.putLocal(locals[source], prefix, attributes, { interface: device, metric });
    }
  }

  /** A session that gets another name, or starts anew, brings the same routes as before. */
  #announce(routes: readonly ReceivedRoute[]): void {
    const byAddress = new Map<Address, PeerIntent>();
    for (const peer of this.#intent.peers.values()) if (!byAddress.has(peer.address)) byAddress.set(peer.address, peer);
    const policies = new Map<string, ImportPolicy>();
    for (const { source, protocol, peer: address, prefix, pathId, attributes } of routes) {
      if (source !== 'bgp' || address === undefined) continue;
      const peer = this.#intent.peers.get(protocol) ?? byAddress.get(address);
      const from = peer === undefined ? undefined : this.#sources.get(peer.name);
      if (peer === undefined || from === undefined) continue;
      const policy = policies.get(peer.name) ?? this.#importPolicyOf(peer);
      policies.set(peer.name, policy);
      this.#rib.adjRibIn.announce(from, [nlriOf(this.#rib.family, prefix, pathId)], { attributes }, policy);
    }
  }

  #importPolicyOf(peer: PeerIntent): ImportPolicy {
    return new ImportPolicy(this.#rib.tables, peer.importPolicy, policyPeerOf(peer), this.#loopsOf(peer));
  }

  #loopsOf(peer: PeerIntent): LoopRules {
    return loopRules(peer, this.#identity());
  }
}

/** Next hops lead where they lead now. */
function resolverOf(routes: readonly ReceivedRoute[]): Resolver {
  const known = new Map<Address, Resolution>();
  for (const { source, attributes, reachable, interface: device, gateway } of routes) {
    if (source !== 'bgp' || attributes.nextHop === undefined || !reachable) continue;
    const way = gateway === undefined ? {} : { gateway };
    known.set(attributes.nextHop, { reachable, cost: 0, device, ...way });
  }
  return (nextHop) => known.get(nextHop) ?? UNRESOLVED;
}

function nlriOf(family: Family, prefix: Prefix, pathId: number): NlriBlock {
  const { bytes, length } = prefixParts(prefix);
  const octets = (length + 7) >> 3;
  const entry = new Uint8Array(5 + octets);
  new DataView(entry.buffer).setUint32(0, pathId);
  entry[4] = length;
  entry.set(bytes.subarray(0, octets), 5);
  return { family, bytes: entry, start: 0, end: entry.length, addPath: true };
}

function candidatesText(candidates: readonly Candidate[]): string {
  const best = candidates[0]!;
  const metric = best.metric === undefined ? '' : ` metric ${best.metric}`;
  if (best.type === 'blackhole') return `blackhole${metric}`;
  if (best.type === 'via') return `via ${best.gateway}${metric}`;
  const hops = candidates.map((candidate) => (candidate.type === 'bgp' ? hopText(candidate) : ''));
  return `via ${[...new Set(hops)].sort().join(' and ')}${metric}`;
}

function hopText({ nextHop, tunnel }: Extract<Candidate, { type: 'bgp' }>): string {
  return `${nextHop}${tunnel === undefined ? '' : ` dev ${tunnel}`}`;
}
