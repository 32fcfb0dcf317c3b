import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openPage } from './lab-page.ts';

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function daemon(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'caracal-lab-page-'));
  const path = join(folder, 'a.sock');
  const server = createServer((request, response) => response.end(`you asked for ${request.url}`));
  closers.push(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  });
  return new Promise((resolve) => {
    server.listen(path, () => resolve(path));
  });
}

test('a port of loopback leads to the socket of a node, and a second one finds another port', async () => {
  const path = await daemon();
  const [first, second] = [await openPage(path), await openPage(path)];
  closers.push(
    () => first.server.close(),
    () => second.server.close(),
  );
  expect(first.url).not.toBe(second.url);
  for (const { url } of [first, second]) {
    expect(await (await fetch(`${url}status`)).text()).toBe('you asked for /status');
  }
});

test('where nobody is behind the socket the browser is told so by a closed connection', async () => {
  const { url, server } = await openPage('/nowhere/a.sock');
  closers.push(() => server.close());
  await expect(fetch(url)).rejects.toThrow('fetch failed');
});
