// README's way from nothing to a lab, typed as it stands there: the lab is up, its status page is served, all goes away.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { existingNamespaces } from '../../topologies/commands.ts';
import { describeWith } from '../requirements.ts';

const HOME = join(import.meta.dirname, '../..');
const TIMEOUT = 120_000;
const LAB = 'topologies/full-mesh.yaml';
const README = readFileSync(join(HOME, 'README.md'), 'utf8');

let folder: string;
/** The lab under another name: the real one may be up on this machine. */
let lab: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'caracal-readme-'));
  lab = join(folder, `readme-${process.pid}.yaml`);
  copyFileSync(join(HOME, LAB), lab);
});

afterAll(async () => {
  // What a failure left.
  await start(`./caracal lab down ${LAB}`).closed;
  rmSync(folder, { recursive: true });
});

function commandsOf(heading: string): readonly string[] {
  const [, section = ''] = README.split(`## ${heading}\n`);
  const [body = ''] = section.split(/^## /m);
  const blocks = [...body.matchAll(/^```\n([\s\S]*?)^```/gm)].flatMap(([, block]) => block!.trim().split('\n'));
  return blocks.filter((line) => line.startsWith('./caracal '));
}

function start(command: string) {
  const env = { ...process.env, CARACAL_LAB_DIRECTORY: folder };
  const child = spawn('sh', ['-c', `exec ${command.replace(LAB, lab)}`], { cwd: HOME, env, stdio: 'pipe' });
  const seen = { child, text: '', closed: once(child, 'close') };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      seen.text += text;
    });
  }
  return seen;
}

describeWith(['namespaces', 'ip', 'ping'], 'README', () => {
  test('leads to a lab with its status page open, and away again', { timeout: TIMEOUT }, async () => {
    const commands = commandsOf('From nothing to a lab');
    expect(commands[0]).toBe(`./caracal lab up ${LAB}`);
    expect(commands.at(-1)).toBe(`./caracal lab down ${LAB}`);
    for (const command of commands) {
      const seen = start(command);
      if (command.includes('lab page')) {
        const address = () => /at (http:\S+) until/.exec(seen.text)?.[1];
        await expect.poll(address, { timeout: TIMEOUT }).toBeDefined();
        const page = await fetch(address()!, { headers: { accept: 'text/html' } });
        expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<title>')]);
        seen.child.kill('SIGINT');
      }
      const [code] = await seen.closed;
      expect([command, code, seen.text]).toEqual([command, 0, expect.any(String)]);
    }
    expect([...existingNamespaces()].filter((name) => name.startsWith(`readme-${process.pid}`))).toEqual([]);
  });
});
