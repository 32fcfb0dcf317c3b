// TCP-MD5 between real daemons: wrong and one-sided passwords are met with silence, and status says what there is to say;
// passwords change while others' sessions stay; none is ever seen in a log, an answer or an output.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../../topologies/commands.ts';
import { CARACAL } from '../../topologies/daemons.ts';
import { httpGet } from '../../topologies/http-get.ts';
import { Lab } from '../../topologies/lab.ts';
import { parseLab } from '../../topologies/lab-file.ts';
import { describeWith } from '../requirements.ts';
import { LAB_TIMEOUT_MS } from './lab-checks.ts';

const SOON = { timeout: 30_000, interval: 100 };
const [OURS, THEIRS] = ['correct-horse-battery', 'staple-of-another'];

const reflector = (name: string, own: string, peers: readonly object[]) => ({
  apiVersion: 'caracal.io/v1',
  kind: 'RouteReflector',
  metadata: { name },
  spec: { routerId: own, asNumber: 64512, listenAddresses: [own], peers },
});
const secret = (key: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'bgp', namespace: 'kube-system' },
  stringData: { key },
});
const KEYED = { password: { secretKeyRef: { name: 'bgp', key: 'key' } } };

const HUB = (key: string) => [
  secret(key),
  reflector('hub', '192.0.2.1', [
    { name: 'keyed', address: '192.0.2.2', ...KEYED },
    { name: 'open', address: '192.0.2.3' },
  ]),
];
const KEYED_CLIENT = (key: string | undefined) => [
  ...(key === undefined ? [] : [secret(key)]),
  reflector('keyed', '192.0.2.2', [{ name: 'hub', address: '192.0.2.1', ...(key === undefined ? {} : KEYED) }]),
];
const OPEN_CLIENT = [reflector('open', '192.0.2.3', [{ name: 'hub', address: '192.0.2.1' }])];

const LAB = JSON.stringify({
  subnets: { rack: ['192.0.2.0/24'] },
  machines: Object.fromEntries(
    [
      ['hub', '192.0.2.1', HUB(OURS)] as const,
      ['keyed', '192.0.2.2', KEYED_CLIENT(THEIRS)] as const,
      ['open', '192.0.2.3', OPEN_CLIENT] as const,
    ].map(([name, address, resources]) => [
      name,
      { addresses: [address], daemon: 'caracal', arguments: ['--kernel', 'none', '--log-level', 'trace'], resources },
    ]),
  ),
});

describeWith(['namespaces', 'ip'], 'TCP-MD5 passwords', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await Lab.buildFrom(parseLab('passwords', LAB), { id: `passwords-${process.pid}` });
    lab.startAll();
  }, LAB_TIMEOUT_MS);

  afterAll(async () => {
    await lab?.down();
  }, LAB_TIMEOUT_MS);

  const peer = async (machine: string, name: string) =>
    (await lab.status(machine))?.bgp.peersV4.find((candidate) => candidate.name === name);
  const info = async (machine: string, name: string) => (await peer(machine, name))?.info;

  function write(machine: string, resources: readonly object[]): void {
    writeFileSync(
      join(lab.paths(machine).resources, 'resources.yaml'),
      resources.map((each) => JSON.stringify(each)).join('\n---\n'),
    );
  }

  /** All that daemons said to anybody, so far. */
  const said: string[] = [];

  async function askAll(): Promise<void> {
    for (const { name } of lab.routers) {
      const explain = ['keyed', 'open', 'hub'].map((peer) => `/explain?peer=${peer}`);
      const paths = [
        '/status',
        '/intent',
        '/received?family=ipv4',
        '/routes?family=ipv4',
        '/events',
        '/metrics',
        '/readyz',
      ];
      for (const path of [...paths, ...explain]) said.push((await httpGet(lab.paths(name).socket, path)) ?? '');
    }
  }

  /** The commands of people, and the logs. */
  async function useCommands(): Promise<void> {
    const { socket, resources } = lab.paths('hub');
    const http = ['--http', `unix:${socket}`];
    const files = ['--node', 'hub', '--resources', resources];
    for (const command of [
      ['status', ...http],
      ['explain', '--peer', 'keyed', ...http],
      ['explain', '--peer', 'keyed', ...files],
      ['plan', '--resources', lab.paths('keyed').resources, ...http],
      ['run', '--check', '--datastore', 'files', ...files],
    ]) {
      const { stdout, stderr } = await run([CARACAL, ...command]);
      said.push(stdout, stderr);
    }
    for (const { name } of lab.routers) said.push(readFileSync(lab.paths(name).log, 'utf8'));
  }

  test(
    'that differ are met with silence, which status explains',
    async () => {
      await expect.poll(() => info('hub', 'open'), SOON).toBe('Established');
      const silent = /; a password is set here, and the kernel dropped \d+ packets? signed with another password/;
      await expect.poll(() => info('hub', 'keyed'), SOON).toMatch(silent);
      await expect.poll(() => info('keyed', 'hub'), SOON).toMatch(silent);
      await askAll();
    },
    LAB_TIMEOUT_MS,
  );

  test(
    'are changed while the sessions of others stay',
    async () => {
      const earlier = await peer('hub', 'open');
      write('hub', HUB(THEIRS));
      await expect.poll(() => info('hub', 'keyed'), SOON).toBe('Established');
      const after = await peer('hub', 'open');
      expect([after?.since, after?.counters.flaps]).toEqual([earlier?.since, 0]);
      await askAll();
    },
    LAB_TIMEOUT_MS,
  );

  test(
    'of one side only are met with silence, which both sides explain',
    async () => {
      write('keyed', KEYED_CLIENT(undefined));
      await expect
        .poll(() => info('hub', 'keyed'), SOON)
        .toMatch(/; a password is set here, and the kernel dropped .*\d+ packets? not signed/);
      await expect
        .poll(() => info('keyed', 'hub'), SOON)
        .toMatch(/; no password is set here, but the kernel dropped \d+ packets? signed in the last minute/);
      await askAll();
    },
    LAB_TIMEOUT_MS,
  );

  test(
    'are in no log, no answer and no output',
    async () => {
      await useCommands();
      const text = said.join('\n');
      expect(text.length).toBeGreaterThan(20_000);
      for (const password of [OURS, THEIRS]) {
        const octets = Buffer.from(password);
        for (const form of [password, octets.toString('base64'), octets.toString('hex')]) {
          expect(text.includes(form), `it stands behind: ${before(text, form)}`).toBe(false);
        }
      }
    },
    LAB_TIMEOUT_MS,
  );
});

function before(text: string, form: string): string {
  const at = text.indexOf(form);
  return text.slice(Math.max(0, at - 100), at);
}
