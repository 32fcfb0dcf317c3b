// Runs the recorder of real BIRDs on Caracal: one case of Calico's configurations, in private network namespaces, against
// scripted neighbours and kernel routes. Not here: what the outcome has to be (conformance.test.ts, and of the programs of
// bird-compat test/bird-compat/replay.test.ts).

import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { missing } from '../requirements.ts';

const HOME = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Where the recordings are: beside the repository, or where the environment says. */
export const RECORDINGS = process.env.CARACAL_CONFORMANCE ?? join(HOME, '..', 'shared', 'conformance');

export interface Recording {
  readonly protocols: Readonly<Record<string, ProtocolRecord>>;
  readonly kernel: { readonly programmed: readonly Readonly<Record<string, unknown>>[] };
  readonly harness: { readonly kernel_routes: readonly string[] };
}

export interface ProtocolRecord {
  readonly state: string;
  readonly end_of_rib: readonly number[];
  /** Prefix -> its paths. */
  readonly exported: Readonly<Record<string, readonly ExportedPath[]>>;
}

export type ExportedPath = Readonly<Record<string, unknown>>;

export type FamilyNumber = 4 | 6;

export function cases(): string[] {
  return existsSync(RECORDINGS) ? readdirSync(join(RECORDINGS, 'cases')).sort() : [];
}

export function recordOf(name: string, family: FamilyNumber): Recording {
  return readRecording(join(RECORDINGS, 'cases', name, `expected.v${family}.json`));
}

/** Every case in both families. */
export const runs = cases().flatMap((name) => ([4, 6] as const).map((family) => ({ name, family })));

/** A replay with a second attempt. */
export const TIMEOUT_MS = 150_000;

export function reasonToSkip(): string | undefined {
  const absent = missing('namespaces', 'ip', 'python3');
  if (absent !== undefined || runs.length > 0) return absent;
  return `needs recordings; CARACAL_CONFORMANCE says where they are, and in ${RECORDINGS} are none`;
}

/** Seconds. The recorder looks once; on a busy machine, and where no session says when it is done, that may be too early. */
const PATIENCE = [1, 12];

/** What comes out of a replay: of the first one that is as expected, else of the last. */
export async function replayedUntil(
  expected: Essence,
  play: (patience: number) => Promise<Recording>,
): Promise<Essence | undefined> {
  let outcome: Essence | undefined;
  for (const patience of PATIENCE) {
    outcome = essence(await play(patience));
    if (isDeepStrictEqual(outcome, expected)) break;
  }
  return outcome;
}

export type Essence = ReturnType<typeof essence>;

/** What counts of a recording. The order of kernel routes says nothing. */
export function essence({ protocols, kernel }: Recording) {
  const sessions = Object.entries(protocols).map(([name, { state, end_of_rib, exported }]) => [
    name,
    { state, end_of_rib, exported },
  ]);
  const programmed = kernel.programmed.map((route) => JSON.stringify(route)).sort();
  return { sessions: Object.fromEntries(sessions), programmed };
}

/** Lets so many tasks run at a time, in the order in which they come. */
export function limit(slots: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = slots;
  return async (task) => {
    if (free > 0) free--;
    else await new Promise<void>((start) => waiting.push(start));
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}

/**
 * `caracal`, living from the resources of a case.
 *
 * @param patience seconds that everything has for coming to rest once the sessions are quiet
 * @param adapt makes the resources that the daemon gets of those of the case
 */
export function replayResources(
  name: string,
  family: FamilyNumber,
  patience: number,
  adapt: (resources: string) => string = (resources) => resources,
): Promise<Recording> {
  return replay(name, family, patience, (folder) => {
    const resources = join(folder, 'resources.yaml');
    writeFileSync(resources, adapt(readFileSync(join(folder, name, 'resources.yaml'), 'utf8')));
    const daemon = `${join(HOME, 'caracal')} run --node kube-master --datastore files --resources ${resources}`;
    return `${daemon} --http unix:${join(folder, 'status.sock')} --log-level warn`;
  });
}

/** `bird` or `bird6` of bird-compat, reading the configuration of a case. */
export function replayConfiguration(name: string, family: FamilyNumber, patience: number): Promise<Recording> {
  const program = family === 4 ? 'bird' : 'bird6';
  return replay(name, family, patience, () => `${join(HOME, 'bird-compat/bin', program)} -R -d -s {sock} -c {cfg}`);
}

/** @param command what starts the daemon, in a folder that has the case; the recorder fills in what stands in braces */
async function replay(
  name: string,
  family: FamilyNumber,
  patience: number,
  command: (folder: string) => string,
): Promise<Recording> {
  const folder = mkdtempSync(join(tmpdir(), 'caracal-conformance-'));
  try {
    const copy = join(folder, name);
    cpSync(join(RECORDINGS, 'cases', name), copy, { recursive: true });
    const output = join(folder, 'out.json');
    const injection = join(copy, 'inject.json');
    await runRecorder([
      ...[copy, '--af', String(family), '-o', output],
      ...['--no-ctl', '--idle', '1', '--settle', String(patience), '--timeout', '40'],
      ...(existsSync(injection) ? ['--inject', injection] : []),
      ...['--daemon', command(folder)],
    ]);
    return readRecording(output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The recorder takes its namespaces and the daemon down itself, also when it is asked to end. */
function runRecorder(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('python3', [join(RECORDINGS, 'replay.py'), ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`the recorder ended with ${code}: ${errors.trim()}`));
    });
  });
}

function readRecording(file: string): Recording {
  return JSON.parse(readFileSync(file, 'utf8')) as Recording;
}
