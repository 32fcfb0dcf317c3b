// Explains a prefix: takes the tables as they are and goes through the steps of import, decision, export and kernel policy
// again, with their reasons. Reads, never changes. Sentences are in reasons.ts, exports in explain-export.ts.

import {
  type Address,
  addressBytes,
  type Family,
  familyOf,
  maxLength,
  type Prefix,
  prefixFromBytes,
  prefixLength,
} from 'node-bgp';
import { DEAD, explainDecision, explainImport, NO_ROW, NO_SET, type PrefixId, type Row, STALE } from '../rib/index.ts';
import { explainExports } from './explain-export.ts';
import type { KernelOutcome, PathExplanation, PrefixExplanation, PrefixQuery } from './explanation.ts';
import type { FamilyRouter } from './family-router.ts';
import { loopRules } from './loop-rules.ts';
import { importReason, kernelReason } from './reasons.ts';
import { attributesSnapshot } from './snapshot.ts';
import type { Speaker } from './speaker.ts';

/** @param running false for a router that lives from files and will never have a session */
export function explainPrefix(speaker: Speaker, query: PrefixQuery, running = true): PrefixExplanation {
  const family = familyOf(query.target);
  const router = speaker.families[family];
  const [found, ...inside] = matches(router, query.target);
  const isExact = query.target.includes('/');
  const hit = isExact && found?.prefix !== query.target ? undefined : found;
  const around = hit === undefined && found !== undefined ? [found, ...inside] : inside;
  return {
    type: 'prefix',
    node: speaker.options.node,
    asked: query.target,
    ...(hit === undefined ? {} : { prefix: hit.prefix }),
    inside: around.map(({ prefix }) => prefix),
    paths: hit === undefined ? [] : explainPaths(speaker, router, hit.id, query.peer !== undefined),
    exports: hit === undefined ? [] : explainExports(speaker, router, hit.id, query.peer),
    kernel: hit === undefined ? NOTHING : explainKernel(router, hit.id, query.peer !== undefined),
    running,
  };
}

const NOTHING: KernelOutcome = { reason: { text: 'nothing is known of it' } };

interface Match {
  readonly prefix: Prefix;
  readonly id: PrefixId;
}

/** Prefixes with a path that contain the address or prefix, the longest first. */
function matches({ family, rib: { tables } }: FamilyRouter, target: Address | Prefix): Match[] {
  const [address = '', length = maxLength(family)] = target.includes('/')
    ? [target.slice(0, target.indexOf('/')), prefixLength(target)]
    : [target];
  const bytes = addressBytes(address);
  const found: Match[] = [];
  for (let bits = length; bits >= 0; bits--) {
    const prefix = prefixFromBytes(family, bytes, bits);
    tables.prefixes.load(prefix);
    const id = tables.prefixes.find();
    if (id >= 0 && tables.paths.first[id] !== NO_ROW) found.push({ prefix, id });
  }
  return found;
}

function explainPaths(speaker: Speaker, router: FamilyRouter, prefix: PrefixId, detailed: boolean): PathExplanation[] {
  const { rib } = router;
  const { paths } = rib.tables;
  const decidedBy = explainDecision(rib.view, prefix);
  const explained: PathExplanation[] = [];
  for (let row = paths.first[prefix]!; row !== NO_ROW; row = paths.next[row]!) {
    if (paths.received[row] === NO_SET || (paths.flags[row]! & DEAD) !== 0) continue;
    explained.push(explainPath(speaker, router, prefix, row, decidedBy.get(row), detailed));
  }
  const rank = ({ best, accepted }: PathExplanation) => (best ? 0 : accepted ? 1 : 2);
  return explained.sort((a, b) => rank(a) - rank(b));
}

function explainPath(
  speaker: Speaker,
  router: FamilyRouter,
  prefix: PrefixId,
  row: Row,
  decidedBy: string | undefined,
  detailed: boolean,
): PathExplanation {
  const { tables } = router.rib;
  const { info } = tables.sources[tables.paths.source[row]!]!;
  const accepted = tables.paths.set[row] !== NO_SET;
  const { attributes } = tables.attributes.get(accepted ? tables.paths.set[row]! : tables.paths.received[row]!);
  const madeBy = madeByOf(speaker, router, tables.prefixes.text(prefix), info.kind);
  return {
    protocol: info.protocol,
    source: info.kind,
    ...(info.peer === undefined ? {} : { peer: { address: info.peer.address, asNumber: info.peer.remoteAs } }),
    ...(madeBy === undefined ? {} : { madeBy }),
    best: tables.best[prefix] === row,
    accepted,
    ...importOf(speaker, router, prefix, row, detailed),
    ...(decidedBy === undefined ? {} : { decidedBy }),
    ...((tables.paths.flags[row]! & STALE) === 0 ? {} : { stale: true as const }),
    ...hopOf(router, row),
    attributes: attributesSnapshot(attributes),
  };
}

function importOf(
  speaker: Speaker,
  { family, rib: { tables } }: FamilyRouter,
  prefix: PrefixId,
  row: Row,
  detailed: boolean,
): Pick<PathExplanation, 'import'> {
  const source = tables.sources[tables.paths.source[row]!]!;
  const peer = speaker.sessions.get(source.info.protocol);
  const { intent } = speaker;
  if (peer?.families.get(family)?.source !== source || intent === undefined) return {};
  const { bgpIdentifier, clusterId = bgpIdentifier } = intent;
  const loops = loopRules(peer.intent, { bgpIdentifier, clusterId }, peer.remoteAs);
  const result = explainImport(tables, prefix, row, peer.intent.importPolicy, peer.policyPeer, loops);
  return { import: importReason(result, detailed) };
}

/** Names of `rtm_protocol` that say who writes routes beside us. */
const WRITERS: Readonly<Record<number, string>> = {
  2: 'the kernel',
  3: 'boot',
  4: 'an operator',
  16: 'DHCP',
  80: 'Felix',
};

function madeByOf(
  speaker: Speaker,
  { forwarding }: FamilyRouter,
  prefix: Prefix,
  kind: PathExplanation['source'],
): string | undefined {
  if (kind === 'static') return speaker.intent?.localRoutes.find((route) => route.prefix === prefix)?.origin;
  const source = forwarding.fib.sourcesOf(prefix).find((candidate) => candidate.source === kind);
  if (source === undefined) return undefined;
  if (kind === 'direct') return `an address of ${source.interface}`;
  const writer = WRITERS[source.protocol ?? 0] ?? `protocol ${source.protocol}`;
  const through = source.interface === '' ? '' : ` through ${source.interface}`;
  return `a kernel route${through}, written by ${writer}`;
}

type Hop = Pick<PathExplanation, 'interface' | 'gateway' | 'unreachable'>;

function hopOf({ rib: { tables } }: FamilyRouter, row: Row): Hop {
  const detail = tables.paths.details.get(row);
  if (detail !== undefined) return { interface: detail.interface };
  const nextHop = tables.nextHopOf(row);
  if (nextHop === undefined) return {};
  const { reachable, device, gateway } = tables.nextHops.resolve(nextHop);
  if (!reachable) return { unreachable: true };
  return { ...(device === '' ? {} : { interface: device }), ...(gateway === undefined ? {} : { gateway }) };
}

function explainKernel(router: FamilyRouter, prefix: PrefixId, detailed: boolean): KernelOutcome {
  const result = router.forwarding.explain(router.rib, prefix);
  switch (result.type) {
    case 'kernelOff':
      return { reason: { text: 'this daemon leaves the kernel alone (--kernel none)' } };
    case 'noPath':
      return { reason: { text: 'no path may be used' } };
    case 'notOurs':
      return { reason: { text: 'the best path is in the kernel already; nothing is to be written' } };
    case 'policy': {
      const reason = kernelReason(result.explanation, detailed);
      if (result.route !== undefined) return { route: result.route, reason };
      if (result.candidate === undefined) return { reason };
      return { reason: { ...reason, text: unresolvedText(router.family, result.candidate) } };
    }
  }
}

function unresolvedText(family: Family, candidate: { type: string; nextHop?: Address; gateway?: Address }): string {
  const address = candidate.nextHop ?? candidate.gateway;
  if (address === undefined) return `there is no ${family} route for it yet`;
  return candidate.type === 'bgp'
    ? `the next hop ${address} is an address of this host`
    : `no route leads to the gateway ${address}`;
}
