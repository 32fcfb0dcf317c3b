// Changes of resources under running daemons: what changes routes leaves every session as it is, to the millisecond; what
// has to reset a session resets that one alone. The files are edited as a person would; what is looked at is status, kernels
// and logs.

import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitUntilConverged } from '../../topologies/convergence.ts';
import { CARACAL } from '../../topologies/daemons.ts';
import { Lab } from '../../topologies/lab.ts';
import { parseLab } from '../../topologies/lab-file.ts';
import { waitFor } from '../../topologies/wait-for.ts';
import { describeWith } from '../requirements.ts';
import { LAB_TIMEOUT_MS } from './lab-checks.ts';

const calico = (kind: string, name: string, spec: object) => ({
  apiVersion: 'projectcalico.org/v3',
  kind,
  metadata: { name },
  spec,
});

const CONFIGURATION = { nodeToNodeMeshEnabled: false, asNumber: 64512 };
const POOL = { cidr: '10.65.0.0/16', ipipMode: 'Never', vxlanMode: 'Never' };
/** One BGPPeer for each pair; its other half is the reverse peering. */
const peerOf = (own: number, other: number, spec: object = {}) =>
  calico('BGPPeer', `peer-${own}-${other}`, {
    node: `node-${own}`,
    peerIP: `192.0.2.${other}`,
    asNumber: 64512,
    filters: ['guard'],
    ...spec,
  });
const TO_REFLECTOR = calico('BGPPeer', 'reflector', { node: 'node-3', peerIP: '192.0.2.100', asNumber: 64512 });
const NODE_3 = { name: 'node-3', address: '192.0.2.3', client: true };
const reflector = (...peers: readonly object[]) => ({
  apiVersion: 'caracal.io/v1',
  kind: 'RouteReflector',
  metadata: { name: 'reflector' },
  spec: {
    routerId: '192.0.2.100',
    asNumber: 64512,
    peers,
  },
});

const LAB = JSON.stringify({
  subnets: { rack: ['192.0.2.0/24'] },
  nodes: Object.fromEntries(
    [1, 2, 3].map((n) => [
      `node-${n}`,
      {
        addresses: [`192.0.2.${n}`],
        blocks: [`10.65.${n}.0/26`],
        arguments: ['--log-level', 'debug'],
      },
    ]),
  ),
  machines: {
    reflector: {
      addresses: ['192.0.2.100'],
      daemon: 'caracal',
      arguments: ['--kernel', 'none', '--log-level', 'debug', '--guard', 'hold'],
      resources: [reflector(NODE_3)],
    },
  },
});

type Resource = ReturnType<typeof calico>;

/** File -> what it holds while nothing is changed. */
const FILES: Readonly<Record<string, readonly Resource[]>> = {
  'configuration.yaml': [calico('BGPConfiguration', 'default', CONFIGURATION)],
  'pools.yaml': [calico('IPPool', 'pods', POOL)],
  'filters.yaml': [calico('BGPFilter', 'guard', {})],
  'peers.yaml': [peerOf(1, 2), peerOf(1, 3), peerOf(2, 3), TO_REFLECTOR],
};

const CHANGE_MS = 15_000;

describeWith(['namespaces', 'ip'], 'a change of resources', () => {
  let lab: Lab;
  const folder = () => lab.paths('node-1').resources;
  const write = (file: string, ...resources: readonly object[]) =>
    writeFileSync(join(folder(), file), resources.map((resource) => `---\n${JSON.stringify(resource)}\n`).join(''));
  const writeReflector = (...peers: readonly object[]) =>
    writeFileSync(
      join(lab.paths('reflector').resources, 'resources.yaml'),
      `---\n${JSON.stringify(reflector(...peers))}\n`,
    );

  beforeAll(async () => {
    lab = await Lab.buildFrom(parseLab('changes', LAB), { id: `changes-${process.pid}` });
    for (const [file, resources] of Object.entries(FILES)) write(file, ...resources);
    lab.startAll();
    await waitUntilConverged(lab);
  }, LAB_TIMEOUT_MS);
  afterAll(async () => {
    await lab?.down();
  }, LAB_TIMEOUT_MS);

  // --- what to look at

  /** Prefixes outside the own blocks that the kernel routes through a gateway. */
  const learned = async (name: string) =>
    (await lab.kernelRoutes(name)).filter(({ gateway }) => gateway !== undefined).map(({ dst }) => dst);

  /** Protocols from which a node has paths for a prefix. */
  const pathsOf = async (name: string, prefix: string) =>
    (await lab.routes(name, prefix)).map(({ learnedFrom }) => learnedFrom.protocol).sort();

  /** Every session of every daemon: since when it is up, and how often its state machine has moved. */
  async function sessions(): Promise<Readonly<Record<string, string>>> {
    const found: Record<string, string> = {};
    for (const { name } of lab.routers) {
      const status = await lab.status(name);
      const moves = transitions(lab.logTail(name, Number.MAX_SAFE_INTEGER));
      for (const peer of status?.bgp.peersV4 ?? []) {
        const { name: session, state, since, counters } = peer;
        found[`${name} ${session}`] =
          `${state} since ${since}, ${counters.flaps} flaps, ${moves.get(session) ?? 0} transitions`;
      }
    }
    return found;
  }

  async function expectSoon<T>(look: () => Promise<T>, expected: T): Promise<void> {
    let seen: T | undefined;
    await waitFor(async () => {
      seen = await look();
      return JSON.stringify(seen) === JSON.stringify(expected);
    }, CHANGE_MS);
    expect(seen).toEqual(expected);
  }

  /** All daemons have applied a change of their resources. */
  async function applied(change: () => void): Promise<void> {
    const times = () =>
      Promise.all(
        ['node-1', 'node-2', 'node-3'].map(async (name) => (await lab.status(name))?.agent.lastReconfigurationTime),
      );
    const before = await times();
    change();
    const isNew = async () => (await times()).every((time, index) => time !== undefined && time !== before[index]);
    expect(await waitFor(isNew, CHANGE_MS)).toBe(true);
  }

  const allUp = async () => Object.values(await sessions()).every((text) => text.startsWith('Established'));

  // --- what leaves sessions alone

  interface Hitless {
    readonly file: string;
    readonly resources: readonly object[];
    readonly look: () => Promise<unknown>;
    readonly before: unknown;
    readonly during: unknown;
  }

  const reject = { action: 'Reject', cidr: '10.65.1.0/26', matchOperator: 'Equal' };
  const BLOCK = calico('BlockAffinity', 'node-1-more', { cidr: '10.65.9.0/26', node: 'node-1', state: 'confirmed' });
  const service = (...endpoints: readonly object[]) => [
    calico('BGPConfiguration', 'default', { ...CONFIGURATION, serviceExternalIPs: [{ cidr: '198.51.100.0/24' }] }),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        type: 'NodePort',
        clusterIP: '10.96.0.10',
        clusterIPs: ['10.96.0.10'],
        ipFamilies: ['IPv4'],
        externalIPs: ['198.51.100.7'],
        externalTrafficPolicy: 'Local',
      },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      endpoints,
    },
  ];
  const without = (...prefixes: readonly string[]) =>
    [1, 2, 3].map((n) => `10.65.${n}.0/26`).filter((p) => !prefixes.includes(p));

  const HITLESS: Readonly<Record<string, Hitless>> = {
    'a pool that is not exported': {
      file: 'pools.yaml',
      resources: [calico('IPPool', 'pods', { ...POOL, disableBGPExport: true })],
      look: () => learned('node-2'),
      before: without('10.65.2.0/26'),
      during: [],
    },
    'an export rule of a BGPFilter': {
      file: 'filters.yaml',
      resources: [calico('BGPFilter', 'guard', { exportV4: [reject] })],
      look: () => learned('node-2'),
      before: without('10.65.2.0/26'),
      during: without('10.65.2.0/26', '10.65.1.0/26'),
    },
    'an import rule of a BGPFilter': {
      file: 'filters.yaml',
      resources: [calico('BGPFilter', 'guard', { importV4: [reject] })],
      look: () => learned('node-3'),
      before: without('10.65.3.0/26'),
      during: without('10.65.3.0/26', '10.65.1.0/26'),
    },
    'a filter that is taken off a peer': {
      file: 'peers.yaml',
      resources: [peerOf(1, 2, { filters: [] }), peerOf(1, 3), peerOf(2, 3), TO_REFLECTOR],
      look: async () => (await lab.status('node-1'))?.problems.length,
      before: 0,
      during: 0,
    },
    'a keepalive time': {
      file: 'peers.yaml',
      resources: [peerOf(1, 2, { keepaliveTime: '7s' }), peerOf(1, 3), peerOf(2, 3), TO_REFLECTOR],
      look: () => option('node-1', 'Node_192_0_2_2', 'keepaliveTime'),
      before: undefined,
      during: '7 s',
    },
    'a restart time': {
      file: 'peers.yaml',
      resources: [peerOf(1, 2, { maxRestartTime: '33s' }), peerOf(1, 3), peerOf(2, 3), TO_REFLECTOR],
      look: () => option('node-2', 'Node_192_0_2_1', 'maxRestartTime'),
      before: '120 s',
      during: '33 s',
    },
    'a next hop mode': {
      file: 'peers.yaml',
      resources: [peerOf(1, 2, { nextHopMode: 'Self' }), peerOf(1, 3), peerOf(2, 3), TO_REFLECTOR],
      look: () => option('node-1', 'Node_192_0_2_2', 'nextHopMode'),
      before: undefined,
      during: 'self',
    },
    'a node that becomes a reflector, and its peers clients': {
      file: 'node-node-1.yaml',
      resources: [
        calico('Node', 'node-1', { bgp: { ipv4Address: '192.0.2.1/24', routeReflectorClusterID: '244.0.0.1' } }),
      ],
      look: () => pathsOf('node-3', '10.65.2.0/26'),
      before: ['Node_192_0_2_2'],
      during: ['Node_192_0_2_1', 'Node_192_0_2_2'],
    },
    'who programs cluster routes': {
      file: 'configuration.yaml',
      resources: [calico('BGPConfiguration', 'default', { ...CONFIGURATION, programClusterRoutes: 'Disabled' })],
      look: () => learned('node-1'),
      before: without('10.65.1.0/26'),
      during: [],
    },
    'a new block': {
      file: 'blocks-more.yaml',
      resources: [BLOCK],
      look: () => learned('node-2'),
      before: without('10.65.2.0/26'),
      during: [...without('10.65.2.0/26'), '10.65.9.0/26'],
    },
    'a new service with a local endpoint': {
      file: 'configuration.yaml',
      resources: service({ addresses: ['10.65.1.2'], nodeName: 'node-1', conditions: { ready: true } }),
      look: () => pathsOf('node-2', '198.51.100.7/32'),
      before: [],
      during: ['Node_192_0_2_1'],
    },
    'a community': {
      file: 'configuration.yaml',
      resources: [
        calico('BGPConfiguration', 'default', {
          ...CONFIGURATION,
          prefixAdvertisements: [{ cidr: '10.65.0.0/16', communities: ['64512:7'] }],
        }),
      ],
      look: async () => (await lab.routes('node-2', '10.65.1.0/26'))[0]?.communities,
      before: [],
      during: ['64512:7'],
    },
    'a log level': {
      file: 'configuration.yaml',
      resources: [calico('BGPConfiguration', 'default', { ...CONFIGURATION, logSeverityScreen: 'Debug' })],
      look: async () => (await lab.status('node-1'))?.problems.length,
      before: 0,
      during: 0,
    },
  };

  /** A row of `caracal explain --peer`. */
  async function option(node: string, peer: string, name: string): Promise<string | undefined> {
    const { stdout } = await caracal('explain', '--peer', peer, '--json', '--http', `unix:${lab.paths(node).socket}`);
    const options: readonly { option: string; value: string }[] = JSON.parse(stdout).options;
    return options.find((row) => row.option === name)?.value;
  }

  test.each(Object.entries(HITLESS))(
    '%s comes into force and goes again, and no session notices',
    async (_, { file, resources, look, before, during }) => {
      await expectSoon(look, before);
      const untouched = await sessions();
      await applied(() => write(file, ...resources));
      await expectSoon(look, during);
      await applied(() => restore(file));
      await expectSoon(look, before);
      expect(await sessions()).toEqual(untouched);
    },
    LAB_TIMEOUT_MS,
  );

  /** The files that the lab itself wrote, before anybody changed them. */
  const originals = new Map<string, string>();
  beforeAll(() => {
    for (const file of new Set(Object.values(HITLESS).map((change) => change.file))) {
      const path = join(folder(), file);
      if (existsSync(path)) originals.set(file, readFileSync(path, 'utf8'));
    }
  });
  function restore(file: string): void {
    const text = originals.get(file);
    if (text === undefined) rmSync(join(folder(), file));
    else writeFileSync(join(folder(), file), text);
  }

  // --- what resets a session

  const SECRET = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'bgp', namespace: 'kube-system' },
    stringData: { key: 'a password' },
  };
  const PASSWORD = { password: { secretKeyRef: { name: 'bgp', key: 'key' } } };

  test.each<[string, () => void, () => void, readonly string[]]>([
    [
      'a password',
      () => write('peers.yaml', peerOf(1, 2, PASSWORD), peerOf(1, 3), peerOf(2, 3), TO_REFLECTOR, SECRET),
      () => restore('peers.yaml'),
      ['node-1 Node_192_0_2_2', 'node-2 Node_192_0_2_1'],
    ],
    [
      'TTL security',
      () => write('peers.yaml', peerOf(1, 2), peerOf(1, 3), peerOf(2, 3, { ttlSecurity: 1 }), TO_REFLECTOR),
      () => restore('peers.yaml'),
      ['node-2 Node_192_0_2_3', 'node-3 Node_192_0_2_2'],
    ],
    [
      'a hold time',
      () => writeReflector({ ...NODE_3, holdTime: 60 }),
      () => writeReflector(NODE_3),
      ['node-3 Node_192_0_2_100', 'reflector node-3'],
    ],
  ])(
    '%s resets the session that it concerns, and no other',
    async (_, change, undo, concerned) => {
      for (const step of [change, undo]) {
        const before = await sessions();
        step();
        const haveMoved = async () => {
          const now = await sessions();
          return concerned.every((name) => now[name] !== before[name]) && (await allUp());
        };
        expect(await waitFor(haveMoved, LAB_TIMEOUT_MS / 3)).toBe(true);
        const now = await sessions();
        expect(
          Object.keys(now)
            .filter((name) => now[name] !== before[name])
            .sort(),
        ).toEqual(concerned);
      }
    },
    LAB_TIMEOUT_MS,
  );

  // --- what is said before and about it

  test(
    'a plan says what then happens',
    async () => {
      const draft = mkdtempSync(join(tmpdir(), 'caracal-changes-'));
      try {
        cpSync(folder(), draft, { recursive: true });
        const http = ['--http', `unix:${lab.paths('node-1').socket}`];
        expect(await caracal('plan', '--resources', draft, ...http)).toEqual({
          code: 0,
          stdout: 'Plan for node-1: nothing changes\n',
          stderr: '',
        });
        writeFileSync(
          join(draft, 'filters.yaml'),
          JSON.stringify(calico('BGPFilter', 'guard', { importV4: [{ ...reject, cidr: '10.65.2.0/26' }] })),
        );
        const plan = await caracal('plan', '--resources', draft, '--json', ...http);
        expect([plan.code, JSON.parse(plan.stdout).kernelRoutes]).toEqual([
          2,
          [
            {
              prefix: '10.65.2.0/26',
              before: 'via 192.0.2.2 metric 1024',
              reason: 'the path of Node_192_0_2_2 is kept out: rejected by BGPFilter guard, importV4[0]',
            },
          ],
        ]);
        await applied(() => cpSync(join(draft, 'filters.yaml'), join(folder(), 'filters.yaml')));
        await expectSoon(() => learned('node-1'), ['10.65.3.0/26']);
        const explained = await caracal('explain', '10.65.2.0/26', ...http);
        expect(explained.stdout).toContain('    kept out: rejected by BGPFilter guard, importV4[0]\n');
      } finally {
        rmSync(draft, { recursive: true });
        restore('filters.yaml');
      }
      await expectSoon(() => learned('node-1'), without('10.65.1.0/26'));
    },
    LAB_TIMEOUT_MS,
  );

  test(
    'the guard holds back what would take the last session away, until it is undone',
    async () => {
      const before = await sessions();
      const problems = async () =>
        (await lab.status('reflector'))?.problems.map(({ kind, name, text }) => `${kind} ${name}: ${text}`);
      writeReflector();
      await expectSoon(problems, [
        'RouteReflector reflector: would take the last session of reflector away (node-3); ' +
          'held back, and applied when it has stayed for 5 min; undo the change to keep all as it is',
      ]);
      writeReflector(NODE_3);
      await expectSoon(problems, []);
      expect(await sessions()).toEqual(before);
    },
    LAB_TIMEOUT_MS,
  );
});

/** By session, how many transitions the log of a daemon tells. */
function transitions(log: string): ReadonlyMap<string, number> {
  const moves = new Map<string, number>();
  for (const line of log.split('\n')) {
    if (!line.includes('"peerStateChanged"')) continue;
    const { peer } = JSON.parse(line) as { readonly peer: string };
    moves.set(peer, (moves.get(peer) ?? 0) + 1);
  }
  return moves;
}

/** Runs the command line to its end. */
function caracal(...argv: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(CARACAL, argv, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}
