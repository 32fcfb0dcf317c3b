// The routing daemons that a machine of a lab can run, Caracal and the real BIRD: how each is started, and how it is
// asked for its sessions.

import { statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RouteReport, RoutesReport, StatusReport } from '../src/status/types.ts';
import { run } from './commands.ts';
import { httpGet } from './http-get.ts';
import { LabError, type Machine } from './lab-file.ts';

/** Where a machine of a lab keeps its things. */
export interface MachinePaths {
  readonly resources: string;
  readonly log: string;
  /** Control socket: HTTP for Caracal, BIRD's own for BIRD. */
  readonly socket: string;
  readonly birdConfiguration: string;
}

export interface Sessions {
  readonly established: number;
  readonly total: number;
}

export const HOME = dirname(import.meta.dirname);

/** The script `caracal`: of the repository, beside the bundle, or in the `bin` of a package (deploy/launchers.ts). */
const SCRIPTS = ['../caracal', 'caracal', '../../bin/caracal'].map((path) => join(import.meta.dirname, path));
export const CARACAL = SCRIPTS.find((path) => statSync(path, { throwIfNoEntry: false })?.isFile()) ?? SCRIPTS[0]!;

/** sockaddr_un has room for so much, without its final zero. */
const SOCKET_PATH_MAX = 107;

export function machinePaths(directory: string, machine: Machine): MachinePaths {
  const socket = join(directory, `${machine.name}.sock`);
  if (socket.length > SOCKET_PATH_MAX) throw new LabError(`${socket} is too long for the path of a socket`);
  return {
    resources: join(directory, machine.isNode ? 'cluster' : `resources-${machine.name}`),
    log: join(directory, `${machine.name}.log`),
    socket,
    birdConfiguration: join(directory, `${machine.name}.bird.conf`),
  };
}

/** The command line of the machine's daemon. */
export function daemonCommand(machine: Machine, paths: MachinePaths): readonly string[] {
  if (machine.daemon === 'bird') {
    writeFileSync(paths.birdConfiguration, machine.bird!);
    return ['bird', '-f', '-c', paths.birdConfiguration, '-s', paths.socket];
  }
  const where = ['--datastore', 'files', '--resources', paths.resources, '--http', `unix:${paths.socket}`];
  return [CARACAL, 'run', '--node', machine.name, ...where, ...machine.arguments];
}

/** undefined while the daemon does not answer yet, or has no configuration yet. */
export async function readSessions(machine: Machine, paths: MachinePaths): Promise<Sessions | undefined> {
  return machine.daemon === 'bird' ? birdSessions(paths.socket) : caracalSessions(paths.socket);
}

/** `GET /status`; undefined while the daemon does not answer. */
export async function readStatus(socket: string): Promise<StatusReport | undefined> {
  const text = await httpGet(socket, '/status');
  return text === undefined ? undefined : JSON.parse(text);
}

/** `GET /routes` for one prefix: all its paths, the best one first. */
export async function readRoutes(socket: string, prefix: string): Promise<readonly RouteReport[]> {
  const text = await httpGet(socket, `/routes?prefix=${encodeURIComponent(prefix)}`);
  if (text === undefined) return [];
  const report: RoutesReport = JSON.parse(text);
  return report.routes;
}

async function caracalSessions(socket: string): Promise<Sessions | undefined> {
  const status = await readStatus(socket);
  if (status?.agent.lastReconfigurationTime === undefined) return undefined;
  const peers = [...status.bgp.peersV4, ...status.bgp.peersV6];
  return { established: peers.filter(({ state }) => state === 'Established').length, total: peers.length };
}

async function birdSessions(socket: string): Promise<Sessions | undefined> {
  const { status, stdout } = await run(['birdc', '-s', socket, 'show', 'protocols']);
  if (status !== 0) return undefined;
  const sessions = stdout.split('\n').filter((line) => line.split(/\s+/)[1] === 'BGP');
  return { established: sessions.filter((line) => line.includes('Established')).length, total: sessions.length };
}
