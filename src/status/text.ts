// The report as text for people, laid out like `calicoctl node status` so that eyes and scripts find what they know.
// A pure function of the report: the client calls it with what the daemon sent.

import { contactText } from './contact.ts';
import { FAMILY_NAME } from './peer-report.ts';
import { boxTable } from './table.ts';
import { durationText, sinceText } from './time.ts';
import type { KernelComplaint, PeerReport, PeerType, StatusReport, TableReport } from './types.ts';

const TYPE_TEXT: Readonly<Record<PeerType, string>> = {
  NodeMesh: 'node-to-node mesh',
  NodePeer: 'node specific',
  GlobalPeer: 'global',
  LocalWorkload: 'local workload',
  Static: 'static',
};

const MOST_COMPLAINTS = 20;
const HEADINGS = ['PEER ADDRESS', 'PEER TYPE', 'STATE', 'SINCE', 'INFO'] as const;

export function statusText(report: StatusReport): string {
  const blocks = [
    headerText(report),
    peersText('IPv4', report.bgp.peersV4, report.lastUpdated),
    peersText('IPv6', report.bgp.peersV6, report.lastUpdated),
    listText('What would help', helpTexts([...report.bgp.peersV4, ...report.bgp.peersV6])),
    listText('Problems', report.problems.map(problemText)),
    listText('Routes refused by the kernel', complaintTexts(report.kernel.refused)),
    listText("Routes in whose place stands somebody else's", complaintTexts(report.kernel.conflicts)),
    listText('Routes that wait for a device', complaintTexts(report.kernel.waiting)),
    listText('Routes that somebody takes away', complaintTexts(report.kernel.fights)),
    listText('Next hops that nothing resolves', report.unresolvedNextHops),
    listText('Connections refused', refusalTexts(report)),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function headerText({ node, agent, datastore, kernel, tables, lastUpdated }: StatusReport): string {
  const uptime = durationText(Date.parse(lastUpdated) - Date.parse(agent.lastBootTime));
  const identity = [
    `Node ${node}`,
    ...(agent.asNumber === undefined ? [] : [`AS ${agent.asNumber}`]),
    ...(agent.routerID === undefined ? [] : [`router ID ${agent.routerID}`]),
    ...(agent.clusterID === undefined ? [] : [`route reflector of cluster ${agent.clusterID}`]),
    `version ${agent.version}`,
    `up ${uptime}`,
  ];
  const programmed = kernel.type === 'none' ? 'not programmed' : `${kernel.installed} of ${kernel.wanted} routes`;
  return [
    'Caracal process is running.',
    `${identity.join(', ')}.`,
    `Datastore${datastoreText(datastore, lastUpdated)}. Kernel: ${programmed}.`,
    `Routes: ${tableText('ipv4', tables.ipv4)}; ${tableText('ipv6', tables.ipv6)}.`,
    ...(agent.state === 'Ready' ? [] : ['Not ready:', ...agent.reasons.map(indented)]),
  ].join('\n');
}

function datastoreText({ type, synced, detail, contact }: StatusReport['datastore'], now: string): string {
  if (type === 'none') return ': not read';
  const said = contact === undefined || !synced ? '' : contactText(contact, now);
  return ` ${type}: ${synced ? 'in sync' : 'not in sync'}${said}${detail ? ` (${detail})` : ''}`;
}

function tableText(family: 'ipv4' | 'ipv6', { prefixes, paths, kernelRoutes }: TableReport): string {
  return `${FAMILY_NAME[family]} ${count(prefixes, 'prefix', 'prefixes')}, ${count(paths, 'path', 'paths')}, ${kernelRoutes} for the kernel`;
}

function peersText(family: string, peers: readonly PeerReport[], now: string): string {
  const title = `${family} BGP status`;
  if (peers.length === 0) return `${title}\nNo ${family} peers found.`;
  const rows = peers.map((peer) => [
    peer.peerIP,
    TYPE_TEXT[peer.type],
    peer.state === 'Established' ? 'up' : 'start',
    sinceText(peer.since, now),
    peer.info,
  ]);
  return `${title}\n${boxTable(HEADINGS, rows)}`;
}

/** `BGPPeer rack-1, spec.peerIP: text (file.yaml:12)`. */
export function problemText({ kind, name, path, text, place }: StatusReport['problems'][number]): string {
  return `${kind} ${name}${path === '' ? '' : `, ${path}`}: ${text}${place === undefined ? '' : ` (${place})`}`;
}

/** Of sessions that are not up: what their last end says. Many have one reason, such as a reflector that is gone. */
function helpTexts(peers: readonly PeerReport[]): readonly string[] {
  const down = peers.filter(({ state }) => state !== 'Established');
  const texts = [...new Set(down.flatMap(({ lastError }) => lastError?.help ?? []))];
  return texts.length > MOST_COMPLAINTS
    ? [...texts.slice(0, MOST_COMPLAINTS), `and ${texts.length - MOST_COMPLAINTS} more`]
    : texts;
}

/** Where one thing is wrong with thousands of routes, the first ones say what it is. */
function complaintTexts(complaints: readonly KernelComplaint[]): readonly string[] {
  const lines = complaints.slice(0, MOST_COMPLAINTS).map(({ prefix, text }) => `${prefix}: ${text}`);
  const more = complaints.length - lines.length;
  return more === 0 ? lines : [...lines, `and ${more} more`];
}

function refusalTexts({ refusedConnections = [], lastUpdated }: StatusReport): readonly string[] {
  const lines = refusedConnections.slice(0, MOST_COMPLAINTS).map(({ address, count: times, at, text }) => {
    return `${address}, ${count(times, 'time', 'times')}, last at ${sinceText(at, lastUpdated)}: ${text}`;
  });
  const more = refusedConnections.length - lines.length;
  return more === 0 ? lines : [...lines, `and ${more} more`];
}

function listText(title: string, entries: readonly string[]): string {
  return entries.length === 0 ? '' : [title, ...entries.map(indented)].join('\n');
}

function indented(line: string): string {
  return `  ${line}`;
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
