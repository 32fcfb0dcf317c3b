// When the node may be called ready. The rules are those that Calico's probes follow for BIRD: everything must be there
// at the start, later one session is enough. Not here: how the answer travels (http.ts).

import type { PeerSnapshot, Snapshot } from '../speaker/types.ts';
import { peerInfo } from './peer-report.ts';
import type { StatusEnvironment } from './types.ts';

export interface Readiness {
  readonly ready: boolean;
  /** Sentences, empty when ready. */
  readonly reasons: readonly string[];
  /** What is not as it should be and yet no reason to be called not ready. */
  readonly notes: readonly string[];
}

/** How long after its start a daemon is held to the strict rule. */
const START_UP = 5 * 60 * 1000;

/**
 * Ready is a node that has applied its first intent and whose sessions are up: all of them in the first five minutes
 * and during graceful restart, at least one afterwards; a node without peers is ready. A datastore that is lost later
 * takes readiness from nobody, because sessions and routes go on without it. Local workloads do not count: they are
 * guests of the node, whose absence says nothing about it; nor do peers whose own node is known to be away.
 */
export function readiness(
  snapshot: Pick<Snapshot, 'configured' | 'peers'>,
  environment: Pick<StatusEnvironment, 'startedAt' | 'now' | 'datastore' | 'recovering'>,
): Readiness {
  const { datastore, now, startedAt, recovering } = environment;
  const outOfSync = `the datastore (${datastore.type}) is not in sync${datastore.detail ? `: ${datastore.detail}` : ''}`;
  if (!snapshot.configured) {
    return notReady([datastore.synced ? 'the first configuration is not applied yet' : outOfSync]);
  }
  const notes = datastore.synced ? [] : [outOfSync];
  const peers = snapshot.peers.filter((peer) => peer.kind !== 'localWorkload' && peer.absent === undefined);
  const down = peers.filter((peer) => peer.state !== 'Established');
  const strict = recovering || now - startedAt < START_UP;
  const reasons = recovering ? ['graceful restart is in progress: routes of peers are still awaited'] : [];
  if (strict) {
    reasons.push(...down.map((peer) => downText(peer, now)));
  } else if (peers.length > 0 && down.length === peers.length) {
    reasons.push(`none of ${peers.length} peers is Established`, ...down.map((peer) => downText(peer, now)));
  }
  return { ready: reasons.length === 0, reasons, notes };
}

function notReady(reasons: readonly string[]): Readiness {
  return { ready: false, reasons, notes: [] };
}

function downText(peer: PeerSnapshot, now: number): string {
  return `peer ${peer.name} (${peer.address}) is ${peerInfo(peer, now)}`;
}

/** The body of `/readyz`: one line of verdict, then one line for each reason or note. */
export function readinessText({ ready, reasons, notes }: Readiness): string {
  return `${[ready ? 'ready' : 'not ready', ...reasons, ...notes.map((note) => `note: ${note}`)].join('\n')}\n`;
}
