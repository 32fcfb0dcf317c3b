// A running lab: namespaces, one daemon process for each machine, their logs. Made from a lab file, used by `caracal lab`,
// the demo and the tests, and taken down completely whatever happened before.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { RouteReport, StatusReport } from '../src/status/types.ts';
import { planBuild } from './build-script.ts';
import { type CommandResult, environment, inNamespace, run, runOrThrow } from './commands.ts';
import {
  daemonCommand,
  type MachinePaths,
  machinePaths,
  readRoutes,
  readSessions,
  readStatus,
  type Sessions,
} from './daemons.ts';
import { LabError, type LabFile, type Machine, readLabFile } from './lab-file.ts';
import {
  createState,
  LAB_MARK,
  type LabState,
  labDirectory,
  ownProcess,
  removeAbandonedLabs,
  removeLab,
  updateState,
} from './lab-state.ts';
import { clusterFiles, machineFiles } from './node-resources.ts';
import { isInUserNamespace } from './privileges.ts';
import { waitFor } from './wait-for.ts';

export interface LabOptions {
  /** Two labs with the same id cannot be up at once; default: the lab's name. */
  readonly id?: string;
}

/** A route as `ip -json route` prints it, as far as labs look at it. */
export interface IpRoute {
  readonly dst: string;
  readonly type?: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly protocol?: string;
  readonly metric?: number;
  readonly nexthops?: readonly { readonly gateway?: string; readonly dev: string }[];
}

/** How long a daemon has after SIGTERM. */
const STOP_MS = 5_000;

export class Lab {
  readonly file: LabFile;
  readonly id: string;
  readonly directory: string;
  readonly #state: LabState;
  readonly #namespaces: ReadonlyMap<string, string>;
  readonly #daemons = new Map<string, ChildProcess>();

  private constructor(file: LabFile, state: LabState) {
    this.file = file;
    this.id = state.id;
    this.directory = labDirectory(state.id);
    this.#state = state;
    this.#namespaces = planBuild(file, state.id).namespaces;
  }

  /** Builds the network and writes the resources; no daemon runs yet (`startAll`). Nothing is left when it fails. */
  static build(path: string, options: LabOptions = {}): Promise<Lab> {
    return Lab.buildFrom(readLabFile(path), { ...options, path });
  }

  /** Like `build`, for a lab that is in no file of its own (`parseLab`). */
  static async buildFrom(file: LabFile, options: LabOptions & { readonly path?: string } = {}): Promise<Lab> {
    const id = options.id ?? file.name;
    const plan = planBuild(file, id);
    if (!isInUserNamespace()) await removeAbandonedLabs();
    const state: LabState = {
      id,
      file: resolve(options.path ?? file.name),
      owner: ownProcess(),
      inUserNamespace: isInUserNamespace(),
      namespaces: plan.allNamespaces,
    };
    createState(state);
    try {
      const lab = new Lab(file, state);
      await runOrThrow(['sh', '-s'], plan.script);
      lab.#writeResources();
      return lab;
    } catch (error) {
      await removeLab(state);
      throw error;
    }
  }

  /** A lab that somebody else has built. */
  static attach(state: LabState): Lab {
    return new Lab(readLabFile(state.file), state);
  }

  get routers(): readonly Machine[] {
    return this.file.machines.filter(({ daemon }) => daemon !== 'none');
  }

  machine(name: string): Machine {
    const machine = this.file.machines.find((candidate) => candidate.name === name);
    if (machine === undefined) {
      throw new LabError(`there is no machine ${name}, only ${this.file.machines.map((each) => each.name).join(', ')}`);
    }
    return machine;
  }

  paths(name: string): MachinePaths {
    return machinePaths(this.directory, this.machine(name));
  }

  namespace(name: string): string {
    const namespace = this.#namespaces.get(name);
    if (namespace !== undefined) return namespace;
    throw new LabError(`there is no machine or pod ${name}, only ${[...this.#namespaces.keys()].join(', ')}`);
  }

  /** Runs a program in the namespace of a machine or a pod. */
  run(name: string, argv: readonly string[]): Promise<CommandResult> {
    return run(inNamespace(this.namespace(name), argv));
  }

  startAll(): void {
    for (const { name } of this.routers) this.start(name);
  }

  /** Starts the machine's daemon; its output goes to its log. */
  start(name: string): void {
    const paths = this.paths(name);
    const [file = '', ...args] = inNamespace(this.namespace(name), daemonCommand(this.machine(name), paths));
    const log = openSync(paths.log, 'a');
    // Its own session: Ctrl-C in our terminal is for us, who then stop it in good order.
    const child = spawn(file, args, {
      cwd: this.directory,
      detached: true,
      env: environment({ [LAB_MARK]: this.directory }),
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    child.on('error', (error) => writeFileSync(paths.log, `cannot start: ${error.message}\n`, { flag: 'a' }));
    child.unref();
    this.#daemons.set(name, child);
  }

  /** Ends the daemon that `start` started, and waits until it has ended. SIGKILL is its sudden death. */
  async stop(name: string, signal: 'SIGTERM' | 'SIGKILL' | 'SIGQUIT' = 'SIGTERM'): Promise<void> {
    const child = this.#daemons.get(name);
    if (child === undefined) throw new LabError(`${name} has no daemon that this process started`);
    child.kill(signal);
    if (!(await waitFor(() => hasEnded(child), STOP_MS))) throw new LabError(`${name} does not end on ${signal}`);
    this.#daemons.delete(name);
  }

  /** A node's death: the process is gone, and the cable is out. */
  async crash(name: string): Promise<void> {
    await this.stop(name, 'SIGKILL');
    await this.setLink(name, 'down');
  }

  async setLink(name: string, state: 'up' | 'down', device = 'eth0'): Promise<void> {
    await runOrThrow(['ip', '-n', this.namespace(name), 'link', 'set', device, state]);
  }

  /** A sentence when the daemon has ended by itself. */
  failure(name: string): string | undefined {
    const child = this.#daemons.get(name);
    if (child === undefined || !hasEnded(child)) return undefined;
    const how = child.signalCode === null ? `with exit code ${child.exitCode}` : `by ${child.signalCode}`;
    return `the daemon of ${name} ended ${how}: ${this.logTail(name, 10) || 'it said nothing'}`;
  }

  logTail(name: string, lines: number): string {
    const { log } = this.paths(name);
    if (!existsSync(log)) return '';
    return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }

  /** undefined while the daemon does not answer, or has not read its configuration. */
  sessions(name: string): Promise<Sessions | undefined> {
    return readSessions(this.machine(name), this.paths(name));
  }

  /** What Caracal says at `GET /status`. */
  status(name: string): Promise<StatusReport | undefined> {
    return readStatus(this.paths(name).socket);
  }

  /** What Caracal knows about a prefix, at `GET /routes`. */
  routes(name: string, prefix: string): Promise<readonly RouteReport[]> {
    return readRoutes(this.paths(name).socket, prefix);
  }

  /** The routes in the machine's kernel that a BGP daemon wrote, both families, in the order of `ip`. */
  async kernelRoutes(name: string): Promise<readonly IpRoute[]> {
    const read = async (family: string): Promise<IpRoute[]> => {
      const text = await runOrThrow([
        'ip',
        '-n',
        this.namespace(name),
        family,
        '-json',
        'route',
        'show',
        'proto',
        'bird',
      ]);
      return JSON.parse(text || '[]');
    };
    return [...(await read('-4')), ...(await read('-6'))];
  }

  /** Blocks of the other nodes: what a node is to have a route to when all is well. */
  foreignBlocks(name: string): readonly string[] {
    const others = this.file.machines.filter((machine) => machine.name !== name);
    return others.flatMap(({ blocks }) => blocks);
  }

  /** From now on the lab outlives this process, until somebody takes it down. */
  keep(): void {
    const { owner: _, ...state } = this.#state;
    updateState(state);
  }

  async down(): Promise<void> {
    await removeLab(this.#state);
  }

  #writeResources(): void {
    const folders = new Map<string, ReadonlyMap<string, string>>();
    for (const machine of this.routers.filter(({ daemon }) => daemon === 'caracal')) {
      const files = machine.isNode ? clusterFiles(this.file) : machineFiles(machine);
      folders.set(this.paths(machine.name).resources, files);
    }
    for (const [folder, files] of folders) {
      mkdirSync(folder);
      for (const [name, text] of files) writeFileSync(join(folder, name), text);
    }
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
