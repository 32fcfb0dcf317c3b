// `npm run demo`: builds a lab, runs Caracal in it, shows what a person would look at first, and takes all down again,
// also after Ctrl-C or an error.

import { join } from 'node:path';
import { waitUntilConverged } from './convergence.ts';
import { CARACAL, HOME } from './daemons.ts';
import { EXIT_INTERRUPTED, Interrupted, interruption } from './interruption.ts';
import { Lab } from './lab.ts';
import { LabError, type Machine } from './lab-file.ts';
import { rerunWithPrivileges } from './privileges.ts';
import { openTerminal, type Terminal } from './terminal.ts';

const DEFAULT_LAB = join(HOME, 'topologies/full-mesh.yaml');

async function demo(path: string): Promise<number> {
  const terminal = openTerminal();
  const interrupted = interruption();
  let lab: Lab | undefined;
  try {
    lab = await Lab.build(path, { id: `demo-${process.pid}` });
    await Promise.race([show(lab, terminal), interrupted]);
    return 0;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    terminal.line();
    return EXIT_INTERRUPTED;
  } finally {
    await lab?.down();
    if (lab !== undefined) terminal.progress('taken down: namespaces and processes are gone');
  }
}

async function show(lab: Lab, terminal: Terminal): Promise<void> {
  const pods = lab.file.machines.flatMap((machine) => machine.pods);
  terminal.line(`${lab.file.name}: ${lab.file.description}`);
  terminal.line();
  terminal.progress(`network namespaces for ${lab.file.machines.length} machines and ${pods.length} pods`);
  lab.startAll();
  terminal.progress(`started ${describeDaemons(lab)}`);
  await waitUntilConverged(lab, ({ machine, text }) => terminal.progress(`${machine}: ${text}`));
  const node = lab.routers.find(({ isNode, blocks }) => isNode && blocks.length > 0) ?? lab.routers[0];
  if (node === undefined) return;
  await showStatus(lab, terminal, node);
  await showRoutes(lab, terminal, node);
  await showPings(lab, terminal, node);
  terminal.line();
}

function describeDaemons(lab: Lab): string {
  const names = (kind: string) => lab.routers.filter(({ daemon }) => daemon === kind).map(({ name }) => name);
  const parts = (['caracal', 'bird'] as const).map((kind) => ({ kind, names: names(kind) }));
  const running = parts.filter((part) => part.names.length > 0);
  return running.map((part) => `${part.kind} in ${part.names.join(', ')}`).join('; ');
}

async function showStatus(lab: Lab, terminal: Terminal, node: Machine): Promise<void> {
  const { socket } = lab.paths(node.name);
  const [shown, argv] =
    node.daemon === 'bird'
      ? ['birdc show protocols', ['birdc', '-s', socket, 'show', 'protocols']]
      : ['caracal status', [CARACAL, 'status', '--http', `unix:${socket}`]];
  await showCommand(lab, terminal, node.name, argv, shown);
}

async function showRoutes(lab: Lab, terminal: Terminal, node: Machine): Promise<void> {
  await showCommand(lab, terminal, node.name, ['ip', 'route', 'show', 'proto', 'bird']);
  if (node.addresses.some(({ address }) => address.includes(':'))) {
    await showCommand(lab, terminal, node.name, ['ip', '-6', 'route', 'show', 'proto', 'bird']);
  }
}

async function showPings(lab: Lab, terminal: Terminal, node: Machine): Promise<void> {
  const from = node.pods[0];
  const to = lab.file.machines.find((machine) => machine !== node && machine.pods.length > 0)?.pods[0];
  if (from === undefined || to === undefined) return;
  for (const address of to.addresses) {
    await showCommand(lab, terminal, from.name, ['ping', '-c', '3', '-i', '0.2', address]);
  }
}

async function showCommand(
  lab: Lab,
  terminal: Terminal,
  where: string,
  argv: readonly string[],
  shown = argv.join(' '),
): Promise<void> {
  const { status, stdout, stderr } = await lab.run(where, argv);
  terminal.command(`${where}$ ${shown}`, stdout + stderr);
  if (status !== 0) throw new LabError(`${shown} ended with ${status} on ${where}`);
}

async function main(): Promise<number> {
  try {
    return (await rerunWithPrivileges()) ?? (await demo(process.argv[2] ?? DEFAULT_LAB));
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    console.error(`caracal: ${error.message}`);
    return 1;
  }
}

// After Ctrl-C something may still be waiting for the lab that is gone.
process.exit(await main());
