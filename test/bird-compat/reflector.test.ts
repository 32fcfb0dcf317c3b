// The stand-alone reflector of Calico's guide, run by `bird` on the loopback interface: how it begins and ends for its
// clients, and how clients of it, ours and BIRD's, turn it.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DownReason, type Negotiated, nlriEntries, peerConfig } from 'node-bgp';
import { TcpSpeaker } from 'node-bgp/tcp';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { describeWith } from '../requirements.ts';
import { BIRD_PROGRAMS } from './programs.ts';

const TIMEOUT_MS = 60_000;
const PATIENCE = { timeout: 20_000, interval: 20 };
const AS = 64512;
const ROUTER = '127.0.0.1';
const CLIENTS = ['127.0.0.2', '127.0.0.3'] as const;

const folder = mkdtempSync(join(tmpdir(), 'caracal-reflector-'));
const socket = join(folder, 'bird.ctl');
let port = 0;
const daemons: ChildProcess[] = [];
const clients: Client[] = [];

beforeAll(async () => {
  port = await freePort();
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.stop()));
  await Promise.all(daemons.splice(0).map(ended));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As the guide has it, but for the port. */
const configuration = (addresses: readonly string[]) => `
log syslog { debug, trace, info, remote, warning, error, auth, fatal, bug };
router id 10.0.0.53;
listen bgp address ${ROUTER} port ${port};
debug protocols all;
protocol device { }
${addresses
  .map(
    (address, index) => `protocol bgp node${index + 1} {
  description "${address}";
  local as ${AS};
  neighbor ${address} as ${AS};
  multihop;
  rr client;
  graceful restart;
  import all;
  export all;
}`,
  )
  .join('\n')}
`;

function start(...flags: string[]): ChildProcess {
  writeFileSync(join(folder, 'bird.conf'), configuration(CLIENTS));
  const args = ['-c', join(folder, 'bird.conf'), '-s', socket, '-f', ...flags];
  const daemon = spawn(BIRD_PROGRAMS.bird, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  daemons.push(daemon);
  return daemon;
}

async function withClients(daemon: ChildProcess): Promise<readonly Client[]> {
  const made = CLIENTS.map((address, index) => new Client(address, index + 1));
  clients.push(...made);
  await expect.poll(() => made.every(({ negotiated }) => negotiated !== undefined), PATIENCE).toBe(true);
  expect(daemon.exitCode).toBeNull();
  return made;
}

describe('the reflector of Calico’s guide', () => {
  test('reflects, and its clients forget its routes when it is told to end', { timeout: TIMEOUT_MS }, async () => {
    const daemon = start();
    const [first, second] = (await withClients(daemon)) as [Client, Client];
    first.announce(['10.65.1.0/26']);
    await expect.poll(() => second.prefixes(), PATIENCE).toEqual(['10.65.1.0/26']);
    expect(second.routes.get('10.65.1.0/26')).toMatchObject({
      nextHop: CLIENTS[0],
      originatorId: 0x0a000001,
      clusterList: [0x0a000035],
    });
    daemon.kill('SIGTERM');
    await expect.poll(() => second.downs, PATIENCE).toEqual(['6.2']);
    expect(await ended(daemon)).toBe(0);
  });

  test('with -R tells that it has restarted and forwarded on', { timeout: TIMEOUT_MS }, async () => {
    const [first] = (await withClients(start('-R'))) as [Client, Client];
    expect(first.negotiated!.gracefulRestart).toMatchObject({
      restarted: true,
      restartTime: 120,
      families: [{ family: 'ipv4', forwarding: true }],
    });
  });
});

/** Both clients of BIRD write times and columns as the daemon sends them. */
describeWith(['birdc'], 'the socket of bird', () => {
  const ask = (program: string, ...words: string[]) =>
    spawnSync(program, ['-s', socket, ...words], { encoding: 'utf8', timeout: TIMEOUT_MS });

  test('is understood by birdc of BIRD 2 as by ours', { timeout: TIMEOUT_MS }, async () => {
    await withClients(start());
    for (const words of [
      ['show', 'protocols'],
      ['show', 'protocols', 'all', 'node1'],
      ['show', 'static'],
      ['eval', '1+1'],
      ['sh', 'prot', 'node1'],
    ]) {
      const [theirs, ours] = [ask('birdc', ...words), ask(BIRD_PROGRAMS.birdcl, ...words)];
      const timeless = (text: string) => text.replaceAll(/\d+(?:\.\d+)?\/\d+/g, 'timer');
      expect(timeless(ours.stdout)).toBe(timeless(theirs.stdout));
    }
  });

  test('disables and enables a client, with words for it, and ends the daemon', { timeout: TIMEOUT_MS }, async () => {
    const daemon = start();
    const [first] = (await withClients(daemon)) as [Client, Client];
    expect(ask('birdc', 'disable', 'node1', '"maintenance"').stdout).toContain('node1: disabled');
    await expect.poll(() => first.downs, PATIENCE).toEqual(['6.2']);
    expect(ask(BIRD_PROGRAMS.birdcl, 'enable', 'node1').stdout).toContain('node1: enabled');
    await expect.poll(() => first.sessions, PATIENCE).toBe(2);
    expect(ask(BIRD_PROGRAMS.birdcl, 'configure', 'check').stdout).toContain('Configuration OK');
    expect(ask('birdc', 'configure').stdout).toContain('Reconfigured');
    expect(ask(BIRD_PROGRAMS.birdcl, 'down').stdout).toContain('Shutdown requested');
    expect(await ended(daemon)).toBe(0);
  });
});

class Client {
  readonly #speaker: TcpSpeaker;
  readonly #address: string;
  readonly routes = new Map<string, object>();
  readonly downs: string[] = [];
  negotiated: Negotiated | undefined;
  sessions = 0;

  constructor(address: string, number: number) {
    this.#address = address;
    this.#speaker = new TcpSpeaker({
      address,
      established: (_, negotiated) => {
        this.sessions++;
        this.negotiated = negotiated;
      },
      update: (_, { reached, set }) => {
        for (const block of reached)
          for (const { prefix } of nlriEntries(block)) this.routes.set(prefix, set!.attributes);
      },
      down: (_, reason, wasEstablished) => {
        if (wasEstablished) this.downs.push(cease(reason));
      },
    });
    const config = peerConfig({
      localAs: AS,
      remoteAs: AS,
      bgpIdentifier: 0x0a000000 + number,
      families: ['ipv4'],
      connectRetryTime: 1,
      idleHoldTime: 1,
      maxIdleHoldTime: 1,
      gracefulRestart: { restartTime: 60, restarted: false, notification: false, forwarding: [] },
    });
    this.#speaker.add(ROUTER, config, { port });
  }

  announce(prefixes: readonly string[]): void {
    this.#speaker.announce(ROUTER, { origin: 0, asPath: [], nextHop: this.#address, localPref: 100 }, prefixes);
  }

  prefixes(): readonly string[] {
    return [...this.routes.keys()].sort();
  }

  async stop(): Promise<void> {
    await this.#speaker.stop();
  }
}

function cease(reason: DownReason): string {
  return reason.type === 'notificationReceived' ? `${reason.message.code}.${reason.message.subcode}` : reason.type;
}

async function ended(daemon: ChildProcess): Promise<number | null> {
  if (daemon.exitCode === null && daemon.signalCode === null) {
    if (!daemon.killed) daemon.kill('SIGTERM');
    await new Promise((resolve) => daemon.once('exit', resolve));
  }
  return daemon.exitCode;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, ROUTER, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
