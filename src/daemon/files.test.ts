// Commands that work on files alone: explain and plan, with folders as a person has them.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { block, NO_MESH, node, pool, resource, secret } from '../../test/calico/support.ts';
import { runOptions } from '../cli/environment.ts';
import type { RunOptions } from '../cli/types.ts';
import type { WorkloadPeer } from '../datastore/resources/types.ts';
import { computeIntent } from '../intent/index.ts';
import { Speaker } from '../speaker/index.ts';
import { explainFiles } from './explain-files.ts';
import { readFolder } from './folder.ts';
import { intentOptions, overridesOf } from './options.ts';
import { makePlan, runningDocument } from './plan.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'caracal-files-'));
});
afterEach(() => {
  rmSync(home, { recursive: true });
});

const NODES = node('alpha', { ipv4: '10.0.0.1/24' }) + node('beta', { ipv4: '10.0.0.2/24' });
const POOL = pool('pods', '10.65.0.0/16', { ipipMode: 'Never', vxlanMode: 'Never' });
const BASE = [NODES, POOL, block('10.65.1.0/26')];
const TOR = { node: 'alpha', peerIP: '192.0.2.1', asNumber: 65001 };
const PASSWORD = { password: { secretKeyRef: { name: 'bgp', key: 'tor' } } };

function write(name: string, ...texts: readonly string[]): string {
  const path = join(home, `${name}.yaml`);
  writeFileSync(path, texts.join(''));
  return path;
}

function options(path: string, name = 'alpha'): RunOptions {
  const flags = { node: name, resources: path, http: [], check: false };
  const found = runOptions(flags, { env: {}, hostname: 'host', nodename: undefined });
  if ('type' in found) throw new Error(found.text);
  return found;
}

test('explain says of a block what would be told to whom, and what would be programmed', async () => {
  const report = await explainFiles(options(write('now', ...BASE)), { target: '10.65.1.7' });
  expect(report).toMatchObject({
    prefix: '10.65.1.0/26',
    running: false,
    paths: [{ protocol: 'static1', madeBy: 'BlockAffinity alpha-10-65-1-0-26' }],
    exports: [
      {
        peers: ['Mesh_10_0_0_2'],
        established: false,
        paths: [{ sent: true, reason: { text: 'accepted by BlockAffinity alpha-10-65-1-0-26 (own blocks)' } }],
      },
    ],
    kernel: { route: { type: 'blackhole' } },
  });
  expect(report).not.toHaveProperty('kernel.installed');
});

test('explain says of a peer why its options are as they are, and what is wrong with its resource', async () => {
  const path = write('now', NO_MESH, NODES, resource('BGPPeer', 'tor', { ...TOR, ...PASSWORD }));
  const report = await explainFiles(options(path), { peer: '192.0.2.1' });
  expect(report).toMatchObject({
    peer: { name: 'Node_192_0_2_1', origin: ['BGPPeer tor'] },
    problems: [{ kind: 'BGPPeer', name: 'tor', path: 'spec.password' }],
    running: false,
  });
});

test.each([
  ['a node that is not there', 'gamma', {}, 'there is no Node gamma among the resources'],
  ['a peer that is not there', 'alpha', { peer: 'x' }, 'node alpha has no peer x; there are Mesh_10_0_0_2'],
])('explain answers %s with a sentence', async (_, name, query, problem) => {
  expect(await explainFiles(options(write('now', ...BASE), name), { target: '10.65.1.7', ...query })).toEqual({
    problem,
  });
});

test('plan compares two folders, and names what its guard would stop at', async () => {
  const from = write('old', ...BASE);
  const resources = write('new', ...BASE, NO_MESH);
  const plan = await makePlan({ type: 'files', resources, from, options: options(resources) });
  expect(plan).toMatchObject({
    node: 'alpha',
    sessions: [{ name: 'Mesh_10_0_0_2', change: 'removed' }],
    advertisements: [{ peers: ['Mesh_10_0_0_2'], changes: [{ prefix: '10.65.1.0/26', reason: 'the session goes' }] }],
    kernelRoutes: [],
    dangers: [{ kind: 'BGPConfiguration', name: 'default' }],
  });
});

test('plan says which folder cannot be used', async () => {
  const from = write('old', ...BASE);
  const missing = join(home, 'missing');
  const request = { type: 'files', from, options: options(from) } as const;
  expect(await makePlan({ ...request, resources: missing })).toEqual({ problem: `${missing} does not exist` });
  const empty = write('empty', NO_MESH);
  expect(await makePlan({ ...request, resources: empty })).toEqual({
    problem: `${empty}: there is no Node alpha among the resources`,
  });
});

const WORKLOAD: WorkloadPeer = {
  kind: 'WorkloadPeer',
  metadata: { name: 'eth0', labels: {}, annotations: {} },
  bgpPeerName: 'vms',
  ipv4: '10.65.1.9',
};

/** What a daemon with these resources would answer, as it is after its way through HTTP. */
async function running(path: string): Promise<object> {
  const own = intentOptions(options(path));
  const { store } = await readFolder(path, own);
  store.apply([{ type: 'set', resource: WORKLOAD }], 'files');
  const speaker = new Speaker({
    node: 'alpha',
    kernel: 'none',
    restarted: false,
    random: () => 0,
    nextConnection: () => 1,
    startedAt: 0,
  });
  speaker.handle({ type: 'intent', intent: computeIntent(store, own) }, 0);
  return JSON.parse(JSON.stringify(runningDocument(speaker, store, own, overridesOf(options(path)))));
}

test('plan against a daemon sees a new password without ever having seen one', async () => {
  const tor = resource('BGPPeer', 'tor', { ...TOR, ...PASSWORD });
  const document = await running(write('old', NO_MESH, NODES, tor, secret('bgp', { tor: 'the old secret' })));
  expect(JSON.stringify(document)).not.toContain('the old secret');
  const same = write('same', NO_MESH, NODES, tor, secret('bgp', { tor: 'the old secret' }));
  const other = write('other', NO_MESH, NODES, tor, secret('bgp', { tor: 'the new secret' }));
  const planFor = (resources: string) => makePlan({ type: 'running', resources, state: { document, routes: [] } });
  expect(await planFor(same)).toMatchObject({ sessions: [], problems: [] });
  expect(await planFor(other)).toMatchObject({
    sessions: [{ name: 'Node_192_0_2_1', change: 'reset', causes: ['password'] }],
  });
});

test('plan against a daemon takes the problems of the new folder for its own', async () => {
  const document = await running(write('old', ...BASE));
  const resources = write('new', ...BASE, resource('IPPool', 'odd', { cidr: '10.0.0.1/8' }));
  const plan = await makePlan({ type: 'running', resources, state: { document, routes: [] } });
  expect(plan).toMatchObject({ sessions: [], problems: [{ kind: 'IPPool', name: 'odd', path: 'spec.cidr' }] });
});

test('plan against a daemon knows the workloads that Felix has reported, which are in no folder', async () => {
  const vms = resource('BGPPeer', 'vms', { localWorkloadSelector: 'all()', asNumber: 65009 });
  const path = write('now', ...BASE, vms);
  const document = await running(path);
  expect(document).toMatchObject({
    intent: { peers: [{ name: 'Local_Workload_10_65_1_9' }, { name: 'Mesh_10_0_0_2' }] },
  });
  expect(await makePlan({ type: 'running', resources: path, state: { document, routes: [] } })).toMatchObject({
    sessions: [],
    nodeChanges: [],
  });
});
