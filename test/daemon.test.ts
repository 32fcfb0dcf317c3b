// The daemon as a process: how it starts, refuses to start, answers and ends. Needs no privileges; sessions and kernels
// are tested in test/lab.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { httpGet } from '../topologies/http-get.ts';
import { waitFor } from '../topologies/wait-for.ts';

const CARACAL = join(import.meta.dirname, '..', 'caracal');
const TIMEOUT = 90_000;

const RESOURCES = `apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: node-1}
spec: {bgp: {ipv4Address: 127.0.0.1/32}}
---
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: other}
spec: {peerIP: 127.0.0.2, asNumber: 64512}
`;

interface Run {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly exit: Promise<number | null>;
}

let folder: string;
let runs: Run[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'caracal-daemon-test-'));
  writeFileSync(join(folder, 'cluster.yaml'), RESOURCES);
  runs = [];
});

afterEach(async () => {
  for (const run of runs) run.process.kill('SIGKILL');
  await Promise.all(runs.map((run) => run.exit));
  rmSync(folder, { recursive: true });
});

function caracal(...words: string[]): Run {
  const { HOSTNAME: _, NODENAME: __, ...env } = process.env;
  const child = spawn(CARACAL, words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  const run = { process: child, output: () => text, exit };
  runs.push(run);
  return run;
}

function runWords(node: string, resources: string, socket = 'a.sock'): string[] {
  const where = ['--datastore', 'files', '--resources', resources, '--kernel', 'none'];
  return ['run', '--node', node, ...where, '--http', `unix:${join(folder, socket)}`];
}

function daemon(port: number, socket = 'a.sock'): Run {
  return caracal(...runWords('node-1', folder, socket), '--listen', `127.0.0.1:${port}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Waits until the daemon's status says so; asked by HTTP, since a command for each question would take its time. */
async function untilStatusSays(text: string): Promise<void> {
  const says = async () => (await httpGet(join(folder, 'a.sock'), '/status'))?.includes(text) ?? false;
  expect(await waitFor(says, TIMEOUT)).toBe(true);
}

async function status(socket = 'a.sock'): Promise<string> {
  const run = caracal('status', '--http', `unix:${join(folder, socket)}`);
  await run.exit;
  return run.output();
}

/** All that the control socket says until the end of the answer. */
function askControl(path: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (text += chunk));
    socket.once('error', reject);
    socket.once('close', () => resolve(text));
    socket.end(`${command}\n`);
  });
}

describe('caracal run', () => {
  it("answers BIRD's clients on a socket for each family, and no other daemon does", { timeout: TIMEOUT }, async () => {
    const paths = ['bird.ctl', 'bird6.ctl'].map((name) => join(folder, name));
    const sockets = ['--control', paths[0]!, '--control6', paths[1]!];
    const run = caracal(...runWords('node-1', folder), '--listen', `127.0.0.1:${await freePort()}`, ...sockets);
    await untilStatusSays('Global_127_0_0_2');
    const answers = await Promise.all(paths.map((path) => askControl(path, 'show protocols')));
    expect(answers.map((answer) => answer.includes('Global_127_0_0_2 BGP      master   start'))).toEqual([true, false]);
    const second = caracal(...runWords('node-1', folder, 'b.sock'), '--control', paths[0]!);
    expect(await second.exit).toBe(1);
    expect(second.output()).toContain(`I found another BIRD running. (control socket ${paths[0]})`);
    expect(await askControl(paths[0]!, 'down')).toContain('0007 Shutdown requested');
    expect(await run.exit).toBe(0);
    expect(paths.map((path) => existsSync(path))).toEqual([false, false]);
  });

  it('answers status while it runs, and ends with 0 on SIGTERM', { timeout: TIMEOUT }, async () => {
    const run = daemon(await freePort());
    await untilStatusSays('127.0.0.2');
    expect(await status()).toMatch(/^Caracal process is running\.\nNode node-1, AS 64512, router ID 127\.0\.0\.1/);
    run.process.kill('SIGTERM');
    expect(await run.exit).toBe(0);
    expect(await status()).toContain('no Caracal answers');
  });

  it('compares the kernel with what it should hold on SIGUSR2', { timeout: TIMEOUT }, async () => {
    const run = daemon(await freePort());
    await untilStatusSays('127.0.0.2');
    run.process.kill('SIGUSR2');
    expect(await waitFor(() => run.output().includes('as asked by SIGUSR2'), TIMEOUT)).toBe(true);
  });

  it('refuses to start where another one has the port, says so, and exits with 1', { timeout: TIMEOUT }, async () => {
    const port = await freePort();
    daemon(port);
    await untilStatusSays('127.0.0.2');
    const second = daemon(port, 'b.sock');
    expect(await second.exit).toBe(1);
    expect(second.output()).toContain(`another process listens on 127.0.0.1 port ${port}`);
    expect(second.output()).not.toContain('did not come up: connection');
    expect(await status()).toContain('Caracal process is running.');
  });

  it('takes up a change of the files, and keeps what it had while a file is broken', { timeout: TIMEOUT }, async () => {
    daemon(await freePort());
    await untilStatusSays('127.0.0.2');
    writeFileSync(join(folder, 'cluster.yaml'), `${RESOURCES}  : {broken\n`);
    await untilStatusSays('cluster.yaml');
    expect(await status()).toContain('127.0.0.2');
    writeFileSync(join(folder, 'cluster.yaml'), RESOURCES.replace('127.0.0.2', '127.0.0.3'));
    await untilStatusSays('127.0.0.3');
    expect(await status()).not.toMatch(/127\.0\.0\.2|cluster\.yaml/);
  });

  const refusals: readonly [string, () => string[], number, string][] = [
    [
      'a node that is not among the resources',
      () => runWords('nope', folder),
      2,
      'there is no Node nope among the resources',
    ],
    ['a folder that does not exist', () => runWords('node-1', join(folder, 'missing')), 2, 'no such file or folder'],
    ['an unknown option', () => ['run', '--resource', folder], 2, 'did you mean --resources?'],
    ['nobody to ask', () => ['status', '--http', `unix:${join(folder, 'none.sock')}`], 1, 'no Caracal answers'],
  ];
  it.each(refusals)('says %s in a sentence', { timeout: TIMEOUT }, async (_what, words, code, text) => {
    const run = caracal(...words());
    expect([await run.exit, run.output()]).toEqual([code, expect.stringContaining(text)]);
  });
});

describe('caracal run --check', () => {
  it('finds nothing wrong with good files', { timeout: TIMEOUT }, async () => {
    const run = caracal('run', '--check', '--node', 'node-1', '--resources', folder);
    expect([await run.exit, run.output()]).toEqual([0, '2 resources, no problems; 1 peers\n']);
  });

  it('names kind, resource, field and what is wrong, and exits with 1', { timeout: TIMEOUT }, async () => {
    writeFileSync(
      join(folder, 'bad.yaml'),
      'apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: {name: p}\nspec: {cidr: 10.0.0.1/8}\n',
    );
    const run = caracal('run', '--check', '--node', 'node-1', '--resources', folder);
    expect(await run.exit).toBe(1);
    expect(run.output()).toMatch(/IPPool p.*spec\.cidr/);
  });
});
