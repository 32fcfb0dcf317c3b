// What is bundled works as the sources do: what is loaded on request is found beside the program.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { httpGet } from '../../topologies/http-get.ts';
import { waitFor } from '../../topologies/wait-for.ts';

const TIMEOUT = 120_000;
const BUILD = join(import.meta.dirname, '../../deploy/build.ts');
const NODE = `apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: node-1}
spec: {bgp: {ipv4Address: 127.0.0.1/32}}
`;

/** All of 127.0.0.0/8 is loopback. */
const OWN_ADDRESS = `127.9.${(process.pid >> 8) & 255}.${process.pid & 255}:1790`;

let folder: string;
let socket: string;
let daemon: ChildProcess;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'caracal-bundle-'));
  socket = join(folder, 'a.sock');
  execFileSync(process.execPath, [BUILD, join(folder, 'dist')], { stdio: 'ignore' });
  writeFileSync(join(folder, 'node.yaml'), NODE);
  const where = ['--datastore', 'files', '--resources', join(folder, 'node.yaml'), '--http', `unix:${socket}`];
  const words = ['run', '--node', 'node-1', '--kernel', 'none', '--listen', OWN_ADDRESS, ...where];
  daemon = spawn(process.execPath, [join(folder, 'dist/caracal.mjs'), ...words], { stdio: 'ignore' });
  expect(await waitFor(async () => (await httpGet(socket, '/livez')) !== undefined, TIMEOUT)).toBe(true);
}, TIMEOUT);

afterAll(async () => {
  const closed = new Promise((resolve) => daemon.once('close', resolve));
  daemon.kill('SIGKILL');
  await closed;
  rmSync(folder, { recursive: true });
}, TIMEOUT);

test('metrics are there, though their package is loaded with the first question', async () => {
  expect(await httpGet(socket, '/metrics')).toContain('caracal_ready 1');
});

test.each(['main.js', 'style.css', 'icon.svg'])('the page has its file %s', async (name) => {
  expect(await httpGet(socket, `/page/${name}`)).toBeDefined();
});
