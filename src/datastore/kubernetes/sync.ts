// What all watches together say about being in sync.

import type { SyncState } from './status.ts';
import type { Watch } from './watch.ts';

/**
 * At the start everything that is wanted must be there, and what is optional must at least have been answered. Later it is
 * enough that nothing is lost of what was there: a kind that is wanted only then holds nobody up.
 */
export function syncState(watches: readonly Watch[], afterFirstSync: boolean): SyncState {
  const waiting = watches.filter((watch) =>
    watch.spec.need === 'required'
      ? watch.isNeeded(afterFirstSync) && !watch.isSynced
      : !afterFirstSync && !watch.hasAnswer,
  );
  return waiting.length === 0 ? { synced: true } : { synced: false, detail: waitingText(waiting) };
}

/** The first reason that is known speaks for all: it is the same one nearly always. */
function waitingText(waiting: readonly Watch[]): string {
  const failures = new Set(waiting.flatMap(({ failure }) => failure ?? []));
  const [first] = failures;
  if (first === undefined) return 'the API server is being read';
  return failures.size === 1 ? first : `${first} (and ${failures.size - 1} more)`;
}
