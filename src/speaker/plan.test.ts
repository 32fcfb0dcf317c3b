import { expect, test } from 'vitest';
import { computeIntent, type Intent, intentDocument, readIntentDocument } from '../intent/index.ts';
import { planChange } from './plan.ts';
import type { Plan, ToldChange } from './planning.ts';
import { type ReceivedRoute, receivedPage } from './received.ts';
import { block, blockOf, calico, cluster, Lab, MESH_OFF, node } from './simulation.fixture.ts';

/** All that a router has received, through JSON as when it is asked for from outside. */
function receivedBy(lab: Lab, name: string): readonly ReceivedRoute[] {
  const { speaker } = lab.router(name);
  const routes = (['ipv4', 'ipv6'] as const).flatMap((family) => receivedPage(speaker, { family, limit: 1000 }).routes);
  return JSON.parse(JSON.stringify(routes));
}

interface Running {
  readonly before: Intent;
  readonly routes: readonly ReceivedRoute[];
  readonly lab: Lab;
}

/** Node 1 of a running cluster. */
function running(...resources: readonly string[]): Running {
  const lab = new Lab(resources.join(''));
  lab.start();
  lab.converge();
  const before = readIntentDocument(JSON.parse(JSON.stringify(intentDocument(lab.router('node-1').speaker.intent!))));
  return { before, routes: receivedBy(lab, 'node-1'), lab };
}

/** What node 1 would do if these resources were written, or one of them were removed. */
function planFor({ before, routes, lab }: Running, change: string | (() => void)): Plan {
  if (typeof change === 'string') lab.apply(change);
  else change();
  const after = computeIntent(lab.store, { node: 'node-1' });
  return planChange({ before, after, routes, changed: [], established: new Set(before.peers.keys()) });
}

const EMPTY: Plan = {
  node: 'node-1',
  sessions: [],
  nodeChanges: [],
  advertisements: [],
  kernelRoutes: [],
  dangers: [],
  problems: [],
};

/** `+prefix`, `-prefix` or `~prefix`, and why. */
const linesOf = (changes: readonly ToldChange[]) =>
  changes.map(({ prefix, before, after, reason }) => `${after ? (before ? '~' : '+') : '-'}${prefix} ${reason}`);

test('nothing changes where nothing changes', () => {
  expect(planFor(running(cluster(3, ['ipv4', 'ipv6'])), '')).toEqual(EMPTY);
});

test('a new block is told to everybody and becomes a blackhole', () => {
  const plan = planFor(running(cluster(3)), block(1, 'ipv4', '10.65.9.0/26'));
  expect(plan.advertisements.map(({ peers, changes }) => [peers, linesOf(changes)])).toEqual([
    [['Mesh_10_0_0_2', 'Mesh_10_0_0_3'], ['+10.65.9.0/26 accepted by BlockAffinity node-1-10-65-9-0-26 (own blocks)']],
  ]);
  expect(plan.kernelRoutes).toEqual([
    {
      prefix: '10.65.9.0/26',
      after: 'blackhole',
      reason: 'accepted by IPPool pods-ipv4 (pools without encapsulation)',
    },
  ]);
  expect(plan.sessions.map(({ name, change, causes }) => [name, change, causes])).toEqual([
    ['Mesh_10_0_0_2', 'updated', ['exportPolicy']],
    ['Mesh_10_0_0_3', 'updated', ['exportPolicy']],
  ]);
});

const POOL = { cidr: '10.65.0.0/16', ipipMode: 'Never', vxlanMode: 'Never' };

test('a pool that is not exported any more takes its prefixes from the peers, not from the kernel', () => {
  const plan = planFor(running(cluster(2)), calico('IPPool', 'pods-ipv4', { ...POOL, disableBGPExport: true }));
  expect(plan.advertisements.map(({ peers, changes }) => [peers, linesOf(changes)])).toEqual([
    [['Mesh_10_0_0_2'], ['-10.65.1.0/26 rejected by IPPool pods-ipv4 (pools without BGP export)']],
  ]);
  expect(plan.kernelRoutes).toEqual([]);
});

test('who programs the kernel changes kernel routes alone', () => {
  const plan = planFor(
    running(cluster(2)),
    calico('BGPConfiguration', 'default', { programClusterRoutes: 'Disabled' }),
  );
  expect(plan).toEqual({
    ...EMPTY,
    kernelRoutes: [
      {
        prefix: blockOf(1),
        before: 'blackhole',
        reason: 'rejected by IPPool pods-ipv4 (cluster routes are handled by Felix)',
      },
      {
        prefix: blockOf(2),
        before: 'via 10.0.0.2 metric 1024',
        reason: 'rejected by IPPool pods-ipv4 (cluster routes are handled by Felix)',
      },
    ],
  });
});

test('a node that goes takes its session and its routes with it', () => {
  const state = running(cluster(3));
  const plan = planFor(state, () => state.lab.remove('Node', 'node-2'));
  expect(plan.sessions).toEqual([
    {
      name: 'Mesh_10_0_0_2',
      address: '10.0.0.2',
      change: 'removed',
      causes: [],
      origin: ['BGPConfiguration default', 'Node node-2'],
    },
  ]);
  expect(plan.advertisements.map(({ peers, changes }) => [peers, linesOf(changes)])).toEqual([
    [['Mesh_10_0_0_2'], ['-10.65.1.0/26 the session goes']],
  ]);
  expect(plan.kernelRoutes).toEqual([
    { prefix: blockOf(2), before: 'via 10.0.0.2 metric 1024', reason: 'this node has no route to it then' },
  ]);
});

test('a changed attribute is told with both values', () => {
  const advertised = { prefixAdvertisements: [{ cidr: '10.65.0.0/16', communities: ['1:1'] }] };
  const plan = planFor(running(cluster(2)), calico('BGPConfiguration', 'default', advertised));
  expect(plan.advertisements).toMatchObject([
    { changes: [{ prefix: blockOf(1), before: { communities: [] }, after: { communities: ['1:1'] } }] },
  ]);
});

const back = calico('BGPPeer', 'back', { node: 'node-2', peerIP: '10.0.0.1' });
const guard = (rules: object) => calico('BGPFilter', 'guard', rules);
const tor = (spec: object = {}) =>
  calico('BGPPeer', 'tor', { node: 'node-1', peerIP: '10.0.0.2', asNumber: 64512, filters: ['guard'], ...spec });
const rejecting = { action: 'Reject', cidr: blockOf(2), matchOperator: 'Equal' };

test('an import filter changes what the kernel gets, judged by the routes as they were received', () => {
  const state = running(cluster(2), MESH_OFF, tor(), back, guard({ importV4: [rejecting] }));
  const plan = planFor(state, guard({ importV4: [] }));
  expect(plan.sessions.map(({ name, change, causes }) => [name, change, causes])).toEqual([
    ['Node_10_0_0_2', 'updated', ['importPolicy']],
  ]);
  expect(plan.kernelRoutes).toEqual([
    {
      prefix: blockOf(2),
      after: 'via 10.0.0.2 metric 1024',
      reason: 'accepted by IPPool pods-ipv4 (pools without encapsulation)',
    },
  ]);
});

test('a path that a new filter keeps out is told with the rule', () => {
  const state = running(cluster(2), MESH_OFF, tor(), back, guard({}));
  expect(planFor(state, guard({ importV4: [rejecting] })).kernelRoutes).toEqual([
    {
      prefix: blockOf(2),
      before: 'via 10.0.0.2 metric 1024',
      reason: 'the path of Node_10_0_0_2 is kept out: rejected by BGPFilter guard, importV4[0]',
    },
  ]);
});

test('a session that is reset is told with its causes, and its routes are expected back', () => {
  const state = running(cluster(2), MESH_OFF, tor(), back, guard({}));
  const plan = planFor(state, tor({ ttlSecurity: 1 }));
  expect(plan).toEqual({
    ...EMPTY,
    sessions: [
      {
        name: 'Node_10_0_0_2',
        address: '10.0.0.2',
        change: 'reset',
        causes: ['ttlSecurity'],
        origin: ['BGPPeer tor', 'Node node-2'],
      },
    ],
  });
});

test('a session that only gets another name brings the same routes', () => {
  const { before, routes, lab } = running(cluster(2), MESH_OFF, tor(), back, guard({}));
  const plan = planFor({ before, routes, lab }, () => {
    lab.remove('BGPPeer', 'tor');
    lab.apply(calico('BGPPeer', 'tor', { peerIP: '10.0.0.2', asNumber: 64512 }));
  });
  expect(plan.sessions.map(({ name, change }) => [name, change])).toEqual([
    ['Global_10_0_0_2', 'added'],
    ['Node_10_0_0_2', 'removed'],
  ]);
  expect(plan.kernelRoutes).toEqual([]);
});

test('a new reflector is told with all that its clients would hear', () => {
  const plain = [node(1), node(2), node(3)].join('');
  const peers = calico('BGPPeer', 'rr', { nodeSelector: 'all()', peerSelector: 'all()' });
  const pools = calico('IPPool', 'pods', POOL);
  const state = running(plain, MESH_OFF, peers, pools, block(2));
  const plan = planFor(state, node(1, ['ipv4'], { clusterId: '244.0.0.1' }));
  expect(plan.nodeChanges).toEqual(['cluster ID none becomes 244.0.0.1']);
  expect(plan.advertisements.map(({ peers: names, changes }) => [names, linesOf(changes)])).toEqual([
    [['Node_10_0_0_3'], ['+10.65.2.0/26 accepted by IPPool pods (pools)']],
  ]);
  expect(plan.sessions.map(({ change, causes }) => [change, causes])).toEqual([
    ['updated', ['routeReflectorClient', 'clusterId']],
    ['updated', ['routeReflectorClient', 'clusterId']],
  ]);
});

test('the loss of the last session is a danger, and new problems are told', () => {
  const state = running(cluster(2));
  const plan = planFor(state, MESH_OFF + tor({ node: 'node-9' }));
  expect(plan.dangers).toEqual([
    {
      kind: 'BGPConfiguration',
      name: 'default',
      path: '',
      text: 'would take the last session of node-1 away (Mesh_10_0_0_2)',
    },
  ]);
  const missing = planFor(state, tor());
  expect(missing.problems.map(({ kind, name, text }) => `${kind} ${name}: ${text}`)).toEqual([
    'BGPPeer tor: there is no BGPFilter guard; it is skipped',
  ]);
});
