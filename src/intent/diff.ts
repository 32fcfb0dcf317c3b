// From one Intent to the next: what is to be started, stopped, restarted or evaluated again, and nothing else. What a
// change of a field costs is a row of IMPACT; a field without a row does not compile.

import { type Family, familyOf, type Prefix } from 'node-bgp';
import { equalPolicies, type Policy } from '../policy/index.ts';
import { FAMILIES } from './cluster.ts';
import type {
  Impact,
  Intent,
  IntentChange,
  KernelIntent,
  LocalRoute,
  PeerChange,
  PeerChangeCause,
  PeerIntent,
} from './types.ts';

/**
 * A session restarts only where the protocol demands it: for what the OPEN message carries and both ends agreed on, for
 * the identity of the connection, and for its keys. All else is applied to the running session or to its stored routes.
 */
export const IMPACT = {
  name: 'restart',
  kind: 'live',
  description: 'live',
  origin: 'live',
  families: 'restart',
  address: 'restart',
  /** Where to dial next time; the connection that stands is not concerned. */
  port: 'live',
  remoteAs: 'restart',
  localAs: 'restart',
  localAddress: 'restart',
  passive: 'live',
  password: 'restart',
  holdTime: 'restart',
  keepaliveTime: 'live',
  /** Announced in the next OPEN. */
  restartTime: 'live',
  ttlSecurity: 'restart',
  allowedLocalAs: 'refilter',
  nextHopMode: 'refilter',
  routeReflectorClient: 'refilter',
  addPath: 'restart',
  importPolicy: 'refilter',
  exportPolicy: 'refilter',
  direct: 'restart',
  interface: 'restart',
  /** Announced in the next OPEN. */
  gracefulRestart: 'live',
  longLivedGracefulRestart: 'live',
  timers: 'live',
  limits: 'refilter',
  preference: 'refilter',
  clusterId: 'refilter',
  anyExternalAs: 'restart',
  role: 'restart',
  requireRole: 'restart',
  extendedMessages: 'restart',
  extendedNextHop: 'restart',
  gracefulShutdown: 'refilter',
  bfd: 'live',
} as const satisfies Record<keyof PeerIntent, Impact>;

const FIELDS = Object.keys(IMPACT) as readonly (keyof PeerIntent)[];
const SEVERITY: Readonly<Record<Impact, number>> = { live: 0, refilter: 1, restart: 2 };

/** `before` undefined: everything is new. */
export function diffIntents(before: Intent | undefined, after: Intent): IntentChange {
  const samePolicy = policyComparison();
  return {
    peers: diffPeers(before, after, samePolicy),
    localRoutes: diffLocalRoutes(before?.localRoutes ?? [], after.localRoutes),
    kernelPolicy: FAMILIES.filter((family) => !sameKernelPolicy(before, after, family, samePolicy)),
    directInterfaces: FAMILIES.filter((family) => !sameDirectInterfaces(before, after, family)),
    listen: !equalLists(before?.listen ?? [], after.listen, (a, b) => a.address === b.address && a.port === b.port),
    bgpIdentifier: before?.bgpIdentifier !== after.bgpIdentifier,
    clusterId: before?.clusterId !== after.clusterId,
    logLevel: before?.logLevel !== after.logLevel,
  };
}

/** Nothing is to be done. */
export function isEmptyChange(change: IntentChange): boolean {
  const lists = [
    change.peers,
    change.localRoutes.added,
    change.localRoutes.removed,
    change.kernelPolicy,
    change.directInterfaces,
  ];
  const flags = [change.listen, change.bgpIdentifier, change.clusterId, change.logLevel];
  return lists.every((list) => list.length === 0) && !flags.includes(true);
}

type PolicyComparison = (a: Policy, b: Policy) => boolean;

/** Thousands of peers share a handful of policies: each pair is compared once. */
function policyComparison(): PolicyComparison {
  const known = new Map<Policy, Map<Policy, boolean>>();
  return (a, b) => {
    if (a === b) return true;
    let answers = known.get(a);
    if (answers === undefined) {
      answers = new Map();
      known.set(a, answers);
    }
    let answer = answers.get(b);
    if (answer === undefined) {
      answer = equalPolicies(a, b);
      answers.set(b, answer);
    }
    return answer;
  };
}

function diffPeers(before: Intent | undefined, after: Intent, samePolicy: PolicyComparison): readonly PeerChange[] {
  const changes: PeerChange[] = [];
  const nodeCauses = nodeCausesOf(before, after);
  for (const [name, peer] of before?.peers ?? []) if (!after.peers.has(name)) changes.push({ type: 'removed', peer });
  for (const [name, peer] of after.peers) {
    const old = before?.peers.get(name);
    if (old === undefined) changes.push({ type: 'added', peer });
    else {
      const change = diffPeer(old, peer, nodeCauses, samePolicy);
      if (change !== undefined) changes.push(change);
    }
  }
  return changes.length < 2 ? changes : changes.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

function nameOf(change: PeerChange): string {
  return change.type === 'changed' ? change.after.name : change.peer.name;
}

interface NodeCause {
  readonly cause: 'bgpIdentifier' | 'clusterId' | 'addresses';
  readonly impact: Impact;
  concerns(peer: PeerIntent): boolean;
}

/**
 * The identifier stands in every OPEN; the cluster id in every route that is reflected (RFC 4456 8); the node's address is
 * the next hop of the family that a session carries but does not run over.
 */
function nodeCausesOf(before: Intent | undefined, after: Intent): readonly NodeCause[] {
  const causes: NodeCause[] = [];
  if (before === undefined) return causes;
  if (before.bgpIdentifier !== after.bgpIdentifier) {
    causes.push({ cause: 'bgpIdentifier', impact: 'restart', concerns: () => true });
  }
  if (before.clusterId !== after.clusterId) {
    causes.push({ cause: 'clusterId', impact: 'refilter', concerns: (peer) => peer.remoteAs === peer.localAs });
  }
  const moved = FAMILIES.filter((family) => before.addresses[family] !== after.addresses[family]);
  if (moved.length > 0) {
    const concerns = ({ families, address }: PeerIntent) =>
      families.some((family) => family !== familyOf(address) && moved.includes(family));
    causes.push({ cause: 'addresses', impact: 'refilter', concerns });
  }
  return causes;
}

function diffPeer(
  before: PeerIntent,
  after: PeerIntent,
  nodeCauses: readonly NodeCause[],
  samePolicy: PolicyComparison,
): PeerChange | undefined {
  const causes: PeerChangeCause[] = [];
  let impact: Impact = 'live';
  const add = (cause: PeerChangeCause, its: Impact) => {
    causes.push(cause);
    if (SEVERITY[its] > SEVERITY[impact]) impact = its;
  };
  for (const field of FIELDS) if (!sameField(before, after, field, samePolicy)) add(field, IMPACT[field]);
  for (const node of nodeCauses) if (node.concerns(after)) add(node.cause, node.impact);
  return causes.length === 0 ? undefined : { type: 'changed', before, after, impact, causes };
}

function sameField(
  before: PeerIntent,
  after: PeerIntent,
  field: keyof PeerIntent,
  samePolicy: PolicyComparison,
): boolean {
  if (before[field] === after[field]) return true;
  switch (field) {
    case 'importPolicy':
    case 'exportPolicy':
      return samePolicy(before[field], after[field]);
    case 'families':
    case 'origin':
      return equalLists<string>(before[field], after[field], (a, b) => a === b);
    case 'longLivedGracefulRestart':
    case 'timers':
    case 'limits':
    case 'bfd':
      return sameData(before[field], after[field]);
    default:
      return false;
  }
}

function sameKernelPolicy(
  before: Intent | undefined,
  after: Intent,
  family: Family,
  samePolicy: PolicyComparison,
): boolean {
  const [old, now]: [KernelIntent | undefined, KernelIntent] = [before?.kernel[family], after.kernel[family]];
  if (old === undefined || !samePolicy(old.policy, now.policy)) return false;
  if (!sameOptionalPolicy(old.importPolicy, now.importPolicy, samePolicy)) return false;
  return (['maxPaths', 'table', 'metric', 'persist'] as const).every((field) => old[field] === now[field]);
}

function sameOptionalPolicy(a: Policy | undefined, b: Policy | undefined, samePolicy: PolicyComparison): boolean {
  return a === undefined || b === undefined ? a === b : samePolicy(a, b);
}

function sameDirectInterfaces(before: Intent | undefined, after: Intent, family: Family): boolean {
  const old = before?.kernel[family].directInterfaces;
  return old !== undefined && equalLists(old, after.kernel[family].directInterfaces, (a, b) => a === b);
}

/** Where a route comes from is no part of it: a Service may take over an address from another without a change. */
function diffLocalRoutes(before: readonly LocalRoute[], after: readonly LocalRoute[]): IntentChange['localRoutes'] {
  const old = new Map<Prefix, LocalRoute>(before.map((route) => [route.prefix, route]));
  const now = new Map<Prefix, LocalRoute>(after.map((route) => [route.prefix, route]));
  return {
    added: after.filter((route) => !sameRoute(old.get(route.prefix), route)),
    removed: before.filter((route) => !sameRoute(now.get(route.prefix), route)),
  };
}

function sameRoute(a: LocalRoute | undefined, b: LocalRoute): boolean {
  return a !== undefined && a.type === b.type && a.gateway === b.gateway && sameData(a.attributes, b.attributes);
}

/** Small plain data, written by one hand: equal as text. */
function sameData(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function equalLists<T>(a: readonly T[], b: readonly T[], same: (a: T, b: T) => boolean): boolean {
  return a.length === b.length && a.every((item, index) => same(item, b[index]!));
}
