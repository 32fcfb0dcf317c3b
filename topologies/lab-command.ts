// `caracal lab up|show|exec|down`: a lab that stays, to look around in.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { inNamespace, runInteractively } from './commands.ts';
import { waitUntilConverged } from './convergence.ts';
import { HOME } from './daemons.ts';
import { Lab } from './lab.ts';
import { LabError, readLabFile } from './lab-file.ts';
import { type LabState, readAllStates, removeAbandonedLabs } from './lab-state.ts';
import { rerunInside, rerunWithPrivileges } from './privileges.ts';
import { openTerminal } from './terminal.ts';

export const LAB_USAGE = `usage: caracal lab up FILE                build a lab and leave it running
       caracal lab show [FILE]            its machines, pods, sessions and logs
       caracal lab exec NODE -- COMMAND   run a command on a machine or in a pod
       caracal lab down [FILE]            take it down

FILE can be left out while only one lab is up; 'caracal lab exec' takes it as '--lab FILE'.
The labs that come with Caracal are in ${HOME}/topologies.`;

/** The arguments behind `caracal lab`. Returns the exit code: 2 for a wrong command line, 1 for what went wrong. */
export async function runLabCommand(args: readonly string[]): Promise<number> {
  const [verb, ...rest] = args;
  try {
    if (verb === 'up' && rest.length === 1) return await up(rest[0]!);
    if (verb === 'show' && rest.length <= 1) return await show(rest[0]);
    if (verb === 'down' && rest.length <= 1) return await down(rest[0]);
    if (verb === 'exec') return await exec(rest);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    console.error(`caracal: ${error.message}`);
    return 1;
  }
  const isHelp = verb === '--help' || verb === 'help';
  (isHelp ? console.log : console.error)(LAB_USAGE);
  return isHelp ? 0 : 2;
}

async function up(path: string): Promise<number> {
  readLabFile(path);
  const code = await rerunWithPrivileges();
  if (code !== undefined) return code;
  const terminal = openTerminal();
  const lab = await Lab.build(path, { keep: true });
  const abandon = async () => {
    await lab.down();
    process.exit(130);
  };
  process.once('SIGINT', abandon).once('SIGTERM', abandon);
  try {
    lab.startAll();
    await waitUntilConverged(lab, ({ machine, text }) => terminal.progress(`${machine}: ${text}`));
  } catch (error) {
    await lab.down();
    throw error;
  }
  const [first] = lab.routers;
  terminal.line(`lab ${lab.id} is up; look around, for example with`);
  terminal.line(`  caracal lab exec ${first?.name ?? 'NODE'} -- caracal status`);
  terminal.line('  caracal lab down');
  return 0;
}

async function show(path: string | undefined): Promise<number> {
  await removeAbandonedLabs();
  if (path === undefined && readAllStates().length === 0) {
    console.log('no lab is up');
    return 0;
  }
  const state = findLab(path);
  const code = await rerunInside(state);
  if (code !== undefined) return code;
  const lab = Lab.attach(state);
  console.log(`${lab.id}: ${lab.file.description}`);
  for (const machine of lab.file.machines) {
    const addresses = machine.addresses.map(({ address }) => address).join(' ');
    const sessions = machine.daemon === 'none' ? undefined : await lab.sessions(machine.name);
    const counted = sessions && `${sessions.established} of ${sessions.total} sessions`;
    const daemon = machine.daemon === 'none' ? '' : `${machine.daemon}: ${counted ?? 'does not answer'}`;
    console.log(`\n${machine.name}  ${addresses}  ${daemon}`.trimEnd());
    for (const pod of machine.pods) console.log(`  pod ${pod.name}  ${pod.addresses.join(' ')}`);
    if (machine.daemon !== 'none') console.log(`  log ${lab.paths(machine.name).log}`);
    if (machine.daemon === 'caracal') console.log(`  resources ${lab.paths(machine.name).resources}`);
  }
  return 0;
}

async function down(path: string | undefined): Promise<number> {
  await removeAbandonedLabs();
  const states = readAllStates();
  const wanted = path === undefined ? states : states.filter(({ file }) => file === resolve(path));
  if (wanted.length === 0) {
    console.log('no lab is up');
    return 0;
  }
  const state = findLab(path);
  const code = await rerunInside(state);
  if (code !== undefined) return code;
  await Lab.attach(state).down();
  console.log(`lab ${state.id} is down`);
  return 0;
}

async function exec(args: readonly string[]): Promise<number> {
  const split = args.indexOf('--');
  const [before, command] =
    split < 0 ? [args.slice(0, 1), args.slice(1)] : [args.slice(0, split), args.slice(split + 1)];
  const path = before[0] === '--lab' ? before[1] : undefined;
  const [name, ...more] = path === undefined ? before : before.slice(2);
  if (name === undefined || more.length > 0 || command.length === 0) {
    console.error(LAB_USAGE);
    return 2;
  }
  const state = findLab(path);
  const code = await rerunInside(state);
  if (code !== undefined) return code;
  const lab = Lab.attach(state);
  const isMachine = lab.file.machines.some((machine) => machine.name === name);
  const path_ = `${HOME}:${process.env.PATH ?? ''}:/usr/sbin:/sbin`;
  // `caracal status` on a machine asks the machine's daemon, without a flag.
  const http = isMachine ? { CARACAL_HTTP: `unix:${lab.paths(name).socket}` } : {};
  return runInteractively(inNamespace(lab.namespace(name), command), { PATH: path_, ...http });
}

/** By its file, or the only one that is up. */
function findLab(path: string | undefined): LabState {
  const states = readAllStates();
  if (path === undefined) {
    const [only, ...others] = states;
    if (only !== undefined && others.length === 0) return only;
    throw new LabError(
      only === undefined ? 'no lab is up' : `say which lab: ${states.map(({ file }) => file).join(', ')}`,
    );
  }
  const found = states.find(({ file }) => file === resolve(path));
  if (found !== undefined) return found;
  throw new LabError(existsSync(path) ? `the lab ${path} is not up` : `there is no file ${path}`);
}
