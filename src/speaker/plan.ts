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
    ...(tunnelText(before) === tunnelText(after) ? [] : [`tunnel ${tunnelText(before)} becomes ${tunnelText(after)}`]),
    ...(change.directInterfaces.length > 0 ? ['direct routes are chosen by other interfaces'] : []),
    ...(change.logLevel ? [`log level ${before.logLevel} becomes ${after.logLevel}`] : []),
  ];
}

function tunnelText({ tunnel }: Intent): string {
  if (tunnel === undefined) return 'none';
  return `${tunnel.device} with ${tunnel.address ?? 'no address'} over ${tunnel.carrier}`;
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

function advertisementChanges(old: Forecast, now: Forecast, peers: readonly string[]): AdvertisementChange[] {
  const differences = new Differences(now);
  const alike = new Map<string, { readonly peers: string[]; readonly changes: readonly ToldChange[] }>();
  for (const peer of peers) {
    const { changes, key } = differences.seenBy(peer, old.toldTo(peer), now.toldTo(peer));
    if (changes.length === 0) continue;
    const same = alike.get(key);
    if (same === undefined) alike.set(key, { peers: [peer], changes });
    else same.peers.push(peer);
  }
  return [...alike.values()];
}

interface Seen {
  readonly changes: readonly ToldChange[];
  /** Equal where the changes are. */
  readonly key: string;
}

/** Whose routes they are, before and after: a peer does not get its own. */
interface OwnedChange {
  readonly change: ToldChange;
  readonly owners: readonly [before: string | undefined, after: string | undefined];
}

interface Difference {
  readonly all: readonly OwnedChange[];
  readonly owners: ReadonlySet<string | undefined>;
  /** For everybody who owns none of the routes. */
  readonly seen: Seen;
}

/** What is told differently. Thousands of peers are in a handful of pairs of groups, and each pair is compared once. */
class Differences {
  readonly #now: Forecast;
  readonly #known = new Map<Told, Map<Told, Difference>>();

  constructor(now: Forecast) {
    this.#now = now;
  }

  seenBy(peer: string, before: Told = NOTHING, after: Told = NOTHING): Seen {
    const difference = this.#between(peer, before, after);
    return difference.owners.has(peer)
      ? seenOf(difference.all.flatMap((one) => withoutOwn(peer, one)))
      : difference.seen;
  }

  /** @param peer any that was, or will be, told so */
  #between(peer: string, before: Told, after: Told): Difference {
    const known = this.#known.get(before) ?? new Map<Told, Difference>();
    this.#known.set(before, known);
    let difference = known.get(after);
    if (difference === undefined) {
      const all = ownedChanges(before, after, (prefix) => this.#now.whyTold(peer, prefix).text);
      const owners = new Set(all.flatMap((one) => one.owners));
      difference = { all, owners, seen: seenOf(all.flatMap((one) => withoutOwn(undefined, one))) };
      known.set(after, difference);
    }
    return difference;
  }
}

const NOTHING: Told = new Map();

function seenOf(changes: readonly ToldChange[]): Seen {
  return { changes, key: JSON.stringify(changes) };
}

function ownedChanges(before: Told, after: Told, why: (prefix: Prefix) => string): OwnedChange[] {
  const prefixes = [...new Set([...before.keys(), ...after.keys()])].sort();
  return prefixes.flatMap((prefix) => {
    const [had, gets] = [before.get(prefix), after.get(prefix)];
    const [old, now] = [had, gets].map((told) =>
      told === undefined ? undefined : attributesSnapshot(told.attributes),
    );
    const owners = [had?.protocol, gets?.protocol] as const;
    if (JSON.stringify(old) === JSON.stringify(now) && owners[0] === owners[1]) return [];
    return { change: toldChange(prefix, old, now, why(prefix)), owners };
  });
}

function toldChange(
  prefix: Prefix,
  before: ToldChange['before'] | undefined,
  after: ToldChange['after'] | undefined,
  reason: string,
): ToldChange {
  return { prefix, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }), reason };
}

/** None where the peer owns all that differs; undefined: for those that own nothing. */
function withoutOwn(
  peer: string | undefined,
  { change: { prefix, before, after, reason }, owners }: OwnedChange,
): ToldChange[] {
  const isOwn = (owner: string | undefined) => owner !== undefined && owner === peer;
  const [had, gets] = [isOwn(owners[0]) ? undefined : before, isOwn(owners[1]) ? undefined : after];
  return JSON.stringify(had) === JSON.stringify(gets) ? [] : [toldChange(prefix, had, gets, reason)];
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
