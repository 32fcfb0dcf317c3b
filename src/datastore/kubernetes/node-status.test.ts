import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../datastore-contract.ts';
import type { CalicoNodeStatus } from '../resources/types.ts';
import { ApiClient } from './client.ts';
import type { Complaint } from './complaint.ts';
import { Connections } from './connections.ts';
import { Discovery } from './discovery.ts';
import { FakeApiServer } from './fake-api-server.fixture.ts';
import { ManualClock } from './manual-clock.fixture.ts';
import { NodeEventWriter } from './node-events.ts';
import { NodeStatusWriter } from './node-status.ts';
import { type AgentValues, MOST_ROUTES, type RouteValue } from './node-status-values.ts';

const STATUSES = '/apis/crd.projectcalico.org/v1/caliconodestatuses';
const EVENTS = '/api/v1/events';
const AT = Date.UTC(2026, 3, 5, 12, 0, 0);

/** As the daemon's own report says it, which is more than is wanted. */
const AGENT = {
  state: 'Ready',
  reasons: [],
  version: '0.1.0',
  routerID: '10.0.0.1',
  asNumber: 64_512,
  lastBootTime: '2026-04-05T11:00:00.123Z',
  lastReconfigurationTime: '2026-04-05T11:30:00.000Z',
} as const;
const BIRD = {
  state: 'Ready',
  version: '0.1.0',
  routerID: '10.0.0.1',
  lastBootTime: '2026-04-05 11:00:00',
  lastReconfigurationTime: '2026-04-05 11:30:00',
};
const PEER = {
  peerIP: '10.0.0.2',
  type: 'NodeMesh',
  state: 'Established',
  since: '2026-04-05T11:00:01.000Z',
  port: 179,
} as const;
const NUMBERS = {
  numberEstablishedV4: 1,
  numberNotEstablishedV4: 1,
  numberEstablishedV6: 0,
  numberNotEstablishedV6: 0,
};
const WORKLOAD = { ...PEER, peerIP: '10.65.0.5', type: 'LocalWorkload', state: 'Active' } as const;
const BGP = { ...NUMBERS, peersV4: [PEER, WORKLOAD], peersV6: [] };
const ROUTE = {
  type: 'FIB',
  destination: '10.1.0.0/26',
  gateway: '10.0.0.2',
  interface: 'eth0',
  asPath: '',
  learnedFrom: { sourceType: 'NodeMesh', peerIP: '10.0.0.2', protocol: 'Mesh_10_0_0_2' },
} as const;
const OWN = {
  type: 'FIB',
  destination: '10.1.0.64/26',
  gateway: 'N/A',
  interface: 'blackhole',
  learnedFrom: { sourceType: 'Static', protocol: 'static1' },
} as const;

let server: FakeApiServer;
let clock: ManualClock;
let connections: Connections;
let lifetime: AbortController;
let said: string[];
let bugs: unknown[];

beforeEach(async () => {
  server = await new FakeApiServer().listen();
  clock = new ManualClock();
  lifetime = new AbortController();
  said = [];
  bugs = [];
  const access = { apiEndpoint: server.url, insecureSkipTlsVerify: false };
  connections = new Connections({ access, clock, env: {}, root: '' });
});

afterEach(async () => {
  lifetime.abort();
  connections.close();
  await server.close();
});

function common() {
  const client = new ApiClient(connections);
  const discovery = new Discovery(client, clock, lifetime.signal, 'crd.projectcalico.org/v1');
  return {
    ...{ api: { client, discovery }, clock, random: () => 1, wallClock: () => AT + clock.now() },
    ...{
      report: ({ kind, name, text = 'all is well' }: Complaint) => said.push(`${kind} ${name}: ${text}`),
      onBug: (error: unknown) => bugs.push(error),
    },
  };
}

function until(holds: () => boolean): Promise<void> {
  return eventually(holds, () => ({
    said,
    bugs,
    pending: clock.pending,
    requests: server.requests.map((r) => r.path),
  }));
}

describe('CalicoNodeStatus', () => {
  let agent: AgentValues;
  let routes: { routes: readonly RouteValue[]; total: number };
  let writer: NodeStatusWriter;

  beforeEach(() => {
    agent = AGENT;
    routes = { routes: [ROUTE, OWN], total: 2 };
    const none = { routes: [], total: 0 };
    const source = {
      agent: () => agent,
      bgp: () => BGP,
      routes: (family: string) => (family === 'ipv4' ? routes : none),
    };
    writer = new NodeStatusWriter({ ...common(), source });
  });

  afterEach(() => writer.stop());

  function request(
    updatePeriodSeconds: number,
    classes: CalicoNodeStatus['classes'] = ['Agent'],
    name = 'mine',
  ): CalicoNodeStatus {
    const metadata = { name, labels: {}, annotations: {} };
    return { kind: 'CalicoNodeStatus', metadata, node: 'node-1', classes, updatePeriodSeconds };
  }

  function make(name = 'mine'): void {
    server.put(STATUSES, { metadata: { name }, spec: { node: 'node-1' } });
  }

  function status(name = 'mine') {
    return server.get(STATUSES, name)?.status as { lastUpdated: string } & Record<string, unknown>;
  }

  /** The first write is due at once. */
  async function written(): Promise<void> {
    clock.advance(0);
    await until(() => status() !== undefined);
  }

  async function settled(): Promise<void> {
    await until(() => clock.pending.length > 0);
  }

  test('says everything in the words of Calico', async () => {
    make();
    writer.setRequests([request(10, ['Agent', 'BGP', 'Routes'])]);
    await written();
    expect(server.get(STATUSES, 'mine')).toEqual({
      ...{ kind: 'CalicoNodeStatus', apiVersion: 'crd.projectcalico.org/v1', spec: { node: 'node-1' } },
      metadata: { name: 'mine', resourceVersion: expect.any(String) },
      status: {
        lastUpdated: '2026-04-05T12:00:00Z',
        agent: { birdV4: BIRD, birdV6: BIRD },
        bgp: {
          ...NUMBERS,
          peersV4: [
            { peerIP: '10.0.0.2', type: 'NodeMesh', state: 'Established', since: '2026-04-05 11:00:01' },
            { peerIP: '10.65.0.5', state: 'Active', since: '2026-04-05 11:00:01' },
          ],
          peersV6: [],
        },
        routes: {
          routesV4: [
            {
              ...{ type: 'FIB', destination: '10.1.0.0/26', gateway: '10.0.0.2', interface: 'eth0' },
              learnedFrom: { sourceType: 'NodeMesh', peerIP: '10.0.0.2' },
            },
            {
              ...{ type: 'FIB', destination: '10.1.0.64/26', gateway: 'N/A', interface: 'blackhole' },
              learnedFrom: { sourceType: 'Static' },
            },
          ],
          routesV6: [],
        },
      },
    });
    expect([said, bugs]).toEqual([[], []]);
  });

  test('says only what is asked for', async () => {
    make();
    writer.setRequests([request(10, ['Agent'])]);
    await written();
    expect(Object.keys(status()).sort()).toEqual(['agent', 'lastUpdated']);
  });

  test('is written again every so often, but only where something is different', async () => {
    make();
    writer.setRequests([request(10)]);
    await written();
    await settled();
    expect(clock.pending).toEqual([10_000]);
    const { resourceVersion } = server.get(STATUSES, 'mine')!.metadata;
    clock.advance(10_000);
    await settled();
    expect(server.get(STATUSES, 'mine')!.metadata.resourceVersion).toBe(resourceVersion);
    agent = { ...AGENT, state: 'NotReady' };
    clock.advance(10_000);
    await until(() => status().lastUpdated === '2026-04-05T12:00:20Z');
    expect(status()).toMatchObject({ agent: { birdV6: { state: 'NotReady' } } });
  });

  test('is written once where the period is 0, and again when what is asked for changes', async () => {
    make();
    writer.setRequests([request(0)]);
    await written();
    agent = { ...AGENT, version: '2' };
    writer.changed();
    await new Promise((resolve) => setImmediate(resolve));
    expect(clock.pending).toEqual([]);
    writer.setRequests([request(0, ['Agent', 'BGP'])]);
    clock.advance(0);
    await until(() => 'bgp' in status());
    expect(status()).toMatchObject({ agent: { birdV4: { version: '2' } } });
  });

  test('is written soon after a change, not more often than every five seconds', async () => {
    make();
    writer.setRequests([request(3_600)]);
    await written();
    await settled();
    agent = { ...AGENT, version: '2' };
    clock.advance(1_000);
    for (let i = 0; i < 10; i++) writer.changed();
    expect(clock.pending).toEqual([4_000]);
    clock.advance(4_000);
    await until(() => status().lastUpdated === '2026-04-05T12:00:05Z');
    await settled();
    clock.advance(60_000);
    writer.changed();
    expect(clock.pending[0]).toBe(0);
  });

  test('waits for its period where only routes are asked for', async () => {
    make();
    writer.setRequests([request(60, ['Routes'])]);
    await written();
    await settled();
    writer.changed();
    expect(clock.pending).toEqual([60_000]);
  });

  test('is written over what somebody else has written in between', async () => {
    make();
    let puts = 0;
    server.fail(
      409,
      ({ path }) => {
        if (path.endsWith('/status')) puts++;
        return path.endsWith('/status');
      },
      { times: 2 },
    );
    writer.setRequests([request(10)]);
    await written();
    expect(said).toEqual([]);
    expect(puts).toBe(2);
  });

  test('says once that it may not be written, tries less and less often, and says it again after it was all right', async () => {
    make();
    server.fail(403, ({ path }) => path.endsWith('/status'), { message: 'User "me"' });
    writer.setRequests([request(10)]);
    clock.advance(0);
    const pauses: number[] = [];
    for (let i = 0; i < 8; i++) {
      await settled();
      pauses.push(clock.pending[0]!);
      clock.advance(clock.pending[0]!);
    }
    expect(pauses).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
    const sentence =
      'CalicoNodeStatus mine: cannot be written: me may not update caliconodestatuses/status of crd.projectcalico.org: ' +
      'its ClusterRole needs the rule {"apiGroups":["crd.projectcalico.org"],"resources":["caliconodestatuses/status"],"verbs":["update"]}';
    expect(said).toEqual([sentence]);
    await settled();
    server.heal();
    clock.advance(300_000);
    await until(() => status() !== undefined);
    await settled();
    expect(clock.pending).toEqual([10_000]);
    server.fail(403, ({ path }) => path.endsWith('/status'), { message: 'User "me"' });
    agent = { ...AGENT, version: '2' };
    clock.advance(10_000);
    await until(() => said.length === 3);
    expect(said).toEqual([sentence, 'CalicoNodeStatus mine: all is well', sentence]);
  });

  test('does not grow beyond what the store of the server takes', async () => {
    make();
    const many = Array.from({ length: MOST_ROUTES + 10 }, () => ROUTE);
    routes = { routes: many, total: 30_000 };
    writer.setRequests([request(10, ['Routes'])]);
    await written();
    const { routesV4 } = status().routes as { routesV4: unknown[] };
    expect(routesV4).toHaveLength(MOST_ROUTES);
    await settled();
    expect(said).toEqual(['CalicoNodeStatus mine: 2500 of 30000 routes fit into it']);
    expect(JSON.stringify(routesV4).length).toBeLessThan(700_000);
  });

  test('is left alone once it is deleted, or when the writer is stopped', async () => {
    make('first');
    make('second');
    writer.setRequests([request(10, ['Agent'], 'first'), request(10, ['Agent'], 'second')]);
    clock.advance(0);
    await until(() => status('first') !== undefined && status('second') !== undefined);
    await until(() => clock.pending.length === 2);
    writer.setRequests([request(10, ['Agent'], 'second')]);
    expect(clock.pending).toHaveLength(1);
    server.remove(STATUSES, { metadata: { name: 'second' } });
    clock.advance(10_000);
    await writer.stop();
    await writer.stop();
    expect(clock.pending).toEqual([]);
    expect(said).toEqual([]);
    writer.setRequests([request(10)]);
    expect(clock.pending).toEqual([]);
  });

  test('goes on when its source throws', async () => {
    make();
    let isBroken = true;
    const source = {
      agent: () => {
        if (isBroken) throw new RangeError('a mistake of ours');
        return AGENT;
      },
      bgp: () => BGP,
      routes: () => ({ routes: [], total: 0 }),
    };
    const other = new NodeStatusWriter({ ...common(), source });
    other.setRequests([request(10)]);
    clock.advance(0);
    await until(() => bugs.length === 1 && clock.pending.length === 1);
    isBroken = false;
    clock.advance(5_000);
    await until(() => status() !== undefined);
    await other.stop();
  });
});

describe('Events on the Node', () => {
  let writer: NodeEventWriter;

  beforeEach(() => {
    writer = new NodeEventWriter({ ...common(), random: () => 0, kubernetesNode: 'node-1' });
  });

  afterEach(() => writer.stop());

  const session = (index: number) => ({ name: `Mesh_10_0_0_${index}`, address: `10.0.0.${index}` });

  function events() {
    return server.all(EVENTS).map(({ type, reason, message }) => [type, reason, message]);
  }

  async function written(...expected: readonly (readonly string[])[]): Promise<void> {
    await until(() => events().length >= expected.length);
    expect(events()).toEqual(expected);
  }

  test('say when a session goes down and when it is back', async () => {
    writer.sessionUp(session(2));
    expect(clock.pending).toEqual([]);
    writer.sessionDown(session(2), 'hold timer expired');
    clock.advance(2_000);
    const down = ['Warning', 'BGPSessionDown', 'BGP session Mesh_10_0_0_2 with 10.0.0.2 is down: hold timer expired'];
    await written(down);
    expect(server.all(EVENTS)[0]).toEqual({
      ...{ apiVersion: 'v1', kind: 'Event', type: 'Warning', reason: 'BGPSessionDown', message: down[2], count: 1 },
      metadata: {
        ...{ generateName: 'node-1.', name: expect.stringMatching(/^node-1\./), namespace: 'default' },
        resourceVersion: expect.any(String),
      },
      involvedObject: { apiVersion: 'v1', kind: 'Node', name: 'node-1', uid: 'node-1' },
      ...{ firstTimestamp: '2026-04-05T12:00:02Z', lastTimestamp: '2026-04-05T12:00:02Z' },
      source: { component: 'caracal', host: 'node-1' },
      ...{ reportingComponent: 'caracal', reportingInstance: 'node-1' },
    });
    writer.sessionUp(session(2));
    await until(() => clock.pending.length === 1);
    expect(clock.pending).toEqual([60_000]);
    clock.advance(60_000);
    await written(down, ['Normal', 'BGPSessionUp', 'BGP session Mesh_10_0_0_2 with 10.0.0.2 is back']);
  });

  test('are few however many sessions go down, and however often', async () => {
    for (let i = 1; i <= 8; i++) writer.sessionDown(session(i), 'gone');
    for (let i = 1; i <= 7; i++) writer.sessionUp(session(i));
    for (let i = 1; i <= 6; i++) writer.sessionDown(session(i), 'gone');
    clock.advance(2_000);
    const names = 'Mesh_10_0_0_1, Mesh_10_0_0_2, Mesh_10_0_0_3, Mesh_10_0_0_4, Mesh_10_0_0_5 and 2 more';
    await written(
      ['Warning', 'BGPSessionDown', `7 BGP sessions are down: ${names}`],
      ['Warning', 'BGPSessionDown', 'BGP session Mesh_10_0_0_7 with 10.0.0.7 was down for a moment: gone'],
    );
  });

  test('come when other nodes do not write theirs', async () => {
    const other = new NodeEventWriter({ ...common(), random: () => 0.5, kubernetesNode: 'node-2' });
    other.sessionDown(session(1), 'gone');
    expect(clock.pending).toEqual([6_000]);
    await other.stop();
  });

  test('say once that they may not be written', async () => {
    server.fail(403, ({ path }) => path.endsWith('/events'), { message: 'User "me"' });
    writer.sessionDown(session(1), 'gone');
    clock.advance(2_000);
    await until(() => said.length === 1);
    writer.sessionUp(session(1));
    await until(() => clock.pending.length === 1);
    clock.advance(60_000);
    await writer.stop();
    expect(said).toEqual([
      'Event node-1: cannot be written: me may not create events in namespace default: its Role in namespace default needs the rule {"apiGroups":[""],"resources":["events"],"verbs":["create"]}',
    ]);
    writer.sessionDown(session(1), 'gone');
    expect(clock.pending).toEqual([]);
  });
});
