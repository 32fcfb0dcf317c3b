// `caracal lab up|show|exec|page|down`: a lab that stays, to look around in.

import { delimiter, dirname, resolve } from 'node:path';
import type { LabCommand } from '../src/cli/types.ts';
import { inNamespace, runInteractively } from './commands.ts';
import { waitUntilConverged } from './convergence.ts';
import { CARACAL } from './daemons.ts';
import { EXIT_INTERRUPTED, Interrupted, interruption } from './interruption.ts';
import { Lab } from './lab.ts';
import { LabError, type Machine, readLabFile } from './lab-file.ts';
import { openPage } from './lab-page.ts';
import { type LabState, readAllStates, removeAbandonedLabs } from './lab-state.ts';
import { rerunInside, rerunWithPrivileges } from './privileges.ts';
import { openTerminal } from './terminal.ts';

/** Returns the exit code: what the command ended with, or 1 for what went wrong here. */
export async function runLabCommand(command: LabCommand): Promise<number> {
  try {
    switch (command.action) {
      case 'up':
        return await up(command.file);
      case 'show':
        return await inside(findLab(command.file), show);
      case 'down':
        return await down(command.file);
      case 'exec':
        return await inside(findLab(command.file, command.node), (lab) => exec(lab, command.node, command.command));
      case 'page':
        return await page(Lab.attach(findLab(command.file, command.node)), command.node);
    }
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    console.error(`caracal: ${error.message}`);
    return 1;
  }
}

async function up(path: string): Promise<number> {
  readLabFile(path);
  const code = await rerunWithPrivileges();
  if (code !== undefined) return code;
  const terminal = openTerminal();
  const interrupted = interruption();
  const lab = await Lab.build(path);
  try {
    lab.startAll();
    const converged = waitUntilConverged(lab, ({ machine, text }) => terminal.progress(`${machine}: ${text}`));
    await Promise.race([converged, interrupted]);
    lab.keep();
  } catch (error) {
    await lab.down();
    if (error instanceof Interrupted) process.exit(EXIT_INTERRUPTED);
    throw error;
  }
  const [first] = lab.routers;
  terminal.line(`lab ${lab.id} is up; look around, for example with`);
  terminal.line(`  caracal lab exec ${first?.name ?? 'NODE'} -- caracal status`);
  terminal.line(`  caracal lab page ${first?.name ?? 'NODE'}`);
  terminal.line(`  caracal lab down ${path}`);
  return 0;
}

/** Where the lab is: perhaps this command has to run again in the user namespace in which the lab lives. */
async function inside(state: LabState, work: (lab: Lab) => Promise<number>): Promise<number> {
  return (await rerunInside(state)) ?? (await work(Lab.attach(state)));
}

async function show(lab: Lab): Promise<number> {
  console.log(`${lab.id}: ${lab.file.description}`);
  for (const machine of lab.file.machines) {
    const addresses = machine.addresses.map(({ address }) => address).join(' ');
    console.log(`\n${machine.name}  ${addresses}  ${await describeDaemon(lab, machine)}`.trimEnd());
    for (const pod of machine.pods) console.log(`  pod ${pod.name}  ${pod.addresses.join(' ')}`);
    if (machine.daemon !== 'none') console.log(`  log ${lab.paths(machine.name).log}`);
    if (machine.daemon === 'caracal') console.log(`  resources ${lab.paths(machine.name).resources}`);
  }
  return 0;
}

async function describeDaemon(lab: Lab, { name, daemon }: Machine): Promise<string> {
  if (daemon === 'none') return '';
  const sessions = await lab.sessions(name);
  if (sessions === undefined) return `${daemon}: does not answer`;
  return `${daemon}: ${sessions.established} of ${sessions.total} sessions Established`;
}

async function down(path: string): Promise<number> {
  await removeAbandonedLabs();
  const state = readAllStates().find(({ file }) => file === resolve(path));
  if (state === undefined) {
    readLabFile(path);
    console.log(`the lab ${path} is not up`);
    return 0;
  }
  return inside(state, async (lab) => {
    await lab.down();
    console.log(`lab ${lab.id} is down`);
    return 0;
  });
}

async function exec(lab: Lab, name: string, command: readonly string[]): Promise<number> {
  const isMachine = lab.file.machines.some((machine) => machine.name === name);
  // `caracal status` on a machine asks the machine's daemon, without a flag.
  const http = isMachine ? { CARACAL_HTTP: `unix:${lab.paths(name).socket}` } : {};
  const path = [dirname(CARACAL), process.env.PATH ?? '', '/usr/sbin', '/sbin'].join(delimiter);
  return runInteractively(inNamespace(lab.namespace(name), command), { PATH: path, ...http });
}

/** Until Ctrl-C. A socket is reached from everywhere: this need not run where the lab is. */
async function page(lab: Lab, name: string): Promise<number> {
  if (lab.file.machines.find((machine) => machine.name === name)?.daemon !== 'caracal') {
    throw new LabError(`no Caracal runs on ${name}`);
  }
  const interrupted = interruption();
  const { url, server } = await openPage(lab.paths(name).socket);
  console.log(`the status page of ${name} is at ${url} until Ctrl-C`);
  await interrupted.catch((error) => {
    if (!(error instanceof Interrupted)) throw error;
  });
  server.close();
  return 0;
}

/** By its file, or the one that is up and has a machine or pod of this name. */
function findLab(path: string | undefined, name?: string): LabState {
  const states = readAllStates();
  if (path !== undefined) {
    const found = states.find(({ file }) => file === resolve(path));
    if (found !== undefined) return found;
    readLabFile(path);
    throw new LabError(`the lab ${path} is not up`);
  }
  const candidates = states.filter(({ namespaces }) => namespaces.some((each) => each.split('.').at(-1) === name));
  const [only, ...others] = candidates;
  if (only !== undefined && others.length === 0) return only;
  if (states.length === 0) throw new LabError('no lab is up');
  if (only === undefined) throw new LabError(`no lab that is up has a machine or pod ${name}`);
  throw new LabError(`${name} is in several labs, say which: ${candidates.map(({ file }) => file).join(', ')}`);
}
