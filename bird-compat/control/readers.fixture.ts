// What reads BIRD's answers on a node of Calico, written from what those programs do: the readiness and liveness probes of
// calico-node, its status reporter, and calicoctl. They are strict where those are strict.

import type { Client } from './control.fixture.ts';

export interface BgpPeer {
  readonly address: string;
  readonly type: string;
  readonly state: string;
  readonly since: string;
  readonly bgpState: string;
  readonly info: string;
}

const HEADING = ['name', 'proto', 'table', 'state', 'since', 'info'];
const PEER_NAME = /^(Global|Node|Mesh)_(.+)$/;
const TYPES: Readonly<Record<string, string>> = {
  Global: 'global',
  Node: 'node specific',
  Mesh: 'node-to-node mesh',
};

/** Readiness and calicoctl: throws at a line that does not begin as expected. */
export async function readProtocols(client: Client, family: 'ipv4' | 'ipv6' = 'ipv4'): Promise<BgpPeer[]> {
  const peers: BgpPeer[] = [];
  client.socket.write('show protocols\n');
  for (;;) {
    const line = await client.line();
    if (line.startsWith('0000')) return peers;
    if (line.startsWith('0001')) continue;
    if (line.startsWith('2002')) {
      const names = line.slice(5).trim().split(/\s+/);
      if (names.join() !== HEADING.join()) throw new Error(`the heading is ${line}`);
      continue;
    }
    if (!line.startsWith('1002') && !line.startsWith(' ')) throw new Error(`did not expect ${line}`);
    const peer = peerOf(line.startsWith(' ') ? line.slice(1) : line.slice(5), family);
    if (peer !== undefined) peers.push(peer);
  }
}

function peerOf(row: string, family: 'ipv4' | 'ipv6'): BgpPeer | undefined {
  const fields = row.trim().split(/\s+/);
  const [name = '', kind, , state = '', since = '', bgpState = '', ...info] = fields;
  if (fields.length < 6 || kind !== 'BGP') return undefined;
  const match = PEER_NAME.exec(name);
  if (match === null) return undefined;
  const address = match[2]!.replaceAll('_', family === 'ipv4' ? '.' : ':');
  return { address, type: TYPES[match[1]!]!, state, since, bgpState, info: info.join(' ') };
}

/** Readiness: whether the router is recovering from a restart. */
export async function readIsRecovering(client: Client): Promise<boolean> {
  client.socket.write('show status\n');
  let isRecovering = false;
  for (;;) {
    const line = await client.line();
    if (line.startsWith('0024')) isRecovering = true;
    if (line.startsWith('0013')) return isRecovering;
  }
}

/** `true`: ready. While it is young the probe wants all sessions and no recovery, later one session. */
export async function isReady(client: Client, isYoung: boolean): Promise<boolean> {
  const peers = await readProtocols(client);
  const established = peers.filter(({ bgpState }) => bgpState === 'Established').length;
  if (peers.length === 0) return true;
  if (!isYoung) return established > 0;
  return established === peers.length && !(await readIsRecovering(client));
}

export interface AgentStatus {
  state: 'Ready' | 'NotReady';
  version: string;
  routerId: string;
  lastBoot: string;
  lastReconfiguration: string;
}

/** The reporter's populator of the agent, on a connection of its own whose greeting it reads, too. */
export async function readAgent(client: Client): Promise<AgentStatus> {
  const status: AgentStatus = { state: 'NotReady', version: '', routerId: '', lastBoot: '', lastReconfiguration: '' };
  client.socket.write('show status\n');
  for (;;) {
    const line = await client.line();
    const text = line.startsWith(' ') ? line.slice(1) : line.slice(5);
    const after = (phrase: string) => (text.startsWith(phrase) ? text.slice(phrase.length).trim() : undefined);
    if (line.includes('BIRD') && line.includes('ready')) status.state = 'Ready';
    status.version =
      after('BIRD v') === undefined ? status.version : text.slice('BIRD '.length).replace(/ ready\.$/, '');
    status.routerId = after('Router ID is') ?? status.routerId;
    status.lastBoot = after('Last reboot on') ?? status.lastBoot;
    status.lastReconfiguration = after('Last reconfiguration on') ?? status.lastReconfiguration;
    const isKnown = /^(?:0001|1000|1011| )/.test(line);
    if (!isKnown) return status; // 0013, or 0024
  }
}

const STATES = ['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established', 'Close'];

/** The reporter's populator of sessions: each peer in detail, on the same connection. */
export async function readPeerDetails(client: Client, name: string): Promise<{ address: string; state: string }> {
  client.socket.write(`show protocols all ${name}\n`);
  const peer = { address: '', state: '' };
  for (;;) {
    const line = await client.line();
    if (line.startsWith('0000')) return peer;
    if (/^[89]/.test(line)) throw new Error(line);
    const [, state] = line.split('BGP state:');
    if (state !== undefined && STATES.includes(state.trim())) peer.state = state.trim();
    const [, address] = line.split('Neighbor address:');
    if (address !== undefined) peer.address = address.trim();
  }
}

export interface ReportedRoute {
  readonly destination: string;
  readonly type: 'FIB' | 'RIB';
  readonly gateway: string;
  readonly device: string;
  readonly learnedFrom: string;
}

const VIA = /^(\S+)\s+via (\S+) on (\S+) \[(\S+) /;
const DEVICE = /^(\S+)\s+dev (\S+) \[(\S+) /;
const DROPPED = /^(\S+)\s+(blackhole|unreachable) \[(\S+) /;
const SOURCES = /^(static|kernel|direct|Mesh|Global|Node)/;

/** The reporter's populator of routes: a row that it cannot place fails the whole report. */
export async function readRoutes(client: Client): Promise<ReportedRoute[]> {
  const routes: ReportedRoute[] = [];
  client.socket.write('show route\n');
  for (;;) {
    const line = await client.line();
    if (line.startsWith('0000')) return routes;
    if (line.startsWith('0001')) continue;
    if (!line.startsWith('1007') && !line.startsWith(' ')) throw new Error(`did not expect ${line}`);
    routes.push(routeOf(line.startsWith(' ') ? line.slice(1) : line.slice(5)));
  }
}

function routeOf(row: string): ReportedRoute {
  const type = row.includes('] *') ? 'FIB' : 'RIB';
  const via = VIA.exec(row);
  const device = DEVICE.exec(row);
  const dropped = DROPPED.exec(row);
  const learnedFrom = via?.[4] ?? device?.[3] ?? dropped?.[3] ?? '';
  if (!SOURCES.test(learnedFrom)) throw new Error(`the source of ${row} is not known`);
  return {
    destination: via?.[1] ?? device?.[1] ?? dropped![1]!,
    type,
    gateway: via?.[2] ?? '',
    device: via?.[3] ?? device?.[2] ?? dropped![2]!,
    learnedFrom,
  };
}
