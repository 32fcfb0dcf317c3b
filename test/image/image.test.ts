// The Dockerfile as it stands, built where no Docker and no registry is: buildah with stand-ins for the base images. What
// comes out runs as sidecar and as reflector, each with exactly the rights that it is to need, beside a BIRD 2.

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { environment, runOrThrow } from '../../topologies/commands.ts';
import { httpGet } from '../../topologies/http-get.ts';
import { type Machine, type Program, Stage } from '../interop/stage.ts';
import { missing, type Need } from '../requirements.ts';
import { Buildah, type ImageConfig } from './buildah.ts';
import { type ContainerOptions, containerArgv } from './container.ts';
import { makeBaseImages } from './stand-in.ts';

const HOME = join(import.meta.dirname, '../..');
const IMAGE = 'localhost/caracal:test';
const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const NEEDS: readonly Need[] = ['root', 'namespaces', 'ip', 'bird', 'birdc', 'setpriv', 'buildah', 'debootstrap'];
const SOON = { timeout: 60_000, interval: 100 };
const NOBODY = 65_532;

/** ELF: whose instructions a file has. */
const MACHINES = { x64: 62, arm64: 183 } as const;

const BIRD_ADDRESS = '10.98.0.1';
const ROUTE = '198.51.100.0/24';

interface Role {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user?: number;
  readonly capabilities: readonly string[];
  readonly words: readonly string[];
  readonly resources: readonly object[];
}

const CALICO = 'projectcalico.org/v3';

const ROLES: readonly Role[] = [
  {
    name: 'sidecar',
    address: '10.98.0.2',
    port: 179,
    capabilities: ['net_admin', 'net_bind_service'],
    words: ['--kernel', 'linux'],
    resources: [
      {
        apiVersion: CALICO,
        kind: 'Node',
        metadata: { name: 'sidecar' },
        spec: { bgp: { ipv4Address: '10.98.0.2/24' } },
      },
      {
        ...{ apiVersion: CALICO, kind: 'BGPPeer', metadata: { name: 'bird' } },
        spec: { peerIP: BIRD_ADDRESS, asNumber: 64512 },
      },
    ],
  },
  reflector('reflector', { address: '10.98.0.3', port: 1790, capabilities: [] }),
  reflector('low-port', { address: '10.98.0.4', port: 179, capabilities: ['net_bind_service'] }),
];

function reflector(name: string, how: Pick<Role, 'address' | 'port' | 'capabilities'>): Role {
  const spec = { asNumber: 64512, routerId: how.address, listenPort: how.port };
  const peers = [{ name: 'bird', address: BIRD_ADDRESS, passive: true }];
  const resource = {
    apiVersion: 'caracal.io/v1',
    kind: 'RouteReflector',
    metadata: { name },
    spec: { ...spec, peers },
  };
  return { ...how, name, user: NOBODY, words: ['--kernel', 'none'], resources: [resource] };
}

const BIRD_CONFIGURATION = `
router id ${BIRD_ADDRESS};
protocol device { }
protocol static { ipv4; route ${ROUTE} blackhole; }
${ROLES.map(
  ({ name, address, port }) => `
protocol bgp ${name.replace('-', '_')} {
  local ${BIRD_ADDRESS} as 64512; neighbor ${address} port ${port} as 64512; connect retry time 2; connect delay time 1;
  ipv4 { import all; export all; next hop self; };
}`,
).join('\n')}
`;

let folder: string;
let buildah: Buildah;
let config: ImageConfig;
let root: string;

beforeAll(async () => {
  const reason = missing(...NEEDS);
  if (reason !== undefined) throw new Error(`the image cannot be tested: ${reason}`);
  folder = mkdtempSync(join(tmpdir(), 'caracal-image-'));
  buildah = new Buildah(join(folder, 'buildah'));
  await makeBaseImages(buildah, folder);
  const cache = (await runOrThrow(['npm', 'config', 'get', 'cache'])).trim();
  mkdirSync(cache, { recursive: true });
  const words = ['--volume', `${cache}:/root/.npm`, '--build-arg', `CARACAL_COMMIT=${COMMIT}`];
  await buildah.build(HOME, IMAGE, ...words);
  config = await buildah.config(IMAGE);
  root = await buildah.mount(IMAGE);
});

afterAll(async () => {
  await buildah?.remove();
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

test('the image is below 120 MB compressed', async () => {
  const layout = join(folder, 'oci');
  await buildah.call('push', '--quiet', IMAGE, `oci:${layout}:image`);
  const blob = (digest: string) => readFileSync(join(layout, 'blobs', digest.replace(':', '/')), 'utf8');
  const [{ digest }] = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')).manifests;
  const layers: readonly { readonly size: number }[] = JSON.parse(blob(digest)).layers;
  const size = layers.reduce((sum, layer) => sum + layer.size, 0);
  console.log(`the image: ${(size / 1e6).toFixed(1)} MB compressed in ${layers.length} layers`);
  expect(size).toBeLessThan(120e6);
});

test('the image says what it runs, and holds nothing of the build', async () => {
  expect(config).toMatchObject({ Entrypoint: ['caracal'], Cmd: ['run'], User: '' });
  const version = await runOrThrow(['chroot', root, '/opt/caracal/bin/caracal', 'version', '--json']);
  expect(JSON.parse(version)).toMatchObject({ commit: COMMIT, runtime: `Node ${process.versions.node}` });
  // Whoever runs it makes a socket there.
  expect(statSync(join(root, 'run/caracal')).mode & 0o7777).toBe(0o1777);
  expect(
    spawnSync('find', [root, '-name', 'npm', '-o', '-name', 'typescript', '-o', '-name', 'esbuild']).stdout.toString(),
  ).toBe('');
});

test.each(['x64', 'arm64'] as const)('what the image for %s is made of is for that processor', async (arch) => {
  const to = join(folder, `for-${arch}`);
  // As the Dockerfile says it, which has the name from TARGETARCH.
  const name = arch === 'x64' ? 'amd64' : arch;
  await runOrThrow([process.execPath, join(HOME, 'deploy/package.ts'), '--arch', name, '--unpacked', '--folder', to]);
  const { version } = JSON.parse(readFileSync(join(HOME, 'package.json'), 'utf8'));
  const home = join(to, `caracal-${version}-linux-${arch}/lib/caracal`);
  const native = join(home, `node_modules/@koromix/koffi-linux-${arch}/linux_${arch}/koffi.node`);
  expect([elfMachine(join(home, 'node')), elfMachine(native)]).toEqual([MACHINES[arch], MACHINES[arch]]);
});

describe('beside BIRD 2', () => {
  let stage: Stage;
  let bird: Machine;

  beforeAll(async () => {
    stage = await new Stage(`im${process.pid}`).build();
    bird = await stage.add('bird', [`${BIRD_ADDRESS}/24`]);
    const control = join(bird.folder, 'bird.ctl');
    bird.start(['bird', '-f', '-c', bird.write('bird.conf', BIRD_CONFIGURATION), '-s', control]);
  });

  afterAll(() => stage?.remove());

  function protocols(): string {
    const words = ['-s', join(bird.folder, 'bird.ctl'), 'show', 'protocols'];
    return spawnSync('birdc', words, { encoding: 'utf8', env: environment() }).stdout;
  }

  function containerOf(role: Role, machine: Machine): ContainerOptions {
    const [run, resources] = ['run', 'resources'].map((name) => join(machine.folder, name)) as [string, string];
    mkdirSync(run);
    chmodSync(run, 0o1777);
    mkdirSync(resources);
    writeFileSync(join(resources, 'all.yaml'), role.resources.map((value) => JSON.stringify(value)).join('\n---\n'));
    const { user, capabilities } = role;
    const volumes = { [run]: '/run/caracal', [resources]: '/etc/caracal' };
    return { root, config, ...(user !== undefined && { user }), capabilities, volumes };
  }

  test.each(ROLES)('it runs as $name with no more rights than $capabilities', async (role) => {
    const machine = await stage.add(role.name, [`${role.address}/24`]);
    const container = containerOf(role, machine);
    const health = containerArgv(container, config.Healthcheck.Test.slice(1));
    const words = ['--node', role.name, '--datastore', 'files', '--resources', '/etc/caracal', ...role.words];
    const [daemon] = machine.start(containerArgv(container, [...config.Entrypoint, ...config.Cmd, ...words]));
    const socket = join(machine.folder, 'run/caracal.sock');
    const ready = () => httpGet(socket, '/readyz');
    await expect.poll(ready, { ...SOON, message: machine.log }).toBeDefined();
    const established = new RegExp(`^${role.name.replace('-', '_')} .* Established`, 'm');
    await expect.poll(protocols, SOON).toMatch(established);
    expect(await machine.run(health)).toContain('Caracal process is running.');
    await expect.poll(() => httpGet(socket, '/routes?family=ipv4'), SOON).toContain(ROUTE);
    if (role.name === 'sidecar') {
      const kernel = () => machine.ip('route', 'show', 'proto', 'bird');
      await expect.poll(kernel, SOON).toContain(`${ROUTE} via ${BIRD_ADDRESS} dev eth0`);
    }
    expect(capabilitiesOf(daemon!)).toEqual(role.capabilities);
    await machine.stop();
    expect(daemon!.obituary).toBe('ended with 0');
    await expect(machine.run(health)).rejects.toThrow('failed with 1');
  });
});

function elfMachine(path: string): number {
  const file = openSync(path, 'r');
  const header = Buffer.alloc(20);
  readSync(file, header, 0, header.length, 0);
  closeSync(file);
  return header.readUInt16LE(18);
}

/** What the process may do, by the names of what a container asks for. */
function capabilitiesOf({ child }: Program): readonly string[] {
  const [, hex = '0'] = /^CapEff:\s*(\w+)$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
  const bits = { net_bind_service: 10, net_admin: 12 };
  const rest = Object.values(bits).reduce((left, bit) => left & ~(1n << BigInt(bit)), BigInt(`0x${hex}`));
  const named = Object.entries(bits).filter(([, bit]) => BigInt(`0x${hex}`) & (1n << BigInt(bit)));
  return [...named.map(([name]) => name), ...(rest === 0n ? [] : ['others'])].sort();
}
