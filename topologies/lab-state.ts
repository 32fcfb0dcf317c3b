// What is left of a lab on disk: a folder for each lab with its state, resources, logs and sockets. From it and from a
// mark in the environment of its processes a lab can be taken down by anybody, also after its maker was killed.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { existingNamespaces, runOrThrow } from './commands.ts';
import { LabError } from './lab-file.ts';
import { waitFor } from './wait-for.ts';

export interface LabState {
  readonly id: string;
  /** The lab file's absolute path. */
  readonly file: string;
  /** Whoever takes it down; absent: it stays until `caracal lab down`. */
  readonly owner?: ProcessIdentity;
  /** The namespaces are inside a user namespace, and go with the last process in it. */
  readonly inUserNamespace: boolean;
  readonly namespaces: readonly string[];
}

/** A process id alone may have gone to somebody else. */
interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks since boot. */
  readonly startTime: string;
}

/** Environment variable of every daemon of a lab; its value is the lab's folder. */
export const LAB_MARK = 'CARACAL_LAB';

const STATE_FILE = 'state.json';
const STOP_TIME_MS = 3_000;

export function runDirectory(): string {
  const told = process.env.CARACAL_LAB_DIRECTORY;
  if (told !== undefined) return told;
  return process.geteuid?.() === 0 ? '/run/caracal-lab' : join(tmpdir(), `caracal-lab-${process.getuid?.()}`);
}

export function labDirectory(id: string): string {
  return join(runDirectory(), id);
}

/** Atomic: the folder is there with its state, or not at all. Written before anything is built. */
export function createState(state: LabState): string {
  mkdirSync(runDirectory(), { recursive: true, mode: 0o700 });
  const draft = mkdtempSync(join(runDirectory(), '.new-'));
  writeFileSync(join(draft, STATE_FILE), JSON.stringify(state, null, 2));
  try {
    renameSync(draft, labDirectory(state.id));
  } catch (error) {
    rmSync(draft, { recursive: true });
    if (existsSync(labDirectory(state.id))) {
      throw new LabError(`lab ${state.id} is up already; take it down with: caracal lab down ${state.file}`);
    }
    throw error;
  }
  return labDirectory(state.id);
}

export function updateState(state: LabState): void {
  const draft = join(labDirectory(state.id), '.state.json');
  writeFileSync(draft, JSON.stringify(state, null, 2));
  renameSync(draft, join(labDirectory(state.id), STATE_FILE));
}

function readState(id: string): LabState | undefined {
  const path = join(labDirectory(id), STATE_FILE);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

export function readAllStates(): readonly LabState[] {
  if (!existsSync(runDirectory())) return [];
  const names = readdirSync(runDirectory()).filter((name) => !name.startsWith('.'));
  return names.map(readState).filter((state) => state !== undefined);
}

/**
 * Takes down every lab whose owner is gone, for example by SIGKILL. Not from inside a user namespace, where the processes
 * of other labs cannot be seen.
 */
export async function removeAbandonedLabs(): Promise<void> {
  for (const state of readAllStates()) if (isAbandoned(state)) await removeLab(state);
}

function isAbandoned(state: LabState): boolean {
  if (state.owner !== undefined) return startTimeOf(state.owner.pid) !== state.owner.startTime;
  return state.inUserNamespace && labProcesses(state.id).length === 0;
}

export function ownProcess(): ProcessIdentity {
  return { pid: process.pid, startTime: startTimeOf(process.pid) ?? '' };
}

/** Idempotent: whatever of the lab is there is gone afterwards. */
export async function removeLab(state: LabState): Promise<void> {
  signalAll(state.id, 'SIGTERM');
  const stopped = await waitFor(() => labProcesses(state.id).length === 0, STOP_TIME_MS);
  if (!stopped) {
    signalAll(state.id, 'SIGKILL');
    await waitFor(() => labProcesses(state.id).length === 0, STOP_TIME_MS);
  }
  const existing = existingNamespaces();
  const mine = state.namespaces.filter((name) => existing.has(name));
  await runOrThrow(['ip', '-force', '-batch', '-'], mine.map((name) => `netns del ${name}\n`).join(''));
  rmSync(labDirectory(state.id), { recursive: true, force: true });
}

/** The daemons of a lab, known by their mark: only what a lab started carries it. */
export function labProcesses(id: string): readonly number[] {
  const mark = `${LAB_MARK}=${labDirectory(id)}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => readProcFile(`/proc/${pid}/environ`)?.split('\0').includes(mark))
    .map(Number);
}

function signalAll(id: string, signal: NodeJS.Signals): void {
  for (const pid of labProcesses(id)) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (!isCode(error, 'ESRCH')) throw error;
    }
  }
}

function startTimeOf(pid: number): string | undefined {
  // The name in field 2 may hold spaces; fields are counted behind its closing parenthesis.
  const stat = readProcFile(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

/** undefined where the process is gone, or is not ours to look at. */
function readProcFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].some((code) => isCode(error, code))) return undefined;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
