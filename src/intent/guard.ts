// What would be lost by going from one Intent to the next: a node's last session, a cluster's last route reflector. And
// what to do about it: hold such a change back until it has stayed for a while. Pure; who applies Intents asks.

import type { ResourceProblem } from '../datastore/types.ts';
import type { Intent, PeerIntent } from './types.ts';

export interface ChangedResource {
  readonly kind: string;
  /** `namespace/name` where there is a namespace. */
  readonly name: string;
}

export interface Change {
  readonly before: Intent;
  readonly after: Intent;
  /** Names of sessions that are up. */
  readonly established: ReadonlySet<string>;
  /** What became different since `before`. */
  readonly changed: readonly ChangedResource[];
}

export interface Danger {
  readonly type: 'lastSession' | 'lastReflector';
  /** The resource behind it, as far as can be told. */
  readonly resource: ChangedResource;
  /** Sessions, or nodes that reflect. */
  readonly lost: readonly string[];
  /** `would take the last session of node-1 away (Mesh_10_0_0_2)` */
  readonly text: string;
}

export function dangersOf(change: Change): readonly Danger[] {
  if (change.after.nodeMissing === true) return [];
  return [lastSession(change), lastReflector(change)].filter((danger) => danger !== undefined);
}

/** No session that is up stays, and none comes in its place. A session that restarts, or gets another name, stays. */
function lastSession({ before, after, established, changed }: Change): Danger | undefined {
  const up = [...before.peers.values()].filter(({ name }) => established.has(name));
  if (up.length === 0) return undefined;
  const addressesUp = new Set(up.map(({ address }) => address));
  const rest = [...after.peers.values()];
  if (rest.some((peer) => addressesUp.has(peer.address) || !before.peers.has(peer.name))) return undefined;
  const origins = up.flatMap(({ origin }) => origin);
  const lost = up.map(({ name }) => name);
  return {
    type: 'lastSession',
    resource: culprit(changed, origins),
    lost,
    text: `would take the last session of ${after.node} away (${someOf(lost)})`,
  };
}

/** A mesh between all nodes makes up for reflectors. */
function lastReflector({ before, after, changed }: Change): Danger | undefined {
  const lost = before.reflectors ?? [];
  if (lost.length === 0 || (after.reflectors ?? []).length > 0) return undefined;
  if (after.peers.size === 0 || [...after.peers.values()].some(isOfMesh)) return undefined;
  return {
    type: 'lastReflector',
    resource: culprit(
      changed,
      lost.map((name) => `Node ${name}`),
    ),
    lost,
    text: `would take the last route reflector of the cluster away (${someOf(lost)}), and there is no node-to-node mesh`,
  };
}

function isOfMesh({ kind }: PeerIntent): boolean {
  return kind === 'mesh';
}

/** Kinds that make or unmake sessions, the likeliest first. */
const SUSPECTS: readonly string[] = ['BGPPeer', 'BGPConfiguration', 'RouteReflector', 'Node'];

/** Of what changed a resource that made what is lost, else one that might have; nothing changed: who made it. */
function culprit(changed: readonly ChangedResource[], origins: readonly string[]): ChangedResource {
  const suspects = SUSPECTS.flatMap((suspect) => changed.filter(({ kind }) => kind === suspect));
  const made = suspects.find(({ kind, name }) => origins.includes(`${kind} ${name}`));
  return made ?? suspects[0] ?? resourceOf(origins[0] ?? '');
}

/** `BGPPeer rack-1 (reverse peering)` */
function resourceOf(origin: string): ChangedResource {
  const [kind = '', name = ''] = origin.split(' ');
  return { kind, name };
}

const NAMED = 3;

function someOf(names: readonly string[]): string {
  const rest = names.length - NAMED;
  return `${names.slice(0, NAMED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

// --- holding back

export interface Held {
  readonly intent: Intent;
  readonly dangers: readonly Danger[];
  /** Milliseconds: since when just this would be lost. */
  readonly since: number;
}

/**
 * What to do with an Intent that came: undefined, apply it; else hold it. A danger that stays the same keeps its age,
 * whatever else changes meanwhile.
 *
 * @param guardTime milliseconds after which a change counts as meant
 */
export function holdBack(
  held: Held | undefined,
  intent: Intent,
  dangers: readonly Danger[],
  now: number,
  guardTime: number,
): Held | undefined {
  if (dangers.length === 0) return undefined;
  const since = held !== undefined && sameDangers(held.dangers, dangers) ? held.since : now;
  return now - since >= guardTime ? undefined : { intent, dangers, since };
}

function sameDangers(a: readonly Danger[], b: readonly Danger[]): boolean {
  const key = (dangers: readonly Danger[]) => JSON.stringify(dangers.map(({ type, lost }) => [type, lost]));
  return key(a) === key(b);
}

/** @param patience how long a change has to stay, for people: `5 min` */
export function heldProblems({ dangers }: Held, patience: string): readonly ResourceProblem[] {
  return dangers.map(({ resource, text }) => ({
    ...resource,
    path: '',
    text: `${text}; held back, and applied when it has stayed for ${patience}; undo the change to keep all as it is`,
  }));
}
