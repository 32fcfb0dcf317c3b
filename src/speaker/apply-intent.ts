// Applies an intent: the difference to the last one, and nothing else. Sessions that a change does not concern do not
// notice it.

import { CEASE, contains, type Family } from 'node-bgp';
import { diffIntents, type Intent, type IntentChange } from '../intent/index.ts';
import type { FamilyRouter } from './family-router.ts';
import type { Sessions } from './sessions.ts';
import type { Effect } from './types.ts';

export interface Router {
  readonly sessions: Sessions;
  readonly families: Readonly<Record<Family, FamilyRouter>>;
  effect(effect: Effect): void;
}

export function applyIntent(router: Router, before: Intent | undefined, after: Intent, now: number): void {
  const change = diffIntents(before, after);
  const { bgpIdentifier, clusterId = bgpIdentifier, addresses } = after;
  router.sessions.identity = { bgpIdentifier, clusterId, addresses };
  router.sessions.expectsGuests = (after.peerRanges?.length ?? 0) > 0;
  const keys = keysOf(after);
  // The first intent always says where to listen, be it nowhere: what waits for that may go on.
  if (before === undefined || change.listen || !sameKeys(keysOf(before), keys)) {
    router.effect({ type: 'listen', sockets: after.listen, keys });
  }
  for (const family of ['ipv4', 'ipv6'] as const) applyToFamily(router, family, change, after);
  applyPeers(router, change, now);
}

function applyToFamily(router: Router, family: Family, change: IntentChange, after: Intent): void {
  const { rib, forwarding, locals, statics } = router.families[family];
  const kernelChanged = change.kernelPolicy.includes(family);
  if (kernelChanged || change.directInterfaces.includes(family)) {
    const wishes = forwarding.configure(after.kernel[family], rib, locals);
    if (wishes.length > 0) router.effect({ type: 'program', wishes });
  }
  if (kernelChanged) rib.markAll();
  statics.apply(change.localRoutes);
}

function applyPeers({ sessions, effect }: Router, change: IntentChange, now: number): void {
  const counts = { added: 0, removed: 0, restarted: 0, refiltered: 0 };
  const refiltered: string[] = [];
  // Removed first: an address may move from one session name to another.
  for (const { type, peer } of change.peers.filter((peerChange) => peerChange.type === 'removed')) {
    sessions.remove(peer.name, CEASE.PEER_DE_CONFIGURED, '', now);
    counts[type]++;
  }
  for (const peerChange of change.peers) {
    if (peerChange.type === 'added') {
      sessions.add(peerChange.peer, now);
      counts.added++;
    } else if (peerChange.type === 'changed' && peerChange.impact === 'restart') {
      sessions.restart(peerChange.after, now);
      counts.restarted++;
    } else if (peerChange.type === 'changed') {
      sessions.update(peerChange.after, now);
      if (peerChange.impact === 'refilter') refiltered.push(peerChange.after.name);
    }
  }
  sessions.refilter(refiltered);
  effect({ type: 'fact', fact: { type: 'intentApplied', ...counts, refiltered: refiltered.length } });
}

/** By address, or by the prefix of a range; what a range asks of all need not be asked of each. */
function keysOf({ peers, peerRanges = [] }: Intent): Map<string, string> {
  const keys = new Map<string, string>();
  for (const { range, peer } of peerRanges) if (peer.password !== undefined) keys.set(range, peer.password);
  for (const { address, password } of peers.values()) {
    if (password === undefined) continue;
    const isAsked = peerRanges.some(({ range, peer }) => peer.password === password && contains(range, address));
    if (!isAsked) keys.set(address, password);
  }
  return keys;
}

function sameKeys(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([address, key]) => b.get(address) === key);
}

/** Problems that were not told with the intent before. */
export function newProblems(before: Intent | undefined, after: Intent): Intent['problems'] {
  const known = new Set((before?.problems ?? []).map(identity));
  return after.problems.filter((problem) => !known.has(identity(problem)));
}

function identity({ kind, name, path, text }: Intent['problems'][number]): string {
  return JSON.stringify([kind, name, path, text]);
}
