// Where hostile sessions are fought out: the daemon on a loopback address, two honest clients that tell each other routes
// through it, and addresses for attackers. Not here: what attackers do (fuzz-daemon.ts).

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRouterId, peerConfig } from 'node-bgp';
import { TcpSpeaker } from 'node-bgp/tcp';
import type { StatusReport } from '../src/status/types.ts';
import { httpGet } from '../topologies/http-get.ts';
import { waitFor } from '../topologies/wait-for.ts';

const AS = 64512;
export const SOON_MS = 30_000;
/** So many peers at a time may come from the ranges of the attackers: after an error each keeps its place for a while. */
const MANY_PLACES = 5_000;
export const PLACES = 64;
/** Third octet of the range with few places, and the ranges of the others: from 4 to 127. */
const CROWD = 200;
const LENGTHS: Readonly<Record<number, number>> = { 4: 22, 8: 21, 16: 20, 32: 19, 64: 18 };
export const ROUTES = 2_000;
/** MiB: a leak ends the daemon, and what is resident is not what V8 takes because there is so much of it. */
const HEAP = 96;
export const HOSTILE_AS = 65001;

/** The daemon, two honest clients that tell each other routes through it, and addresses for attackers. */
export class Arena {
  readonly #folder = mkdtempSync(join(tmpdir(), 'caracal-fuzz-daemon-'));
  readonly #net: string;
  readonly #honest: readonly TcpSpeaker[];
  #child: ChildProcess | undefined;
  #ended: Promise<void> | undefined;
  /** The end of it. */
  #log = '';
  logLines = 0;
  #flaps = 0;
  #port = 0;
  #nextAddress = 0;

  constructor(seed: number) {
    // Of this process and seed: runs side by side do not meet.
    this.#net = `127.${1 + ((process.pid + seed) % 200)}`;
    this.#honest = ['1.1', '1.2'].map(
      (host) =>
        new TcpSpeaker({
          address: `${this.#net}.${host}`,
          port: 0,
          down: (_, __, wasEstablished) => {
            if (wasEstablished) this.#flaps++;
          },
        }),
    );
  }

  get daemon(): { readonly host: string; readonly port: number } {
    return { host: `${this.#net}.0.1`, port: this.#port };
  }

  /** One that nobody had lately: strangers' own, or of the ranges from which peers come. */
  freshAddress(isStranger = false): string {
    const n = this.#nextAddress++;
    return `${this.#net}.${isStranger ? 2 : 4 + (Math.floor(n / 250) % 124)}.${1 + (n % 250)}`;
  }

  /** One of the range with few places. */
  crowdedAddress(n: number): string {
    return `${this.#net}.${CROWD}.${1 + n}`;
  }

  async open(): Promise<void> {
    this.#port = await freePort(this.daemon.host);
    writeFileSync(join(this.#folder, 'hub.yaml'), JSON.stringify(this.#resources()));
    const where = ['--resources', this.#folder, '--http', `unix:${this.#socket}`, '--log-level', 'info'];
    const argv = ['run', '--node', 'hub', '--datastore', 'files', '--kernel', 'none', ...where];
    this.#child = spawn(join(import.meta.dirname, '../caracal'), argv, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: `--max-old-space-size=${HEAP}` },
    });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#log = (this.#log + text).slice(-50_000);
        this.logLines += text.split('\n').length - 1;
      });
    }
    this.#ended = new Promise((resolve) => this.#child!.once('close', () => resolve()));
    await this.#until(async () => (await this.status()) !== undefined, 'the daemon answers');
    for (const [index, speaker] of this.#honest.entries()) {
      const bgpIdentifier = parseRouterId(`192.0.2.${index + 1}`)!;
      const config = peerConfig({ localAs: AS, remoteAs: AS, bgpIdentifier, connectRetryTime: 1 });
      speaker.add(this.daemon.host, config, { port: this.#port });
    }
    await this.#until(async () => (await this.#established()) === 2, 'two honest sessions are up');
    const prefixes = Array.from({ length: ROUTES }, (_, n) => `10.${n >> 8}.${n & 255}.0/24`);
    this.#announce(prefixes);
    await this.#until(async () => (await this.advertised()) === ROUTES, 'one hears what the other says');
  }

  #announce(prefixes: readonly string[]): void {
    const attributes = { origin: 0, asPath: [], nextHop: `${this.#net}.1.1`, localPref: 100 } as const;
    this.#honest[0]!.announce(this.daemon.host, attributes, prefixes);
  }

  /** The table moves, so that everybody has to be told something. */
  churn(round: number): void {
    const prefixes = Array.from({ length: 20_000 }, (_, n) => `11.${n >> 8}.${n & 255}.0/24`);
    if (round % 2 === 0) this.#announce(prefixes);
    else this.#honest[0]!.withdraw(this.daemon.host, prefixes);
  }

  async status(): Promise<StatusReport | undefined> {
    const text = await httpGet(this.#socket, '/status');
    return text === undefined ? undefined : JSON.parse(text);
  }

  async #established(): Promise<number> {
    const peers = (await this.status())?.bgp.peersV4 ?? [];
    return peers.filter(({ name, state }) => /^honest/.test(name) && state === 'Established').length;
  }

  async advertised(): Promise<number> {
    return (await this.status())?.bgp.peersV4.find(({ name }) => name === 'honest-2')?.counters.advertised ?? 0;
  }

  /** Resident memory in KiB. */
  memory(): number {
    const text = readFileSync(`/proc/${this.#child!.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s*(\d+) kB$/m.exec(text)?.[1]);
  }

  async check(): Promise<void> {
    if (this.#child!.exitCode !== null)
      throw new Error(`the daemon ended with ${this.#child!.exitCode}:\n${this.#log}`);
    await this.#until(async () => (await this.#established()) === 2, 'the honest sessions are there');
    if (this.#flaps > 0) throw new Error(`honest sessions were lost ${this.#flaps} times:\n${this.#log}`);
  }

  /** Nobody but the honest ones is there any more. */
  async isQuiet(): Promise<void> {
    await this.#until(async () => (await this.status())?.bgp.peersV4.length === 2, 'the attackers are gone');
    await this.check();
  }

  async #until(condition: () => Promise<boolean>, what: string): Promise<void> {
    if (!(await waitFor(condition, SOON_MS))) throw new Error(`not so: ${what}\n${this.#log.slice(-5_000)}`);
  }

  async close(): Promise<void> {
    for (const speaker of this.#honest) await speaker.remove(this.daemon.host);
    this.#child?.kill();
    await this.#ended;
    rmSync(this.#folder, { recursive: true });
  }

  get #socket(): string {
    return join(this.#folder, 'status.sock');
  }

  #resources(): object {
    const honest = [1, 2].map((n) => ({ name: `honest-${n}`, address: `${this.#net}.1.${n}`, passive: true }));
    const attackers = { families: ['ipv4', 'ipv6'], asNumber: HOSTILE_AS, limit: MANY_PLACES, holdTime: 3 };
    return {
      ...{ apiVersion: 'caracal.io/v1', kind: 'RouteReflector', metadata: { name: 'hub' } },
      spec: {
        ...{ routerId: '192.0.2.100', asNumber: AS, listenPort: this.#port, listenAddresses: [this.daemon.host] },
        peers: honest,
        // Not of all addresses: who comes from elsewhere is a stranger.
        listenRanges: [
          ...[4, 8, 16, 32, 64].map((first) => ({ range: `${this.#net}.${first}.0/${LENGTHS[first]}`, ...attackers })),
          { range: `${this.#net}.${CROWD}.0/24`, ...attackers, limit: PLACES },
        ],
      },
    };
  }
}

function freePort(host: string): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, host, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
