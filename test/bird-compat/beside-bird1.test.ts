// The real BIRD 1.6 and bird-compat's programs side by side: the same configuration files, the same neighbours and kernel
// routes, both address families at once. Each neighbour has the same session and is told the same routes with the same
// attributes; the kernel gets the same routes.

import { isDeepStrictEqual } from 'node:util';
import type { Attributes, Family } from 'node-bgp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../../topologies/wait-for.ts';
import type { Errand, Told } from '../conformance/recorder.ts';
import { type Daemon, type Play, type ProgrammedRoute, Stage } from '../conformance/side-by-side.ts';
import { BIRD1, missing } from '../requirements.ts';
import {
  HOST_ADDRESSES,
  KERNEL_ROUTES,
  type Node,
  namesOf,
  neighbourOf,
  nodeFiles,
  WORDS,
  type Words,
} from './beside-bird1/configuration.ts';
import { SITUATIONS, type Situation } from './beside-bird1/situations.ts';
import { BIRD_PROGRAMS } from './programs.ts';

const TIMEOUT_MS = 90_000;
/** BIRD looks at the kernel’s routes every second. */
const PATIENCE_MS = 15_000;
const FAMILIES = Object.values(WORDS);

const reason = missing('namespaces', 'ip', 'bird1');
const title = `BIRD 1.6 and Caracal do the same${reason === undefined ? '' : ` [skipped: ${reason}]`}`;

type Both<T> = readonly [ofBird: T, ofCaracal: T];

/** What is compared: neighbours by name, and the kernel's routes. */
interface Scene {
  readonly told: Readonly<Record<string, Omit<Told, 'answers'>>>;
  readonly programmed: Readonly<Record<Family, readonly ProgrammedRoute[]>>;
}

interface Begun {
  readonly plays: readonly Play[];
  /** When all has been told. */
  readonly scenes: Both<Scene>;
}

describe.skipIf(reason !== undefined)(title, () => {
  /** While one situation is looked at, the next one comes about in the other theatre. */
  const theatres: Both<Both<Stage>> = [theatre(0), theatre(1)];
  const begun: (Promise<Begun> | undefined)[] = [];

  function begin(index: number): Promise<Begun> {
    begun[index] ??= beginIn(theatres[index % 2]!, SITUATIONS[index]!);
    return begun[index];
  }

  async function end(index: number): Promise<void> {
    const ending = begun[index];
    begun[index] = undefined;
    await Promise.all(((await ending)?.plays ?? []).map((play) => play.end()));
  }

  beforeAll(async () => {
    for (const stage of theatres.flat()) await stage.build(HOST_ADDRESSES);
  }, TIMEOUT_MS);

  afterAll(async () => {
    for (const index of begun.keys()) await end(index);
    for (const stage of theatres.flat()) await stage.remove();
  }, TIMEOUT_MS);

  describe.each(SITUATIONS.map((situation, index) => ({ ...situation, index })))('$name', ({ index, ...situation }) => {
    let plays: readonly Play[];
    let scenes: Both<Scene>;

    beforeAll(async () => {
      ({ plays, scenes } = await begin(index));
      // Whoever waits for the next one is told what went wrong with it.
      if (index + 1 < SITUATIONS.length) begin(index + 1).catch(() => {});
    }, TIMEOUT_MS);

    afterAll(() => end(index), TIMEOUT_MS);

    test.each(casesOf(situation.node))('$peer, $words.family', ({ peer, words }) => {
      const [ofBird, ofCaracal] = scenes.map(({ told }) => told[`${peer} ${words.family}`]!);
      expect(ofCaracal).toEqual(ofBird);
      expect(namesIn(Object.keys(ofCaracal!.routes), words)).toBe(situation.told[peer]);
    });

    test.each(FAMILIES)('the kernel, $family', (words) => {
      const [ofBird, ofCaracal] = scenes.map(({ programmed }) => programmed[words.family]);
      expect(ofCaracal).toEqual(ofBird);
      const prefixes = ofCaracal!.map((route) => destinationOf(route, words));
      expect(namesIn(prefixes, words)).toBe(situation.programmed);
    });

    for (const { name, node, told, sessions, withdraw } of situation.later ?? []) {
      test(`and then: ${name}`, { timeout: TIMEOUT_MS }, async () => {
        for (const play of plays) {
          for (const words of FAMILIES) play.write(nodeFiles(words, node(words)));
          play.signal('SIGHUP');
        }
        const seen = (scene: Scene) =>
          FAMILIES.map((words) =>
            Object.keys(told).map((peer) => {
              const { routes, sessions: count } = scene.told[`${peer} ${words.family}`]!;
              return [peer, namesIn(Object.keys(routes), words), count];
            }),
          );
        const expected = Object.entries(told).map(([peer, names]) => [peer, names, sessions[peer]]);
        const errand = withdraw === undefined ? {} : withdrawals(withdraw);
        const isReached = (scene: Scene) => isDeepStrictEqual(seen(scene), [expected, expected]);
        const [ofBird, ofCaracal] = await look(plays, errand, isReached);
        expect(ofCaracal).toEqual(ofBird);
        expect(seen(ofCaracal)).toEqual([expected, expected]);
      });
    }
  });
});

function theatre(number: number): Both<Stage> {
  return [new Stage(`bird1-${number}-${process.pid}`), new Stage(`ours-${number}-${process.pid}`)];
}

async function beginIn(stages: Both<Stage>, { node }: Situation): Promise<Begun> {
  const neighbours = FAMILIES.flatMap((words) => node(words).peers.map((peer) => neighbourOf(words, peer)));
  const programs = [BIRD1, BIRD_PROGRAMS];
  const plays = await Promise.all(
    stages.map((stage, index) =>
      stage.begin(daemonsOf(programs[index]!, node), { neighbours, kernelRoutes: KERNEL_ROUTES }),
    ),
  );
  return { plays, scenes: await look(plays, undefined) };
}

function daemonsOf(programs: Pick<typeof BIRD1, 'bird' | 'bird6'>, node: (words: Words) => Node): readonly Daemon[] {
  return FAMILIES.map((words) => {
    const name = words.family === 'ipv4' ? 'bird' : 'bird6';
    return {
      files: nodeFiles(words, node(words)),
      command: (folder) => [programs[name], '-f', '-c', `${folder}/${name}.cfg`, '-s', `${folder}/${name}.ctl`],
    };
  });
}

/**
 * Both when they are alike, or as they are when there was time enough for that: what is told late is no difference.
 *
 * @param isReached holds when a new configuration is in force
 */
async function look(
  plays: readonly Play[],
  errand: Errand | undefined,
  isReached: (scene: Scene) => boolean = () => true,
): Promise<Both<Scene>> {
  let next = errand;
  let scenes: readonly Scene[] = [];
  await waitFor(async () => {
    if (next !== undefined) for (const play of plays) play.send(next);
    next = {};
    scenes = await Promise.all(plays.map(sceneOf));
    const [ofBird, ofCaracal] = scenes as Both<Scene>;
    return isDeepStrictEqual(ofBird, ofCaracal) && isReached(ofBird);
  }, PATIENCE_MS);
  return scenes as Both<Scene>;
}

async function sceneOf(play: Play): Promise<Scene> {
  const tables = await play.tables();
  const told = Object.entries(tables).map(([name, { answers: _, routes, ...rest }]) => {
    const comparable = Object.entries(routes).map(([prefix, paths]) => [prefix, paths.map(plain)]);
    return [name, { ...rest, routes: Object.fromEntries(comparable) }];
  });
  const [ipv4, ipv6] = [await play.programmed('ipv4'), await play.programmed('ipv6')];
  return { told: Object.fromEntries(told), programmed: { ipv4, ipv6 } };
}

/**
 * BIRD 1.6 sorts cluster lists like sets, and marks communities as partial that a filter adds to a route of others; BIRD 2
 * and Caracal do neither.
 */
function plain({ clusterList, partial: _, ...attributes }: Attributes): object {
  return { ...attributes, ...(clusterList && { clusterList: clusterList.toSorted((a, b) => a - b) }) };
}

function casesOf(node: Situation['node']) {
  return FAMILIES.flatMap((words) => node(words).peers.map(({ name }) => ({ peer: name, words })));
}

function withdrawals(withdraw: (words: Words) => Readonly<Record<string, readonly string[]>>): Errand {
  const named = FAMILIES.flatMap((words) =>
    Object.entries(withdraw(words)).map(([peer, prefixes]) => [`${peer} ${words.family}`, prefixes]),
  );
  return { withdraw: Object.fromEntries(named) };
}

function namesIn(prefixes: readonly string[], words: Words): string {
  const names = namesOf(words);
  return prefixes
    .map((prefix) => names.get(prefix) ?? prefix)
    .sort()
    .join(', ');
}

function destinationOf({ dst }: ProgrammedRoute, { anywhere, bits }: Words): string {
  if (dst === 'default') return anywhere;
  return dst.includes('/') ? dst : `${dst}/${bits}`;
}
