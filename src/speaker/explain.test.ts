import { expect, test } from 'vitest';
import { explainPrefix } from './explain.ts';
import type { PrefixExplanation } from './explanation.ts';
import { block, blockOf, calico, cluster, Lab, MESH_OFF, node, SECOND } from './simulation.fixture.ts';

function started(...resources: readonly string[]): Lab {
  const lab = new Lab(resources.join(''));
  lab.start();
  lab.converge();
  return lab;
}

const ask = (lab: Lab, router: string, target: string, peer?: string): PrefixExplanation =>
  explainPrefix(lab.router(router).speaker, { target, ...(peer === undefined ? {} : { peer }) });

/** `protocol: best|other|out, decision or import reason`. */
const pathsOf = ({ paths }: PrefixExplanation) =>
  paths.map(({ protocol, best, accepted, decidedBy, madeBy, import: judged }) =>
    [
      protocol,
      best ? 'best' : accepted ? 'other' : 'out',
      madeBy ?? judged?.text,
      ...(decidedBy ? [decidedBy] : []),
    ].join('; '),
  );

/** `peers: +|-, reason`; in brackets where there is no session. */
const exportsOf = ({ exports }: PrefixExplanation) =>
  exports.flatMap(({ peers, established, paths }) =>
    paths.map(({ sent, reason }) => {
      const line = `${peers.join(' ')}: ${sent ? '+' : '-'} ${reason.text}`;
      return established ? line : `(${line})`;
    }),
  );

test('an own block is told to everybody in the family and is a blackhole here', () => {
  const lab = started(cluster(3, ['ipv4', 'ipv6']));
  const report = ask(lab, 'node-1', blockOf(1));
  expect(pathsOf(report)).toEqual(['static1; best; BlockAffinity node-1-10-65-1-0-26; only path']);
  expect(exportsOf(report)).toEqual([
    'Mesh_10_0_0_2 Mesh_10_0_0_3: + accepted by BlockAffinity node-1-10-65-1-0-26 (own blocks)',
  ]);
  expect(report.kernel).toEqual({
    route: { prefix: blockOf(1), type: 'blackhole', metric: 0, nextHops: [] },
    reason: {
      text: 'accepted by IPPool pods-ipv4 (pools without encapsulation)',
      rule: { resource: 'IPPool pods-ipv4', step: 'pools without encapsulation' },
    },
  });
});

test('a route of the mesh goes neither back nor on, and into the kernel', () => {
  const lab = started(cluster(3));
  const report = ask(lab, 'node-1', blockOf(2));
  expect(pathsOf(report)).toEqual(['Mesh_10_0_0_2; best; no BGPFilter rejects it; only path']);
  expect(report.paths[0]).toMatchObject({
    peer: { address: '10.0.0.2', asNumber: 64512 },
    interface: 'eth0',
    gateway: '10.0.0.2',
    attributes: { nextHop: '10.0.0.2', asPath: '', localPref: 2147482623 },
  });
  expect(exportsOf(report)).toEqual([
    'Mesh_10_0_0_2: - it came from this peer',
    'Mesh_10_0_0_3: - learned from a peer of the own AS, and only a route reflector passes that on inside the AS',
  ]);
  expect(report.kernel.route?.nextHops).toEqual([{ gateway: '10.0.0.2', device: 'eth0' }]);
});

const filter = (rules: object) => calico('BGPFilter', 'guard', rules);
const tor = (spec: object = {}) =>
  calico('BGPPeer', 'tor', { node: 'node-1', peerIP: '10.0.0.2', asNumber: 64512, filters: ['guard'], ...spec });

test('a filter that keeps a route out is named with its rule, and the route is shown as received', () => {
  const rules = {
    importV4: [
      { action: 'Accept', cidr: '10.99.0.0/16', matchOperator: 'In' },
      { action: 'Reject', cidr: blockOf(2), matchOperator: 'Equal' },
    ],
  };
  const lab = started(
    cluster(2),
    MESH_OFF,
    tor(),
    filter(rules),
    calico('BGPPeer', 'back', { node: 'node-2', peerIP: '10.0.0.1' }),
  );
  const report = ask(lab, 'node-1', blockOf(2));
  expect(pathsOf(report)).toEqual(['Node_10_0_0_2; out; rejected by BGPFilter guard, importV4[1]']);
  expect(report.paths[0]!.import!.rule).toEqual({
    resource: 'BGPFilter guard',
    rule: 'importV4[1]',
    step: 'BGPFilters',
  });
  expect(report.paths[0]!.attributes.nextHop).toBe('10.0.0.2');
  expect(report.exports).toEqual([{ peers: ['Node_10_0_0_2'], established: true, paths: [] }]);
  expect(report.kernel).toEqual({ reason: { text: 'no path may be used' } });
});

test('a filter that keeps a route in is named with its rule; asked for one peer, every step is told', () => {
  const rules = { exportV4: [{ action: 'Reject', cidr: blockOf(1), matchOperator: 'Equal' }] };
  const lab = started(
    cluster(3),
    tor(),
    filter(rules),
    calico('BGPPeer', 'back', { node: 'node-2', peerIP: '10.0.0.1' }),
  );
  expect(exportsOf(ask(lab, 'node-1', blockOf(1)))).toEqual([
    'Mesh_10_0_0_3: + accepted by BlockAffinity node-1-10-65-1-0-26 (own blocks)',
    'Node_10_0_0_2: - rejected by BGPFilter guard, exportV4[0]',
  ]);
  const detailed = ask(lab, 'node-1', blockOf(1), 'Node_10_0_0_2');
  expect(exportsOf(detailed)).toEqual(['Node_10_0_0_2: - rejected by BGPFilter guard, exportV4[0]']);
  const { trace = [] } = detailed.exports[0]!.paths[0]!.reason;
  expect(trace.map(({ outcome }) => outcome)).toEqual([
    'notMatched',
    'matched',
    'changed',
    'changed',
    'matched',
    'rejected',
  ]);
});

test('what lies outside everything that may be told is told so', () => {
  const lab = started(cluster(2));
  const report = ask(lab, 'node-1', '10.0.0.77');
  expect([report.prefix, ...pathsOf(report)]).toEqual(['10.0.0.0/24', 'direct1; best; an address of eth0; only path']);
  expect(exportsOf(report)).toEqual(['Mesh_10_0_0_2: - no BGPFilter, own block, service or IPPool accepts it']);
  expect(report.kernel.reason.text).toBe('the best path is in the kernel already; nothing is to be written');
});

const REFLECTING = { clusterId: '244.0.0.1', labels: { role: 'rr' } };

/** Nodes 1 and 2, a block at the first, and these reflectors. */
function reflected(...reflectors: readonly number[]): Lab {
  const nodes = [node(1), node(2), ...reflectors.map((n) => node(n, ['ipv4'], REFLECTING))].join('');
  const peers = calico('BGPPeer', 'rr', { nodeSelector: 'all()', peerSelector: "role == 'rr'" });
  const pools = calico('IPPool', 'pods', { cidr: '10.65.0.0/16', ipipMode: 'Never', vxlanMode: 'Never' });
  return started(nodes, MESH_OFF, peers, pools, block(1));
}

test('a reflector passes routes on to its clients', () => {
  expect(exportsOf(ask(reflected(3), 'node-3', blockOf(1)))).toEqual([
    'Node_10_0_0_1: - it came from this peer',
    'Node_10_0_0_2: + accepted by IPPool pods (pools)',
  ]);
});

test('of several paths each says which step of the decision counted', () => {
  expect(pathsOf(ask(reflected(3, 4), 'node-2', blockOf(1)))).toEqual([
    'Node_10_0_0_3; best; no BGPFilter rejects it; lower peer address',
    'Node_10_0_0_4; other; no BGPFilter rejects it; lower peer address',
  ]);
});

test('a peer without a session is judged as if it had one', () => {
  const lab = new Lab(cluster(3));
  lab.start('node-1', 'node-2');
  lab.run(10 * SECOND);
  expect(exportsOf(ask(lab, 'node-1', blockOf(1)))).toEqual([
    'Mesh_10_0_0_2: + accepted by BlockAffinity node-1-10-65-1-0-26 (own blocks)',
    '(Mesh_10_0_0_3: + accepted by BlockAffinity node-1-10-65-1-0-26 (own blocks))',
  ]);
});

test('who programs the kernel is said with the pool', () => {
  const lab = started(cluster(2), calico('BGPConfiguration', 'default', { programClusterRoutes: 'Disabled' }));
  expect(ask(lab, 'node-1', blockOf(2)).kernel).toEqual({
    reason: {
      text: 'rejected by IPPool pods-ipv4 (cluster routes are handled by Felix)',
      rule: { resource: 'IPPool pods-ipv4', step: 'cluster routes are handled by Felix' },
    },
  });
});

test.each([
  ['an address', '10.65.2.9', '10.65.2.0/26', []],
  ['a prefix of the table', '10.65.2.0/26', '10.65.2.0/26', []],
  ['a longer prefix', '10.65.2.8/30', undefined, ['10.65.2.0/26']],
  ['an address nobody has', '10.77.0.1', undefined, []],
  ['an IPv6 address', 'fd00:65:0:2::1', 'fd00:65:0:2::/122', []],
])('%s finds its match', (_, asked, prefix, inside) => {
  const lab = started(cluster(2, ['ipv4', 'ipv6']));
  const report = ask(lab, 'node-1', asked);
  expect([report.prefix, report.inside]).toEqual([prefix, inside]);
});
