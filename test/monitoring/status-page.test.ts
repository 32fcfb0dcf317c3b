// The status page in Chromium: with real daemons for what it shows and how it follows them, and with a thousand peers and
// a long table of routes made up.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { PeerSnapshot } from '../../src/speaker/types.ts';
import type { StatusHandlers } from '../../src/status/answers.ts';
import { type HttpServer, startHttp } from '../../src/status/http.ts';
import { statusReport } from '../../src/status/report.ts';
import { environmentFixture, NOW, peerFixture, snapshotFixture } from '../../src/status/snapshot.fixture.ts';
import type { RouteReport, RoutesQuery } from '../../src/status/types.ts';
import { waitFor } from '../../topologies/wait-for.ts';
import { describeWith } from '../requirements.ts';
import { BLOCK_OF_NODE_2, LoopbackCluster } from './loopback-cluster.ts';

/** As Debian installs it. */
const CHROMIUM = '/usr/bin/chromium';
const TIMEOUT = 120_000;
const WAIT = 30_000;

describeWith(['chromium'], 'the status page', () => {
  let browser: Browser;
  const pages: Page[] = [];

  beforeAll(async () => {
    const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
    browser = await chromium.launch({ executablePath: CHROMIUM, args });
  }, TIMEOUT);

  afterAll(() => browser.close(), TIMEOUT);

  afterEach(async () => {
    await Promise.all(pages.splice(0).map((page) => page.close()));
  });

  /** An open page, and what went wrong in it: errors, and requests to anywhere else. */
  async function open(origin: string, options: Parameters<Browser['newPage']>[0] = {}) {
    const page = await browser.newPage({ viewport: { width: 1360, height: 1000 }, ...options });
    pages.push(page);
    page.setDefaultTimeout(WAIT);
    const wrong: string[] = [];
    page.on('pageerror', (error) => wrong.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') wrong.push(message.text());
    });
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== origin) wrong.push(`request to ${request.url()}`);
    });
    await page.goto(`${origin}/`);
    await page.locator('.peer').first().waitFor();
    return { page, wrong };
  }

  describe('of a daemon', () => {
    let cluster: LoopbackCluster;
    let origin: string;

    beforeAll(async () => {
      cluster = new LoopbackCluster();
      origin = await cluster.start();
      const isUp = async () =>
        JSON.parse((await cluster.ask('node-1', '/status')) ?? '{}').bgp?.numberEstablishedV4 === 3;
      expect(await waitFor(isUp, 2 * WAIT), cluster.said('node-1')).toBe(true);
    }, TIMEOUT);

    afterAll(() => cluster.end(), TIMEOUT);

    test('shows the node, its sessions in their groups, and nothing from elsewhere', { timeout: TIMEOUT }, async () => {
      const { page, wrong } = await open(origin);
      expect(await page.title()).toBe('node-1 · Caracal');
      expect(await page.locator('#identity').textContent()).toContain('AS 64512 · router ID 127.0.0.1');
      expect(await page.locator('#connection').textContent()).toBe('live');
      expect(await page.locator('.group').allTextContents()).toEqual(['Reflectors1 of 1', 'Racks1 of 1', 'Mesh1 of 1']);
      expect(await page.locator('#peers tbody tr').count()).toBe(3);
      expect(wrong).toEqual([]);
    });

    test('shows why a session is as it is, by mouse and by keyboard', { timeout: TIMEOUT }, async () => {
      const { page, wrong } = await open(origin);
      await page.locator('.peer[data-peer="Mesh_127_0_0_2"] .halo').hover();
      expect(await page.locator('#tip').textContent()).toContain('127.0.0.2, AS 64512');
      await page.locator('.peer[data-peer="Mesh_127_0_0_2"] .halo').click();
      expect(await page.locator('#details').textContent()).toContain('BGPConfiguration');
      await page.locator('.peer[tabindex="0"]').focus();
      await page.keyboard.press('End');
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('Enter');
      expect(await page.locator('#details .title').textContent()).toContain('Global_127_0_0_3');
      expect(await page.locator('#details').textContent()).toContain('Router ID127.0.0.3');
      await page.getByRole('tab', { name: 'Peers' }).focus();
      await page.keyboard.press('ArrowRight');
      await page.locator('#routes tbody tr').first().waitFor();
      expect(await page.getByRole('tab', { name: 'Routes' }).getAttribute('aria-selected')).toBe('true');
      expect(wrong).toEqual([]);
    });

    test('finds a route and explains it', { timeout: TIMEOUT }, async () => {
      const { page, wrong } = await open(origin);
      await page.getByRole('tab', { name: 'Routes' }).click();
      await page.getByLabel('Search routes').fill('10.65.0.70');
      await page.locator('#routes tbody tr').filter({ hasText: BLOCK_OF_NODE_2 }).waitFor();
      await expect.poll(() => page.locator('#routes tbody tr').count(), { timeout: WAIT }).toBe(1);
      await page.getByRole('link', { name: BLOCK_OF_NODE_2 }).click();
      const explanation = page.locator('#explanation');
      await explanation.getByText('best: only path').waitFor();
      const text = await explanation.textContent();
      expect(text).toContain('Mesh_127_0_0_2 (127.0.0.2, AS 64512)');
      expect(text).toContain('Told to peers');
      await page.getByLabel('Prefix, address or peer to explain').fill('Mesh_127_0_0_2');
      await page.keyboard.press('Enter');
      await explanation.getByText('Options').waitFor();
      await page.getByLabel('Prefix, address or peer to explain').fill('10.99.0.0/16');
      await page.keyboard.press('Enter');
      await explanation.getByText('not in the routing table').waitFor();
      expect(wrong).toEqual([]);
    });

    test('tells at once that a session drops, and why', { timeout: TIMEOUT }, async () => {
      const { page, wrong } = await open(origin);
      const rack = page.locator('.peer[data-peer^="Global_127_0_0_4"]');
      await rack.locator('.up').waitFor();
      await rack.locator('.halo').click();
      await cluster.stop('rack');
      await rack.locator('.down').waitFor();
      expect(await page.locator('#figure-sessions').textContent()).toContain('2 of 3');
      expect(await page.locator('#details .reason').first().textContent()).toMatch(/127\.0\.0\.4/);
      await page.getByRole('tab', { name: 'Events' }).click();
      await page.locator('#events tbody tr').filter({ hasText: 'Global_127_0_0_4' }).first().waitFor();
      expect(wrong.filter((text) => !text.includes('404'))).toEqual([]);
    });
  });

  describe('of a large cluster', () => {
    const servers: HttpServer[] = [];

    afterEach(async () => {
      await Promise.all(servers.splice(0).map((server) => server.stop()));
    });

    async function serve(
      peers: readonly PeerSnapshot[],
      change: Partial<StatusHandlers> = {},
      tokenFile?: string,
    ): Promise<string> {
      const tables = { prefixes: 100_000, paths: 100_000, kernelRoutes: 100_000 };
      const snapshot = snapshotFixture({ peers, tables: { ipv4: tables, ipv6: { ...tables, prefixes: 0, paths: 0 } } });
      const server = await startHttp({
        listen: { type: 'tcp', address: '127.0.0.1', port: 0, ...(tokenFile !== undefined && { tokenFile }) },
        onError: (error) => {
          throw error;
        },
        handlers: {
          ...(Object.fromEntries(HANDLERS.map((name) => [name, unused])) as unknown as StatusHandlers),
          status: () => statusReport(snapshot, environmentFixture()),
          ...change,
        },
      });
      servers.push(server);
      return `http://127.0.0.1:${(server.endpoint as { port: number }).port}`;
    }

    test('draws 1,000 peers in under a second', { timeout: TIMEOUT }, async () => {
      const peers = Array.from({ length: 1000 }, (_, number) => {
        const name = `Mesh_10_0_${number >> 8}_${number & 255}`;
        return peerFixture({ name, address: name.slice(5).replaceAll('_', '.'), ...(number % 50 === 7 && DOWN) });
      });
      const { page, wrong } = await open(await serve(peers));
      expect(await page.locator('.peer').count()).toBe(1000);
      expect(await page.locator('.peer .down').count()).toBe(20);
      expect(await page.locator('#peers tbody tr').count()).toBe(100);
      await page.getByLabel('Search peers').fill('connection refused');
      expect(await page.locator('#peers tbody tr').count()).toBe(20);
      const milliseconds = await page.evaluate(DRAW_AGAIN);
      expect(milliseconds).toBeLessThan(1000);
      expect(wrong).toEqual([]);
    });

    test('turns the pages of 100,000 routes, one answer of the daemon at a time', { timeout: TIMEOUT }, async () => {
      const asked: RoutesQuery[] = [];
      const origin = await serve([peerFixture()], {
        routes: (query) => {
          asked.push(query);
          const from = Number(query.after ?? 0);
          const routes = Array.from({ length: query.limit }, (_, number) => route(from + number));
          return { family: query.family, routes, next: String(from + query.limit) };
        },
      });
      const { page, wrong } = await open(origin);
      await page.getByRole('tab', { name: 'Routes' }).click();
      const rows = page.locator('#routes tbody tr');
      await rows.filter({ hasText: '10.0.0.99/32' }).waitFor();
      expect(await rows.count()).toBe(100);
      await page.locator('#routes').getByRole('button', { name: 'Next' }).click();
      await rows.filter({ hasText: '10.0.0.199/32' }).waitFor();
      expect(await page.locator('#routes .pages').textContent()).toContain('100 on page 2, 100,000 in the table');
      await page.locator('#routes').getByRole('button', { name: 'Previous' }).click();
      await rows.filter({ hasText: '10.0.0.99/32' }).waitFor();
      await page.getByLabel('Search routes').fill('10.65');
      await expect
        .poll(() => asked.at(-1), { timeout: WAIT })
        .toEqual({ family: 'ipv4', limit: 100, overlaps: '10.65.0.0/16' });
      expect(wrong).toEqual([]);
    });

    test.each(['light', 'dark'] as const)('is %s where the system is', { timeout: TIMEOUT }, async (colorScheme) => {
      const { page } = await open(await serve([peerFixture()]), { colorScheme });
      const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      expect(ground).toBe({ light: 'rgb(247, 245, 241)', dark: 'rgb(21, 20, 15)' }[colorScheme]);
    });

    test('asks for the token of a daemon that wants one, as for a password', { timeout: TIMEOUT }, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'caracal-page-token-'));
      writeFileSync(join(folder, 'token'), 'secret');
      const origin = await serve([peerFixture()], {}, join(folder, 'token'));
      const { page, wrong } = await open(origin, { httpCredentials: { username: 'me', password: 'secret' } });
      expect(await page.locator('#connection').textContent()).toBe('live');
      expect(wrong.filter((text) => !text.includes('401'))).toEqual([]);
      rmSync(folder, { recursive: true });
    });

    test('comes back by itself when the daemon was gone', { timeout: TIMEOUT }, async () => {
      const origin = await serve([peerFixture()]);
      const { page } = await open(origin);
      const [server] = servers.splice(0);
      await server!.stop();
      await page.getByText('trying again').waitFor();
      const snapshot = snapshotFixture({ peers: [peerFixture({ name: 'Mesh_new', address: '10.0.0.9' })] });
      const again = await startHttp({
        listen: server!.endpoint,
        onError: () => undefined,
        handlers: {
          ...(Object.fromEntries(HANDLERS.map((name) => [name, unused])) as unknown as StatusHandlers),
          status: () => statusReport(snapshot, environmentFixture()),
        },
      });
      servers.push(again);
      await page.locator('.peer[data-peer="Mesh_new"]').waitFor();
      await page.getByText('live', { exact: true }).waitFor();
      expect(await page.locator('.peer').count()).toBe(1);
    });
  });
});

const HANDLERS = ['routes', 'explain', 'intent', 'received', 'readiness', 'metrics'] as const;

const DOWN = { state: 'Active', lastError: { at: NOW, text: 'connection refused by 10.0.0.3:179' } } as const;

function unused(): never {
  throw new Error('nobody should ask for this');
}

function route(number: number): RouteReport {
  return {
    type: 'FIB',
    destination: `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}/32`,
    gateway: '10.0.0.2',
    interface: 'eth0',
    learnedFrom: { sourceType: 'NodeMesh', peerIP: '10.0.0.2', protocol: 'Mesh_10_0_0_2' },
    asPath: '',
    origin: 'IGP',
    communities: [],
  };
}

/** Runs in the page: places and draws all peers anew and waits until they are on the screen; the best of three times. */
const DRAW_AGAIN = `(async () => {
  const { updatePicture } = await import('/page/picture.js');
  const times = [];
  for (let time = 0; time < 3; time++) {
    const began = performance.now();
    updatePicture({ changed: new Set(), moved: true });
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    times.push(performance.now() - began);
  }
  return Math.min(...times);
})()`;
