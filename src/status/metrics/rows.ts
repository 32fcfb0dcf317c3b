// The metrics of a node as a table: name, labels, meaning, and where the value comes from. Their number does not grow with
// the number of peers. What single peers get is in peer-rows.ts; docs/metrics.md explains all of them.

import type { Family } from 'node-bgp';
import type { ContactReport, PeerReport } from '../types.ts';
import { addressFamily } from './totals.ts';
import type { MetricRow, MetricsView, Sample, TotalName } from './types.ts';

const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];
export const STATES = ['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established'] as const;

const AGENT_ROWS: readonly MetricRow[] = [
  gauge('caracal_build_info', 'Always 1; what runs.', ['version', 'commit', 'runtime'], ({ report: { agent } }) => [
    [1, { version: agent.version, commit: agent.commit, runtime: `node ${process.versions.node}` }],
  ]),
  gauge('caracal_ready', '1: ready, as /readyz answers.', [], ({ report }) => [[flag(report.agent.state === 'Ready')]]),
  gauge('caracal_recovering', '1: routes of peers are awaited after a graceful restart.', [], ({ report }) => [
    [flag(report.agent.recovering)],
  ]),
  gauge('caracal_reconfigured_timestamp_seconds', 'When a configuration was applied last.', [], ({ report }) =>
    moment(report.agent.lastReconfigurationTime),
  ),
  gauge('caracal_problems', 'Things an operator should mend, as caracal status lists them.', [], ({ report }) => [
    [report.problems.length],
  ]),
];

const BGP_ROWS: readonly MetricRow[] = [
  gauge('caracal_bgp_peers', 'Sessions by state.', ['type', 'role', 'family', 'state'], peersByState),
  gauge('caracal_bgp_routes_received', 'Paths that peers have told.', ['family'], ({ peers }) =>
    sumByFamily(peers, 'received'),
  ),
  gauge('caracal_bgp_routes_accepted', 'Those of them that the import policies accept.', ['family'], ({ peers }) =>
    sumByFamily(peers, 'accepted'),
  ),
  gauge('caracal_bgp_routes_advertised', 'Prefixes told to peers, for each peer.', ['family'], ({ peers }) =>
    sumByFamily(peers, 'advertised'),
  ),
  total('caracal_bgp_updates_received_total', 'UPDATE messages received.', 'updatesIn'),
  total('caracal_bgp_updates_sent_total', 'UPDATE messages sent.', 'updatesOut'),
  total('caracal_bgp_received_bytes_total', 'Octets received from peers.', 'bytesIn'),
  total('caracal_bgp_sent_bytes_total', 'Octets sent to peers.', 'bytesOut'),
  total('caracal_bgp_flaps_total', 'Established sessions that were lost.', 'flaps'),
  gauge('caracal_bgp_next_hops_unresolved', 'Next hops that no route leads to.', [], ({ report }) => [
    [report.unresolvedNextHops.length],
  ]),
  gauge('caracal_rib_prefixes', 'Prefixes in the routing table.', ['family'], ({ report }) =>
    FAMILIES.map((family) => [report.tables[family].prefixes, { family }]),
  ),
  gauge('caracal_rib_paths', 'Paths in the routing table.', ['family'], ({ report }) =>
    FAMILIES.map((family) => [report.tables[family].paths, { family }]),
  ),
];

const KERNEL_ROWS: readonly MetricRow[] = [
  gauge('caracal_kernel_routes_wanted', 'Routes that are to be in the kernel.', [], ({ report }) => [
    [report.kernel.wanted],
  ]),
  gauge('caracal_kernel_routes_programmed', 'Those of them that the kernel holds.', [], ({ report }) => [
    [report.kernel.installed],
  ]),
  gauge('caracal_kernel_routes_troubled', 'Routes that are not as wanted.', ['reason'], ({ report: { kernel } }) => [
    [kernel.refused.length, { reason: 'refused' }],
    [kernel.conflicts.length, { reason: 'conflict' }],
    [kernel.waiting.length, { reason: 'waiting' }],
    [kernel.fights.length, { reason: 'fight' }],
  ]),
  counter('caracal_kernel_operations_total', 'Changes the kernel carried out.', ['operation'], (view) =>
    (['add', 'replace', 'delete'] as const).map((operation) => [view.kernelOperations[operation], { operation }]),
  ),
  counter('caracal_kernel_refusals_total', 'Changes that the kernel refused.', [], ({ kernelOperations }) => [
    [kernelOperations.refused],
  ]),
];

const DATASTORE_ROWS: readonly MetricRow[] = [
  gauge('caracal_datastore_synced', '1: all was read, and changes arrive.', ['type'], ({ report: { datastore } }) => [
    [flag(datastore.synced), { type: datastore.type }],
  ]),
  gauge('caracal_datastore_stale', '1: what is known may be old.', [], ({ report: { datastore } }) =>
    datastore.contact === undefined ? [] : [[flag(datastore.contact.stale)]],
  ),
  gauge('caracal_datastore_contact_timestamp_seconds', 'When its server was heard of last.', [], ({ report }) =>
    moment(report.datastore.contact?.lastContactTime),
  ),
  gauge('caracal_datastore_watches', 'Watches by state.', ['state'], ({ report: { datastore } }) =>
    datastore.contact === undefined ? [] : watchesByState(datastore.contact),
  ),
  gauge('caracal_datastore_last_event_timestamp_seconds', 'When a change arrived last.', [], ({ report }) =>
    moment(report.datastore.lastEventTime),
  ),
];

const PROCESS_ROWS: readonly MetricRow[] = [
  gauge('caracal_event_loop_delay_seconds', 'How late the event loop was.', ['quantile'], ({ process }) =>
    [...process.loopDelay].map(([quantile, seconds]) => [seconds, { quantile }]),
  ),
  counter('process_cpu_seconds_total', 'Processor time, of user and system.', [], ({ process }) => [[process.cpu]]),
  gauge('process_resident_memory_bytes', 'Resident memory.', [], ({ process }) => [[process.resident]]),
  gauge('process_start_time_seconds', 'When the process started.', [], ({ report }) =>
    moment(report.agent.lastBootTime),
  ),
  gauge('nodejs_heap_size_used_bytes', 'JavaScript heap in use.', [], ({ process }) => [[process.heapUsed]]),
  gauge('nodejs_external_memory_bytes', 'Memory of buffers and tables.', [], ({ process }) => [[process.external]]),
];

/** The three that Calico Enterprise has, with its labels, so that its dashboards and alerts work as they are. */
const ENTERPRISE_ROWS: readonly MetricRow[] = [
  gauge('bgp_peers', "Sessions by state, as Calico Enterprise's.", ['instance', 'status', 'ip_version'], (view) =>
    FAMILIES.flatMap((family) => {
      const peers = view.peers.filter(({ peerIP }) => addressFamily(peerIP) === family);
      return STATES.map((status): Sample => {
        const labels = { instance: view.report.node, status, ip_version: ipVersion(family) };
        return [peers.filter(({ state }) => state === status).length, labels];
      });
    }),
  ),
  gauge('bgp_routes_imported', "Accepted paths, as Calico Enterprise's.", ['instance', 'ip_version'], (view) =>
    enterprise(view, sumByFamily(view.peers, 'accepted')),
  ),
  gauge('bgp_route_updates_received', "UPDATEs, as Calico Enterprise's.", ['instance', 'ip_version'], (view) =>
    enterprise(view, totalsOf(view, 'updatesIn')),
  ),
];

export const NODE_ROWS: readonly MetricRow[] = [
  ...AGENT_ROWS,
  ...BGP_ROWS,
  ...KERNEL_ROWS,
  ...DATASTORE_ROWS,
  ...PROCESS_ROWS,
  ...ENTERPRISE_ROWS,
];

/** Observed as it happens (metrics.ts), in place of being read at a scrape. */
export const LATENESS = {
  name: 'caracal_timer_lateness_seconds',
  help: 'How late timers of sessions were handled: KEEPALIVE, hold, retry.',
  labels: [] as readonly string[],
  buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
} as const;

/** Every state of every kind of peer that there is, so that a rule finds a zero where nobody is in a state. */
function peersByState({ peers }: MetricsView): readonly Sample[] {
  const kinds = new Map<string, { labels: Record<string, string>; states: Map<string, number> }>();
  for (const { type, role, peerIP, state } of peers) {
    const labels = { type, role, family: addressFamily(peerIP) };
    const key = Object.values(labels).join(' ');
    const kind = kinds.get(key) ?? { labels, states: new Map(STATES.map((name) => [name, 0])) };
    kind.states.set(state, kind.states.get(state)! + 1);
    kinds.set(key, kind);
  }
  return [...kinds.values()].flatMap(({ labels, states }) =>
    [...states].map(([state, count]): Sample => [count, { ...labels, state }]),
  );
}

function watchesByState({ watches }: ContactReport): readonly Sample[] {
  return (['starting', 'watching', 'missing', 'failing'] as const).map((state) => [
    watches.filter((watch) => watch.state === state).length,
    { state },
  ]);
}

function sumByFamily(peers: readonly PeerReport[], counter: 'received' | 'accepted' | 'advertised'): readonly Sample[] {
  const sums = { ipv4: 0, ipv6: 0 };
  for (const { peerIP, counters } of peers) sums[addressFamily(peerIP)] += counters[counter];
  return FAMILIES.map((family) => [sums[family], { family }]);
}

function totalsOf({ totals }: MetricsView, name: TotalName): readonly Sample[] {
  return FAMILIES.map((family) => [totals[name][family], { family }]);
}

function enterprise({ report }: MetricsView, samples: readonly Sample[]): readonly Sample[] {
  return samples.map(([value, labels]) => [
    value,
    { instance: report.node, ip_version: ipVersion(labels!.family as Family) },
  ]);
}

function ipVersion(family: Family): string {
  return family === 'ipv4' ? 'IPv4' : 'IPv6';
}

export function gauge(name: string, help: string, labels: readonly string[], read: MetricRow['read']): MetricRow {
  return { name, type: 'gauge', help, labels, read };
}

export function counter(name: string, help: string, labels: readonly string[], read: MetricRow['read']): MetricRow {
  return { name, type: 'counter', help, labels, read };
}

function total(name: string, help: string, which: TotalName): MetricRow {
  return counter(name, help, ['family'], (view) => totalsOf(view, which));
}

export function flag(value: boolean): number {
  return value ? 1 : 0;
}

/** Seconds since the epoch; no sample where it has not happened. */
export function moment(timestamp: string | undefined): readonly Sample[] {
  return timestamp === undefined ? [] : [[Date.parse(timestamp) / 1000]];
}
