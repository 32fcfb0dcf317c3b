import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { PathExplanation, PrefixExplanation } from '../speaker/explanation.ts';
import type { PeerExplanation } from './explain.ts';
import { explainText } from './explain-text.ts';
import { peerReport } from './peer-report.ts';
import { NOW, peerFixture } from './snapshot.fixture.ts';
import { timestamp } from './time.ts';

const lines = (...texts: readonly string[]): string => `${texts.join('\n')}\n`;

const PATH: PathExplanation = {
  protocol: 'Mesh_10_0_0_2',
  source: 'bgp',
  peer: { address: '10.0.0.2', asNumber: 64512 },
  best: true,
  accepted: true,
  import: { text: 'no BGPFilter rejects it' },
  decidedBy: 'higher LOCAL_PREF',
  interface: 'eth0',
  gateway: '10.0.0.2',
  attributes: { nextHop: '10.0.0.2', asPath: '', origin: 'IGP', localPref: 100, communities: [] },
};

const PREFIX: PrefixExplanation = {
  type: 'prefix',
  node: 'node-1',
  asked: '10.65.0.70',
  prefix: '10.65.0.64/26',
  inside: ['10.65.0.0/16', '0.0.0.0/0'],
  paths: [PATH],
  exports: [],
  kernel: { reason: { text: 'no path may be used' } },
  running: true,
};

const HEAD = ['10.65.0.64/26 on node-1, the longest match for 10.65.0.70', ''];
const TAIL = ['', 'Less specific: 10.65.0.0/16, 0.0.0.0/0'];
const NO_KERNEL = ['Kernel', '  no route of this daemon', '    no path may be used'];

test('paths are told best first, with where they come from, how they fared and what they carry', () => {
  const paths: readonly PathExplanation[] = [
    PATH,
    {
      ...PATH,
      protocol: 'Node_192_0_2_1',
      peer: { address: '192.0.2.1', asNumber: 65001 },
      best: false,
      gateway: '10.0.0.254',
      stale: true,
      attributes: {
        ...PATH.attributes,
        nextHop: '192.0.2.1',
        asPath: '65001 65002',
        origin: 'INCOMPLETE',
        med: 5,
        communities: ['64512:1', '1:2:3'],
      },
    },
    {
      protocol: 'Node_192_0_2_2',
      source: 'bgp',
      peer: { address: '192.0.2.2', asNumber: 65002 },
      best: false,
      accepted: false,
      import: { text: 'rejected by BGPFilter lab, importV4[1]' },
      unreachable: true,
      attributes: { nextHop: '192.0.2.2', asPath: '65002', origin: 'IGP', communities: [] },
    },
    {
      protocol: 'static1',
      source: 'static',
      madeBy: 'BlockAffinity a',
      best: false,
      accepted: true,
      attributes: { asPath: '', origin: 'IGP', communities: [] },
    },
  ];
  expect(explainText({ ...PREFIX, paths })).toBe(
    lines(
      ...HEAD,
      'Paths',
      '  Mesh_10_0_0_2 (10.0.0.2, AS 64512)',
      '    best: higher LOCAL_PREF',
      '    let in: no BGPFilter rejects it',
      '    next hop 10.0.0.2 through eth0; AS path empty; LOCAL_PREF 100',
      '  Node_192_0_2_1 (192.0.2.1, AS 65001)',
      '    not best: higher LOCAL_PREF',
      '    let in: no BGPFilter rejects it',
      '    kept while the peer restarts',
      '    next hop 192.0.2.1 via 10.0.0.254 through eth0; AS path 65001 65002; LOCAL_PREF 100; MED 5; communities 64512:1 1:2:3; origin INCOMPLETE',
      '  Node_192_0_2_2 (192.0.2.2, AS 65002)',
      '    kept out: rejected by BGPFilter lab, importV4[1]',
      '    next hop 192.0.2.2, to which no route leads; AS path 65002',
      '  static1 (BlockAffinity a)',
      '    not best: decided shortly',
      '    blackhole: what nothing more specific takes is dropped',
      '',
      ...NO_KERNEL,
      ...TAIL,
    ),
  );
});

const attributes = { nextHop: '10.0.0.1', asPath: '', origin: 'IGP', localPref: 100, communities: [] } as const;

test('peers that fare alike stand together, and who has no session is told so', () => {
  const accepted = { text: 'accepted by IPPool pods (pools)' };
  const exports: PrefixExplanation['exports'] = [
    {
      peers: ['a', 'b', 'c', 'd', 'e'],
      established: true,
      paths: [{ protocol: 'static1', sent: true, reason: accepted, attributes }],
    },
    {
      peers: ['f'],
      established: true,
      paths: [
        { protocol: 'static1', sent: false, reason: { text: 'rejected by BGPFilter lab, exportV4[0]' } },
        { protocol: 'f', sent: false, reason: { text: 'it came from this peer' } },
      ],
    },
    { peers: ['g'], established: false, paths: [{ protocol: 'static1', sent: true, reason: accepted, attributes }] },
    { peers: ['h'], established: true, paths: [] },
  ];
  expect(explainText({ ...PREFIX, paths: [], exports })).toBe(
    lines(
      ...HEAD,
      'Peers',
      '  sent to a, b, c and 2 more',
      '    accepted by IPPool pods (pools)',
      '    next hop 10.0.0.1; AS path empty; LOCAL_PREF 100',
      '  not sent to f (path of static1)',
      '    rejected by BGPFilter lab, exportV4[0]',
      '  not sent to f (path of f)',
      '    it came from this peer',
      '  would be sent to g, which has no session now',
      '    accepted by IPPool pods (pools)',
      '    next hop 10.0.0.1; AS path empty; LOCAL_PREF 100',
      '  nothing to h: no path may be used',
      '',
      ...NO_KERNEL,
      ...TAIL,
    ),
  );
});

test('asked for one peer, the steps that did something are told', () => {
  const trace = [
    { origin: undefined, text: 'if a then', outcome: 'notMatched' },
    { origin: undefined, text: 'if b then', outcome: 'matched' },
    { origin: undefined, text: 'accept', outcome: 'accepted' },
  ] as const;
  const paths = [{ protocol: 'static1', sent: true, reason: { text: 'accepted by x', trace } }];
  expect(explainText({ ...PREFIX, paths: [], exports: [{ peers: ['a'], established: true, paths }] })).toBe(
    lines(
      ...HEAD,
      'Peers',
      '  sent to a',
      '    accepted by x',
      '      if b then  [matched]',
      '      accept  [accepted]',
      '      (1 more without effect)',
      '',
      ...NO_KERNEL,
      ...TAIL,
    ),
  );
});

const ROUTE = { prefix: '10.65.0.64/26', type: 'unicast', metric: 1024 } as const;
const HOP = { gateway: '10.0.0.2', device: 'eth0' };
const REASON = { text: 'accepted by IPPool pods (pools without encapsulation)' };

test.each<[string, PrefixExplanation['kernel'], readonly string[]]>([
  [
    'in place',
    { route: { ...ROUTE, nextHops: [HOP] }, reason: REASON, installed: true },
    ['10.65.0.64/26 via 10.0.0.2 dev eth0 metric 1024', `  ${REASON.text}`, '  in place'],
  ],
  [
    'on its way',
    { route: { ...ROUTE, metric: 0, type: 'blackhole', nextHops: [] }, reason: REASON, installed: false },
    ['blackhole 10.65.0.64/26', `  ${REASON.text}`, '  not in the kernel yet'],
  ],
  [
    'refused',
    { route: { ...ROUTE, nextHops: [HOP, HOP] }, reason: REASON, installed: false, trouble: 'network is unreachable' },
    [
      '10.65.0.64/26 via 10.0.0.2 dev eth0 via 10.0.0.2 dev eth0 metric 1024',
      `  ${REASON.text}`,
      '  not in the kernel: network is unreachable',
    ],
  ],
])('a kernel route that is %s', (_, kernel, expected) => {
  expect(explainText({ ...PREFIX, paths: [], kernel })).toBe(
    lines(...HEAD, 'Kernel', ...expected.map((line) => `  ${line}`), ...TAIL),
  );
});

test('a prefix that nobody has is told so, with what contains it', () => {
  const { prefix: _, ...rest } = { ...PREFIX, paths: [] };
  expect(explainText(rest)).toBe(
    lines(
      '10.65.0.70 on node-1: not in the routing table; no peer announces it, and no resource makes it a route of this node',
      ...TAIL,
    ),
  );
});

const PEER: PeerExplanation = {
  type: 'peer',
  node: 'node-1',
  now: timestamp(NOW),
  peer: peerReport(
    peerFixture({
      state: 'Active',
      description: 'node-to-node mesh with node node-2',
      origin: ['BGPConfiguration default', 'Node node-2'],
      lastError: { at: NOW - 60_000, text: 'connection refused by 10.0.0.2:179' },
      retryAt: NOW + 4_000,
    }),
    NOW,
  ),
  options: [
    { option: 'asNumber', value: '64512', because: 'asNumber of BGPConfiguration default' },
    { option: 'password', value: 'none', because: 'none is asked for' },
  ],
  import: { steps: [{ step: 'BGPFilters', resources: ['BGPFilter a', 'BGPFilter b'] }], otherwise: 'accept' },
  export: { steps: [{ step: 'priority', resources: [] }], otherwise: 'reject' },
  problems: [{ kind: 'Node', name: 'node-2', path: 'spec.bgp', text: 'is odd', place: 'a.yaml:1' }],
  running: true,
};

test('a peer is told with who made it, its state, its options and its policies', () => {
  expect(explainText(PEER)).toBe(
    lines(
      'Mesh_10_0_0_2 on node-1: node-to-node mesh with node node-2',
      '',
      'Made by',
      '  BGPConfiguration default',
      '  Node node-2',
      '',
      'Session',
      '  Active: connection refused by 10.0.0.2:179, retry in 4 s, since 11:55:00 (5 min)',
      '  last error at 11:59:00: connection refused by 10.0.0.2:179',
      '  next attempt at 12:00:04',
      '',
      'Options',
      '  asNumber  64512  asNumber of BGPConfiguration default',
      '  password  none   none is asked for',
      '',
      'Lets in',
      '  BGPFilters: BGPFilter a, BGPFilter b',
      '  anything else: accepted',
      '',
      'Lets out',
      '  priority',
      '  anything else: rejected',
      '',
      'Problems',
      '  Node node-2, spec.bgp: is odd (a.yaml:1)',
    ),
  );
});

test('a session that is up tells its connection and its routes', () => {
  const endpoints = { local: '10.0.0.1', localPort: 4000, remote: '10.0.0.2', remotePort: 179 };
  const peer = peerReport(peerFixture({ endpoints }), NOW);
  expect(explainText({ ...PEER, peer })).toContain(
    lines(
      'Session',
      '  Established, since 11:55:00 (5 min)',
      '  connection from 10.0.0.1:4000 to 10.0.0.2:179',
      '  paths received: 1, of them let in: 1; prefixes sent: 2',
    ),
  );
});

test('docs/explain.md names every field of the answers', () => {
  const document = readFileSync(new URL('../../docs/explain.md', import.meta.url), 'utf8');
  const known = new Set([...document.matchAll(/`([\w.]+)`/g)].flatMap(([, name = '']) => name.split('.')));
  const trace = [{ origin: { resource: 'a', rule: 'a', step: 'a' }, text: 'a', outcome: 'matched' }] as const;
  const reason = { text: 'a', rule: trace[0].origin, trace };
  const report: PrefixExplanation = {
    ...PREFIX,
    paths: [
      { ...PATH, madeBy: 'a', stale: true, unreachable: true, import: reason, attributes: { ...attributes, med: 1 } },
    ],
    exports: [{ peers: ['a'], established: true, paths: [{ protocol: 'a', sent: true, reason, attributes }] }],
    kernel: { route: { ...ROUTE, nextHops: [{ ...HOP, onlink: true }] }, reason, installed: true, trouble: 'a' },
  };
  const { peer: _, problems: __, ...rest } = PEER;
  expect([...new Set(fieldNames([report, rest, { peer: 1, problems: 1 }])).difference(known)]).toEqual([]);
});

function fieldNames(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(fieldNames);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...fieldNames(inner)]);
}
