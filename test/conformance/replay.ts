// Runs the recorder of real BIRDs on Caracal: one case of Calico's configurations, in private network namespaces, against
// scripted neighbours and kernel routes. Not here: what the outcome has to be (conformance.test.ts).

import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

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

/**
 * @param patience seconds that everything has for coming to rest once the sessions are quiet
 * @param adapt makes the resources that the daemon gets of those of the case
 */
export async function replay(
  name: string,
  family: FamilyNumber,
  patience: number,
  adapt: (resources: string) => string = (resources) => resources,
): Promise<Recording> {
  const folder = mkdtempSync(join(tmpdir(), 'caracal-conformance-'));
  try {
    const copy = join(folder, name);
    cpSync(join(RECORDINGS, 'cases', name), copy, { recursive: true });
    const resources = join(folder, 'resources.yaml');
    writeFileSync(resources, adapt(readFileSync(join(copy, 'resources.yaml'), 'utf8')));
    const output = join(folder, 'out.json');
    const injection = join(copy, 'inject.json');
    await runRecorder([
      copy,
      ...[
        '--af',
        String(family),
        '-o',
        output,
        '--no-ctl',
        '--idle',
        '1',
        '--settle',
        String(patience),
        '--timeout',
        '40',
      ],
      ...(existsSync(injection) ? ['--inject', injection] : []),
      ...['--daemon', daemonCommand(resources, folder)],
    ]);
    return readRecording(output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function daemonCommand(resources: string, folder: string): string {
  const daemon = `${join(HOME, 'caracal')} run --node kube-master --datastore files --resources ${resources}`;
  return `${daemon} --http unix:${join(folder, 'status.sock')} --log-level warn`;
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
