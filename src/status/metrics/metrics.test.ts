import { afterEach, expect, test } from 'vitest';
import type { PeerSnapshot } from '../../speaker/types.ts';
import { statusReport } from '../report.ts';
import { environmentFixture, NOW, peerFixture, snapshotFixture } from '../snapshot.fixture.ts';
import type { StatusEnvironment } from '../types.ts';
import { METRIC_ROWS, Metrics } from './metrics.ts';
import { LATENESS } from './rows.ts';
import type { MetricsMode } from './types.ts';

const OPERATIONS = { add: 7, replace: 2, delete: 3, refused: 1 };

const opened: Metrics[] = [];

afterEach(() => {
  for (const metrics of opened.splice(0)) metrics.stop();
});

function metricsOf(
  peers: () => readonly PeerSnapshot[],
  environment: Partial<StatusEnvironment> = {},
  mode: MetricsMode = 'summary',
): Metrics {
  const metrics = new Metrics({
    mode,
    read: () => ({
      report: statusReport(snapshotFixture({ peers: peers() }), environmentFixture(environment)),
      kernelOperations: OPERATIONS,
    }),
  });
  opened.push(metrics);
  return metrics;
}

/** Every series with its value: `name{labels}` -> text. */
async function scrape(metrics: Metrics): Promise<Map<string, string>> {
  const { body } = await metrics.page();
  const lines = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), line.slice(line.lastIndexOf(' ') + 1)]));
}

function starting(series: ReadonlyMap<string, string>, start: string): Record<string, string> {
  return Object.fromEntries([...series].filter(([name]) => name.startsWith(start)));
}

function meshPeer(number: number, change: Partial<PeerSnapshot> = {}): PeerSnapshot {
  return peerFixture({ name: `Mesh_${number}`, address: `10.1.${number >> 8}.${number & 255}`, ...change });
}

const RACK = peerFixture({
  ...{ name: 'Global_10_9_9_1', kind: 'global', address: '10.9.9.1', remoteAs: 64999, description: 'rack "1"\\a' },
});

test('sessions are counted by type, role, family and state, also where there are none', async () => {
  const down = meshPeer(2, { state: 'Active' });
  const sixth = peerFixture({ ...{ name: 'Mesh_fd00', address: 'fd00::2' } });
  const series = await scrape(metricsOf(() => [meshPeer(1), down, sixth]));
  const mesh = (family: string, state: string) =>
    `caracal_bgp_peers{type="NodeMesh",role="mesh",family="${family}",state="${state}"}`;
  const zeros = (family: string) =>
    Object.fromEntries(['Idle', 'Connect', 'OpenSent', 'OpenConfirm'].map((state) => [mesh(family, state), '0']));
  expect(starting(series, 'caracal_bgp_peers{')).toEqual({
    ...zeros('ipv4'),
    ...zeros('ipv6'),
    [mesh('ipv4', 'Active')]: '1',
    [mesh('ipv4', 'Established')]: '1',
    [mesh('ipv6', 'Active')]: '0',
    [mesh('ipv6', 'Established')]: '1',
  });
});

test('the three names of Calico Enterprise are there with its labels', async () => {
  const series = await scrape(metricsOf(() => [meshPeer(1), meshPeer(2, { state: 'Idle' })]));
  expect(series.get('bgp_peers{instance="node-1",status="Established",ip_version="IPv4"}')).toBe('1');
  expect(series.get('bgp_peers{instance="node-1",status="Idle",ip_version="IPv4"}')).toBe('1');
  expect(series.get('bgp_peers{instance="node-1",status="Idle",ip_version="IPv6"}')).toBe('0');
  expect(series.get('bgp_routes_imported{instance="node-1",ip_version="IPv4"}')).toBe('2');
  expect(series.get('bgp_route_updates_received{instance="node-1",ip_version="IPv4"}')).toBe('4');
});

test('a mesh of a thousand has as many series as one of two, and a rack has its own', async () => {
  const two = await scrape(metricsOf(() => [meshPeer(1), meshPeer(2), RACK]));
  const many = Array.from({ length: 1000 }, (_, number) => meshPeer(number));
  const thousand = await scrape(metricsOf(() => [...many, RACK]));
  expect([...thousand.keys()]).toEqual([...two.keys()]);
  const rack = 'peer="10.9.9.1",name="Global_10_9_9_1"';
  expect(two.get(`caracal_bgp_peer_up{${rack}}`)).toBe('1');
  expect(two.get(`caracal_bgp_peer_routes_advertised{${rack}}`)).toBe('2');
  expect(starting(two, 'caracal_bgp_peer_info')).toEqual({
    [`caracal_bgp_peer_info{${rack},type="GlobalPeer",role="external",asn="64999",local_asn="64512",description="rack \\"1\\"\\\\a"}`]:
      '1',
  });
});

test('with per-peer every peer has its series, and none is left when it goes', async () => {
  let peers = [meshPeer(1), meshPeer(2, { state: 'Idle', lastError: { at: NOW, text: 'refused' } })];
  const metrics = metricsOf(() => peers, {}, 'per-peer');
  const up = (number: number) => `caracal_bgp_peer_up{peer="10.1.0.${number}",name="Mesh_${number}"}`;
  const before = await scrape(metrics);
  expect(starting(before, 'caracal_bgp_peer_up{')).toEqual({ [up(1)]: '1', [up(2)]: '0' });
  expect(starting(before, 'caracal_bgp_peer_last_error')).toEqual({
    'caracal_bgp_peer_last_error_timestamp_seconds{peer="10.1.0.2",name="Mesh_2"}': String(NOW / 1000),
  });
  peers = [peers[0]!];
  expect(starting(await scrape(metrics), 'caracal_bgp_peer_up{')).toEqual({ [up(1)]: '1' });
});

test('sums never go back when a peer goes or begins anew', async () => {
  const counters = peerFixture().counters;
  let peers = [meshPeer(1, { counters: { ...counters, updatesIn: 10 } }), meshPeer(2)];
  const metrics = metricsOf(() => peers);
  const received = async () => (await scrape(metrics)).get('caracal_bgp_updates_received_total{family="ipv4"}');
  expect(await received()).toBe('12');
  peers = [meshPeer(1, { counters: { ...counters, updatesIn: 3 } })];
  expect(await received()).toBe('15');
  expect(await received()).toBe('15');
});

test('the kernel is counted, and its complaints by reason', async () => {
  const complaint = { prefix: '10.65.0.0/26', text: 'a' };
  const kernel = { type: 'linux', wanted: 9, installed: 7, conflicts: [], waiting: [], fights: [] } as const;
  const series = await scrape(metricsOf(() => [], { kernel: { ...kernel, refused: [complaint, complaint] } }));
  expect(starting(series, 'caracal_kernel')).toEqual({
    caracal_kernel_routes_wanted: '9',
    caracal_kernel_routes_programmed: '7',
    'caracal_kernel_routes_troubled{reason="refused"}': '2',
    'caracal_kernel_routes_troubled{reason="conflict"}': '0',
    'caracal_kernel_routes_troubled{reason="waiting"}': '0',
    'caracal_kernel_routes_troubled{reason="fight"}': '0',
    'caracal_kernel_operations_total{operation="add"}': '7',
    'caracal_kernel_operations_total{operation="replace"}': '2',
    'caracal_kernel_operations_total{operation="delete"}': '3',
    caracal_kernel_refusals_total: '1',
  });
});

test('what a datastore does not tell has no series, not a zero', async () => {
  const files = await scrape(metricsOf(() => []));
  expect(starting(files, 'caracal_datastore')).toEqual({ 'caracal_datastore_synced{type="files"}': '1' });
  const watch = { name: 'nodes', state: 'watching', resources: 3, contactAge: 400_000, lists: 1, failuresInARow: 0 };
  const contact = { contactAge: 400_000, watches: [watch] } as const;
  const datastore = { type: 'kubernetes', synced: true, lastEventAt: NOW, contact } as StatusEnvironment['datastore'];
  const kubernetes = await scrape(metricsOf(() => [], { datastore }));
  expect(starting(kubernetes, 'caracal_datastore')).toEqual({
    'caracal_datastore_synced{type="kubernetes"}': '1',
    caracal_datastore_stale: '1',
    caracal_datastore_contact_timestamp_seconds: String(NOW / 1000 - 400),
    caracal_datastore_last_event_timestamp_seconds: String(NOW / 1000),
    'caracal_datastore_watches{state="starting"}': '0',
    'caracal_datastore_watches{state="watching"}': '1',
    'caracal_datastore_watches{state="missing"}': '0',
    'caracal_datastore_watches{state="failing"}': '0',
  });
});

test('the lateness of timers is a histogram from the first scrape on', async () => {
  const metrics = metricsOf(() => []);
  metrics.observeLateness(3_000);
  await scrape(metrics);
  metrics.observeLateness(3_000);
  metrics.observeLateness(2);
  const series = await scrape(metrics);
  expect(series.get(`${LATENESS.name}_bucket{le="0.005"}`)).toBe('1');
  expect(series.get(`${LATENESS.name}_bucket{le="1"}`)).toBe('1');
  expect(series.get(`${LATENESS.name}_bucket{le="5"}`)).toBe('2');
});

test('the process and its event loop are measured', async () => {
  const series = await scrape(metricsOf(() => []));
  const names = ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_heap_size_used_bytes'];
  for (const name of names) expect(Number(series.get(name))).toBeGreaterThan(0);
  expect(Object.keys(starting(series, 'caracal_event_loop_delay_seconds'))).toHaveLength(4);
});

test('samples have exactly the labels that their rows name', async () => {
  const contact = { contactAge: 1, watches: [] };
  const datastore = { type: 'kubernetes', synced: true, lastEventAt: NOW, contact };
  const lost = { ...RACK, lastError: { at: NOW, text: 'a' } };
  const series = await scrape(metricsOf(() => [meshPeer(1), lost], { datastore, reconfiguredAt: NOW }));
  const labelsByName = new Map<string, string>();
  for (const key of series.keys()) {
    const [name = '', rest = ''] = key.split(/\{(.*)\}$/);
    labelsByName.set(name, [...rest.matchAll(/([a-z_]+)="(?:[^"\\]|\\.)*"/g)].map(([, label]) => label).join(' '));
  }
  for (const { name, labels } of METRIC_ROWS) expect([name, labelsByName.get(name)]).toEqual([name, labels.join(' ')]);
});
