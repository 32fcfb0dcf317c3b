import { expect, test } from 'vitest';
import type { PeerSnapshot, Snapshot } from '../speaker/types.ts';
import { statusReport } from './report.ts';
import { environmentFixture, NEGOTIATED, NOW, peerFixture, snapshotFixture } from './snapshot.fixture.ts';
import { statusText } from './text.ts';
import type { StatusEnvironment } from './types.ts';

const SECOND = 1000;
const HOUR = 3600 * SECOND;

function textOf(snapshot: Partial<Snapshot>, environment: Partial<StatusEnvironment> = {}): string {
  return statusText(statusReport(snapshotFixture(snapshot), environmentFixture(environment)));
}

function lines(...texts: string[]): string {
  return `${texts.join('\n')}\n`;
}

const HEADER = [
  'Caracal process is running.',
  'Node node-1, AS 64512, router ID 10.0.0.1, version 0.1.0, up 2 h 5 min.',
  'Datastore files: in sync. Kernel: 2 of 2 routes.',
  'Routes: IPv4 3 prefixes, 4 paths, 2 for the kernel; IPv6 0 prefixes, 0 paths, 0 for the kernel.',
];
const NO_IPV6 = ['', 'IPv6 BGP status', 'No IPv6 peers found.'];

test('a node without peers says so for both families', () => {
  expect(textOf({})).toBe(lines(...HEADER, '', 'IPv4 BGP status', 'No IPv4 peers found.', ...NO_IPV6));
});

test('a mesh that is up looks like the table of calicoctl', () => {
  const peers = [
    peerFixture({ name: 'Mesh_10_0_0_3', address: '10.0.0.3', since: NOW - 21 * HOUR }),
    peerFixture({ name: 'Mesh_10_0_0_2', negotiated: NEGOTIATED }),
  ];
  expect(textOf({ peers })).toBe(
    lines(
      ...HEADER,
      '',
      'IPv4 BGP status',
      '+--------------+-------------------+-------+------------+-------------+',
      '| PEER ADDRESS |     PEER TYPE     | STATE |   SINCE    |    INFO     |',
      '+--------------+-------------------+-------+------------+-------------+',
      '| 10.0.0.2     | node-to-node mesh | up    | 11:55:00   | Established |',
      '| 10.0.0.3     | node-to-node mesh | up    | 2026-04-04 | Established |',
      '+--------------+-------------------+-------+------------+-------------+',
      ...NO_IPV6,
    ),
  );
});

test('a peer that is down tells the reason of its last failure and when it tries again', () => {
  const peers = [
    peerFixture({ name: 'Global_10_0_0_9', kind: 'global', address: '10.0.0.9' }),
    peerFixture({
      name: 'Node_10_0_0_3',
      kind: 'node',
      address: '10.0.0.3',
      state: 'Idle',
      lastError: {
        at: NOW - 3 * SECOND,
        text: 'received Cease/Administrative Shutdown "maintenance"',
        direction: 'received',
        code: 6,
        subcode: 2,
      },
      retryAt: NOW + 12 * SECOND,
    }),
  ];
  expect(textOf({ peers })).toBe(
    lines(
      ...HEADER,
      '',
      'IPv4 BGP status',
      '+--------------+---------------+-------+----------+---------------------------------------------------------------------------+',
      '| PEER ADDRESS |   PEER TYPE   | STATE |  SINCE   |                                   INFO                                    |',
      '+--------------+---------------+-------+----------+---------------------------------------------------------------------------+',
      '| 10.0.0.9     | global        | up    | 11:55:00 | Established                                                               |',
      '| 10.0.0.3     | node specific | start | 11:55:00 | Idle: received Cease/Administrative Shutdown "maintenance", retry in 12 s |',
      '+--------------+---------------+-------+----------+---------------------------------------------------------------------------+',
      ...NO_IPV6,
    ),
  );
});

test('what would help is said below, once where it is the same for many', () => {
  const help = 'look whether there is power';
  const lastError = { at: NOW, text: 'gone', help };
  const down = { state: 'Active', lastError } as const;
  const peers = [
    peerFixture({ name: 'Mesh_10_0_0_2', address: '10.0.0.2', ...down }),
    peerFixture({ name: 'Mesh_10_0_0_3', address: '10.0.0.3', ...down }),
    peerFixture({ name: 'Mesh_10_0_0_4', address: '10.0.0.4', lastError: { ...lastError, help: 'it is over' } }),
  ];
  const text = textOf({ peers });
  expect(text.split('\n\n').filter((block) => block.startsWith('What would help'))).toEqual([
    `What would help\n  ${help}\n`,
  ]);
});

test('a node with IPv6 only shows its peers in the second table', () => {
  const peers = [
    peerFixture({ name: 'Mesh_fd00__2', address: 'fd00::2', families: ['ipv6'] }),
    peerFixture({
      name: 'Local_Workload_fd00__10',
      kind: 'localWorkload',
      address: 'fd00::10',
      families: ['ipv6'],
      passive: true,
      state: 'Active',
    }),
  ];
  const addresses = { ipv6: 'fd00::1' };
  expect(textOf({ peers, addresses })).toBe(
    lines(
      ...HEADER,
      '',
      'IPv4 BGP status',
      'No IPv4 peers found.',
      '',
      'IPv6 BGP status',
      '+--------------+-------------------+-------+----------+-----------------------------------------+',
      '| PEER ADDRESS |     PEER TYPE     | STATE |  SINCE   |                  INFO                   |',
      '+--------------+-------------------+-------+----------+-----------------------------------------+',
      '| fd00::10     | local workload    | start | 11:55:00 | Active: waiting for fd00::10 to connect |',
      '| fd00::2      | node-to-node mesh | up    | 11:55:00 | Established                             |',
      '+--------------+-------------------+-------+----------+-----------------------------------------+',
    ),
  );
});

test('problems, what is wrong with kernel routes, and unresolved next hops follow the tables', () => {
  const snapshot: Partial<Snapshot> = {
    clusterId: '244.0.0.1',
    unresolvedNextHops: ['10.9.9.9'],
    refusals: [{ remote: '10.9.9.8', text: 'no peer with this address', count: 12, at: NOW - 5 * 60_000 }],
    problems: [
      {
        kind: 'BGPPeer',
        name: 'rack-1',
        path: 'spec.peerIP',
        text: '"10.0.0.300" is not an IP address',
        place: 'peers.yaml:12',
      },
      { kind: 'File', name: 'pools.yaml', path: '', text: 'is no valid YAML' },
    ],
  };
  const environment: Partial<StatusEnvironment> = {
    datastore: { type: 'kubernetes', synced: false, detail: 'connection refused by 10.96.0.1:443' },
    kernel: {
      type: 'linux',
      wanted: 4,
      installed: 2,
      refused: [{ prefix: '10.65.1.0/26', text: 'Network is unreachable' }],
      conflicts: [{ prefix: '10.65.2.0/26', text: 'a route of protocol static (4) stands there' }],
      waiting: Array.from({ length: 22 }, (_, i) => ({
        prefix: `10.66.${i}.0/26`,
        text: 'tunl0 does not exist yet',
      })),
      fights: [{ prefix: '10.65.3.0/26', text: 'another agent took our route away 3 times' }],
    },
  };
  expect(textOf(snapshot, environment)).toBe(
    lines(
      'Caracal process is running.',
      'Node node-1, AS 64512, router ID 10.0.0.1, route reflector of cluster 244.0.0.1, version 0.1.0, up 2 h 5 min.',
      'Datastore kubernetes: not in sync (connection refused by 10.96.0.1:443). Kernel: 2 of 4 routes.',
      HEADER[3] ?? '',
      '',
      'IPv4 BGP status',
      'No IPv4 peers found.',
      ...NO_IPV6,
      '',
      'Problems',
      '  BGPPeer rack-1, spec.peerIP: "10.0.0.300" is not an IP address (peers.yaml:12)',
      '  File pools.yaml: is no valid YAML',
      '',
      'Routes refused by the kernel',
      '  10.65.1.0/26: Network is unreachable',
      '',
      "Routes in whose place stands somebody else's",
      '  10.65.2.0/26: a route of protocol static (4) stands there',
      '',
      'Routes that wait for a device',
      ...Array.from({ length: 20 }, (_, i) => `  10.66.${i}.0/26: tunl0 does not exist yet`),
      '  and 2 more',
      '',
      'Routes that somebody takes away',
      '  10.65.3.0/26: another agent took our route away 3 times',
      '',
      'Next hops that nothing resolves',
      '  10.9.9.9',
      '',
      'Connections refused',
      '  10.9.9.8, 12 times, last at 11:55:00: no peer with this address',
    ),
  );
});

test('a daemon that is not configured yet says what it waits for', () => {
  const text = statusText(
    statusReport(
      {
        node: 'node-1',
        configured: false,
        addresses: {},
        peers: [],
        tables: snapshotFixture().tables,
        unresolvedNextHops: [],
        refusals: [],
        problems: [],
      },
      environmentFixture({
        startedAt: NOW - 2 * SECOND,
        datastore: { type: 'files', synced: false },
        kernel: { type: 'none', wanted: 0, installed: 0, refused: [], conflicts: [], waiting: [], fights: [] },
      }),
    ),
  );
  expect(text.split('\n').slice(0, 6)).toEqual([
    'Caracal process is running.',
    'Node node-1, version 0.1.0, up 2 s.',
    'Datastore files: not in sync. Kernel: not programmed.',
    HEADER[3],
    'Not ready:',
    '  the datastore (files) is not in sync',
  ]);
});

const REFUSED = { at: NOW, text: 'connection refused by 10.0.0.2:179' };
const INFO_CASES: readonly [string, Partial<PeerSnapshot>, string][] = [
  ['established', {}, 'Established'],
  [
    'established without a family',
    { families: ['ipv4', 'ipv6'], negotiated: NEGOTIATED },
    'Established, without IPv6 (not offered by the peer)',
  ],
  ['established, and slow for a moment', { sendQueue: { octets: 9, since: NOW - 9_000 } }, 'Established'],
  [
    'established, and deaf',
    { sendQueue: { octets: 262_144, since: NOW - 70_000 } },
    'Established, does not read: 262144 octets have waited for 1 min',
  ],
  [
    'established with more routes than it should have',
    {
      limits: [
        { kind: 'import', family: 'ipv4', limit: { count: 5, action: 'warn' }, count: 6, isExceeded: true },
        { kind: 'export', family: 'ipv6', limit: { count: 9, action: 'block' }, count: 9, isExceeded: true },
        { kind: 'receive', family: 'ipv4', limit: { count: 9, action: 'block' }, count: 6, isExceeded: false },
      ],
    },
    'Established, more than 5 IPv4 routes imported, more than 9 IPv6 routes sent (further ones are left out)',
  ],
  ['idle before its start', { state: 'Idle' }, 'Idle: not started'],
  ['idle with a start ahead', { state: 'Idle', retryAt: NOW + 1500 }, 'Idle: starts in 2 s'],
  ['connecting for the first time', { state: 'Connect' }, 'Connect: no answer yet from 10.0.0.2:179'],
  [
    'connecting over IPv6',
    { state: 'Connect', address: 'fd00::2', port: 1790 },
    'Connect: no answer yet from [fd00::2]:1790',
  ],
  [
    'active after a refusal',
    { state: 'Active', lastError: REFUSED, retryAt: NOW + 4000 },
    'Active: connection refused by 10.0.0.2:179, retry in 4 s',
  ],
  ['a retry that is due', { state: 'Active', lastError: REFUSED, retryAt: NOW }, `Active: ${REFUSED.text}`],
  ['passive, nothing happened yet', { state: 'Active', passive: true }, 'Active: waiting for 10.0.0.2 to connect'],
  [
    'passive after a failure',
    { state: 'Active', passive: true, lastError: { at: NOW, text: 'the peer closed the connection' } },
    'Active: the peer closed the connection, waiting for 10.0.0.2 to connect',
  ],
  ['waiting for OPEN', { state: 'OpenSent' }, "OpenSent: waiting for the peer's OPEN"],
  ['waiting for KEEPALIVE', { state: 'OpenConfirm' }, "OpenConfirm: waiting for the peer's KEEPALIVE"],
];

test.each(INFO_CASES)('INFO of a peer: %s', (_name, change, expected) => {
  const report = statusReport(snapshotFixture({ peers: [peerFixture(change)] }), environmentFixture());
  expect([...report.bgp.peersV4, ...report.bgp.peersV6].map((peer) => peer.info)).toEqual([expected]);
});
