// From one Intent to another on paper: which sessions come, go or start anew, what peers are told differently, what the
// kernel gets differently. Both Intents meet the same routes (forecast.ts).

import { type Family, formatRouterId, type Prefix } from 'node-bgp';
import { type ChangedResource, dangersOf, diffIntents, type Intent, type IntentChange } from '../intent/index.ts';
import { Forecast, type Told } from './forecast.ts';
import type { AdvertisementChange, KernelRouteChange, Plan, SessionChange, ToldChange } from './planning.ts';
import type { ReceivedRoute } from './received.ts';
import { attributesSnapshot } from './snapshot.ts';

export interface PlanOptions {
  /** Both without secrets, or both with. */
  readonly before: Intent;
  readonly after: Intent;
  /** What peers and the kernel have told the node, as far as is known. */
  readonly routes: readonly ReceivedRoute[];
  /** Resources that differ. */
  readonly changed: readonly ChangedResource[];
  /** Sessions that are up. */
  readonly established: ReadonlySet<string>;
}

export function planChange({ before, after, routes, changed, established }: PlanOptions): Plan {
  const change = diffIntents(before, after);
  const advertisements: AdvertisementChange[] = [];
  const kernelRoutes: KernelRouteChange[] = [];
  for (const family of FAMILIES) {
    const [old, now] = [before, after].map((intent) => new Forecast(family, intent, routes)) as [Forecast, Forecast];
    advertisements.push(...advertisementChanges(old, now, peersOf(before, after, family)));
    kernelRoutes.push(...kernelChanges(old, now));
  }
  const dangers = dangersOf({ before, after, established, changed });
  return {
    node: after.node,
    sessions: change.peers.map(sessionChange),
    nodeChanges: nodeChanges(change, before, after),
    advertisements,
    kernelRoutes,
    dangers: dangers.map(({ resource, text }) => ({ ...resource, path: '', text })),
    problems: newProblems(before, after),
  };
}

const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

// --- sessions and the node

function sessionChange(change: IntentChange['peers'][number]): SessionChange {
  if (change.type !== 'changed') {
    const { name, address, origin } = change.peer;
    return { name, address, change: change.type, causes: [], origin };
  }
  const { name, address, origin } = change.after;
  return { name, address, change: change.impact === 'restart' ? 'reset' : 'updated', causes: change.causes, origin };
}

function nodeChanges(change: IntentChange, before: Intent, after: Intent): readonly string[] {
  const clusterId = ({ clusterId: id }: Intent) => (id === undefined ? 'none' : formatRouterId(id));
  const sockets = ({ listen }: Intent) =>
    listen.map(({ address, port }) => (address === undefined ? `port ${port}` : `${address} port ${port}`)).join(', ');
  const [oldSockets, newSockets] = [sockets(before) || 'nothing', sockets(after) || 'nothing'];
  return [
    ...(change.bgpIdentifier
      ? [`router ID ${formatRouterId(before.bgpIdentifier)} becomes ${formatRouterId(after.bgpIdentifier)}`]
      : []),
    ...(change.clusterId ? [`cluster ID ${clusterId(before)} becomes ${clusterId(after)}`] : []),
    ...(change.listen ? [`listens on ${newSockets} instead of ${oldSockets}`] : []),
    ...(change.directInterfaces.length > 0 ? ['direct routes are chosen by other interfaces'] : []),
    ...(change.logLevel ? [`log level ${before.logLevel} becomes ${after.logLevel}`] : []),
  ];
}

function newProblems(before: Intent, after: Intent): Plan['problems'] {
  const keyOf = ({ kind, name, path, text }: Plan['problems'][number]) => JSON.stringify([kind, name, path, text]);
  const known = new Set(before.problems.map(keyOf));
  return after.problems.filter((problem) => !known.has(keyOf(problem)));
}

// --- what peers are told

function peersOf(before: Intent, after: Intent, family: Family): readonly string[] {
  const peers = [...before.peers.values(), ...after.peers.values()].filter(({ families }) => families.includes(family));
  return [...new Set(peers.map(({ name }) => name))].sort();
}

/** A difference between two groups, and whose routes they are: a peer does not get its own. */
interface GroupChange {
  readonly prefix: Prefix;
  readonly before: { readonly attributes: ToldChange['before']; readonly protocol: string } | undefined;
  readonly after: { readonly attributes: ToldChange['after']; readonly protocol: string } | undefined;
}

function advertisementChanges(old: Forecast, now: Forecast, peers: readonly string[]): AdvertisementChange[] {
  const groups = new GroupChanges();
  const alike = new Map<string, { readonly peers: string[]; readonly changes: readonly ToldChange[] }>();
  for (const peer of peers) {
    const visible = groups.between(old.toldTo(peer), now.toldTo(peer)).flatMap((change) => seenBy(peer, change) ?? []);
    if (visible.length === 0) continue;
    const changes = visible.map((change) => toldChange(change, peer, now));
    const key = JSON.stringify(changes);
    const same = alike.get(key);
    if (same === undefined) alike.set(key, { peers: [peer], changes });
    else same.peers.push(peer);
  }
  return [...alike.values()];
}

/** Thousands of peers are in a handful of pairs of groups. */
class GroupChanges {
  readonly #known = new Map<Told, Map<Told, readonly GroupChange[]>>();

  between(before: Told = NOTHING, after: Told = NOTHING): readonly GroupChange[] {
    const known = this.#known.get(before) ?? new Map<Told, readonly GroupChange[]>();
    this.#known.set(before, known);
    let changes = known.get(after);
    if (changes === undefined) {
      changes = groupChanges(before, after);
      known.set(after, changes);
    }
    return changes;
  }
}

const NOTHING: Told = new Map();

function groupChanges(before: Told, after: Told): GroupChange[] {
  const changes: GroupChange[] = [];
  for (const prefix of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(prefix), after.get(prefix)].map((told) =>
      told === undefined ? undefined : { attributes: attributesSnapshot(told.attributes), protocol: told.protocol },
    );
    if (JSON.stringify(old) !== JSON.stringify(now)) changes.push({ prefix, before: old, after: now });
  }
  return changes.sort((a, b) => (a.prefix < b.prefix ? -1 : 1));
}

function seenBy(peer: string, change: GroupChange): GroupChange | undefined {
  const visible = (told: GroupChange['before']) => (told?.protocol === peer ? undefined : told);
  const [before, after] = [visible(change.before), visible(change.after)];
  if (JSON.stringify(before?.attributes) === JSON.stringify(after?.attributes)) return undefined;
  return { prefix: change.prefix, before, after };
}

function toldChange({ prefix, before, after }: GroupChange, peer: string, now: Forecast): ToldChange {
  return {
    prefix,
    ...(before?.attributes === undefined ? {} : { before: before.attributes }),
    ...(after?.attributes === undefined ? {} : { after: after.attributes }),
    reason: now.whyTold(peer, prefix).text,
  };
}

// --- the kernel

function kernelChanges(old: Forecast, now: Forecast): KernelRouteChange[] {
  const [before, after] = [old.kernelRoutes(), now.kernelRoutes()];
  const prefixes = [...new Set([...before.keys(), ...after.keys()])].sort();
  return prefixes.flatMap((prefix) => {
    const [had, gets] = [before.get(prefix), after.get(prefix)];
    if (had === gets) return [];
    return {
      prefix,
      ...(had === undefined ? {} : { before: had }),
      ...(gets === undefined ? {} : { after: gets }),
      reason: now.whyProgrammed(prefix).text,
    };
  });
}
