// Runs other programs: to their end with their output, or as the user's own with his terminal.

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { delimiter } from 'node:path';
import { LabError } from './lab-file.ts';

export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The folder of network namespaces that `ip netns` knows. */
export const NETNS_DIRECTORY = '/run/netns';

/** `ip` and `bird` live in sbin, which ordinary users do not search. */
export function environment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { ...process.env, PATH: [process.env.PATH ?? '', '/usr/sbin', '/sbin'].join(delimiter), ...extra };
}

/** argv as it runs inside a namespace: nsenter replaces itself, so that the process id is the program's. */
export function inNamespace(namespace: string, argv: readonly string[]): readonly string[] {
  return ['nsenter', `--net=${NETNS_DIRECTORY}/${namespace}`, ...argv];
}

/** Never throws for a non-zero exit; throws LabError where there is no such program. */
export function run(argv: readonly string[], input = ''): Promise<CommandResult> {
  const [file = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env: environment(), stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', (error) => reject(new LabError(`cannot run ${file}: ${error.message}`)));
    child.on('close', (code, signal) => resolve({ status: code ?? signalStatus(signal), stdout, stderr }));
    // A program that ends before it has read everything is no error of ours; its exit status tells.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** Like `run`, for what has to succeed. */
export async function runOrThrow(argv: readonly string[], input = ''): Promise<string> {
  const result = await run(argv, input);
  if (result.status !== 0) {
    const said = (result.stderr || result.stdout).trim();
    throw new LabError(`${argv.join(' ')} failed with ${result.status}${said === '' ? '' : `: ${said}`}`);
  }
  return result.stdout;
}

/** With the user's terminal. Ctrl-C reaches the program by itself; other signals are passed on. */
export function runInteractively(
  argv: readonly string[],
  extra: Readonly<Record<string, string>> = {},
): Promise<number> {
  const [file = '', ...args] = argv;
  const child = spawn(file, args, { env: environment(extra), stdio: 'inherit' });
  const stay = () => {};
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGINT', stay).on('SIGTERM', pass).on('SIGHUP', pass);
  return new Promise<number>((resolve, reject) => {
    child.on('error', (error) => reject(new LabError(`cannot run ${file}: ${error.message}`)));
    child.on('exit', (code, signal) => resolve(code ?? signalStatus(signal)));
  }).finally(() => process.off('SIGINT', stay).off('SIGTERM', pass).off('SIGHUP', pass));
}

export function existingNamespaces(): ReadonlySet<string> {
  try {
    return new Set(readdirSync(NETNS_DIRECTORY));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Set();
    throw error;
  }
}

/** As shells report a program that a signal ended. */
function signalStatus(signal: NodeJS.Signals | null): number {
  return signal === 'SIGINT' ? 130 : signal === 'SIGKILL' ? 137 : 143;
}
