// `bird` and `bird6` replay what the real BIRD of calico-node did with confd's configurations: the routes that each neighbour
// gets with all attributes, End-of-RIB, and the routes in the kernel. Runs where the recordings are at hand.

import { describe, expect, test } from 'vitest';
import {
  essence,
  limit,
  reasonToSkip,
  recordOf,
  replayConfiguration,
  replayedUntil,
  runs,
  TIMEOUT_MS,
} from '../conformance/replay.ts';

/** Under way at a time: each is mostly waiting. */
const REPLAYS = 4;

const reason = reasonToSkip();
const title = `bird and bird6 do what the recorded BIRD did${reason === undefined ? '' : ` [skipped: ${reason}]`}`;

describe.skipIf(reason !== undefined)(title, () => {
  const atOnce = limit(REPLAYS);

  test.concurrent.each(runs)('$name, IPv$family', { timeout: TIMEOUT_MS }, async ({ name, family }) => {
    const expected = essence(recordOf(name, family));
    const play = (patience: number) => atOnce(() => replayConfiguration(name, family, patience));
    expect(await replayedUntil(expected, play)).toEqual(expected);
  });

  if (runs.length === 0) test('all configurations', () => {});
});
