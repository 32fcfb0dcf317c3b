// The real BIRD 2 and Caracal side by side: a hand-written configuration and Calico's resources of the same meaning, the
// same neighbours and kernel routes; both have to tell every neighbour the same routes with the same attributes.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missing } from '../requirements.ts';
import { FILTER_ROWS } from './filter-rows.ts';
import { PEER_ROWS } from './peer-rows.ts';
import { bird, caracal, Stage, type Tables } from './side-by-side.ts';
import { ADDRESSES, BIRD, KERNEL_ROUTES, OWN_NODE, RESOURCES } from './situation.ts';

const TIMEOUT_MS = 60_000;
const reason = missing('namespaces', 'ip', 'bird');
const title = `BIRD 2 and Caracal tell their neighbours the same${reason === undefined ? '' : ` [skipped: ${reason}]`}`;

describe.skipIf(reason !== undefined)(title, () => {
  const stages = { bird: new Stage(`bird-${process.pid}`), caracal: new Stage(`caracal-${process.pid}`) };

  beforeAll(async () => {
    for (const stage of Object.values(stages)) await stage.build(Object.values(ADDRESSES));
  }, TIMEOUT_MS);

  afterAll(async () => {
    for (const stage of Object.values(stages)) await stage.remove();
  }, TIMEOUT_MS);

  test.each([...PEER_ROWS, ...FILTER_ROWS])('$name', { timeout: TIMEOUT_MS }, async (row) => {
    const { neighbours, kernelRoutes = [], told } = row;
    const situation = { neighbours, kernelRoutes: [...KERNEL_ROUTES, ...kernelRoutes] };
    const plays = [
      stages.bird.play(bird(BIRD + row.bird), situation),
      stages.caracal.play(caracal(`${RESOURCES}---\n${row.ownNode ?? OWN_NODE}\n${row.resources}`), situation),
    ] as const;
    await Promise.allSettled(plays); // where one fails the other has left the stage too
    const [ofBird, ofCaracal] = await Promise.all(plays);
    const expected = Object.fromEntries(Object.entries(told).map(([name, prefixes]) => [name, prefixes.toSorted()]));
    expect({ bird: prefixesOf(ofBird), caracal: prefixesOf(ofCaracal) }).toEqual({ bird: expected, caracal: expected });
    expect(ofCaracal).toEqual(ofBird);
  });
});

function prefixesOf(tables: Tables): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(Object.entries(tables).map(([name, { routes }]) => [name, Object.keys(routes).sort()]));
}
