// Thousands of hostile sessions against the running daemon over TCP, from a fixed seed: handshakes and then mutated messages,
// garbage, spoilt OPENs, strangers, hang-ups, half-open connections, one byte at a time, peers that never read, too many at
// once. Two honest sessions beside them must not notice.
//
//   npm run fuzz -- daemon [sessions] [seed]        default: 5,000 sessions, seed from the clock
//
// Loopback addresses only, no privileges.

import { connect, type Socket } from 'node:net';
import { encodeOpen, HEADER_LENGTH, KEEPALIVE } from 'node-bgp';
import { waitFor } from '../topologies/wait-for.ts';
import { Arena, HOSTILE_AS, PLACES, ROUTES, SOON_MS } from './fuzz-arena.ts';
import { below, mulberry32, mutate, pick, type Random, type Seed, seedMessages } from './mutations.ts';

const DEFAULT_SESSIONS = 5_000;
/** From so many sessions on peers that do not read are tried until they are owed something. */
const THOROUGH = 2_000;
const AT_ONCE = 32;
/** Milliseconds of one hostile session at most, and for anything that has to come true. */
const SESSION_MS = 3_000;

export interface DaemonFuzzReport {
  readonly sessions: number;
  /** By kind of session. */
  readonly kinds: ReadonlyMap<string, number>;
  readonly octets: number;
  /** NOTIFICATIONs that the daemon answered with, by `code/subcode`. */
  readonly notifications: ReadonlyMap<string, number>;
  /** Resident memory in KiB after each tenth of the sessions (of a few: each half), when all attackers have gone. */
  readonly memory: readonly number[];
  /** Lines of the log, which a thousand attackers must not fill. */
  readonly logLines: number;
  readonly seconds: number;
}

/** Throws where the daemon ends, an honest session is disturbed, or the daemon does not answer. */
export async function fuzzDaemon(sessions: number, seed: number): Promise<DaemonFuzzReport> {
  const arena = new Arena(seed);
  try {
    await arena.open();
    const began = performance.now();
    const attack = new Attack(arena, seed);
    const memory: number[] = [];
    const parts = sessions < THOROUGH ? 2 : 10;
    for (let part = 0; part < parts; part++) {
      await attack.play(Math.ceil(sessions / parts));
      await arena.isQuiet();
      memory.push(arena.memory());
    }
    await attack.crowd();
    await attack.idlers();
    await attack.deafReader(sessions < THOROUGH ? 10 : 80);
    await arena.check();
    const { kinds, octets, notifications } = attack;
    const seconds = (performance.now() - began) / 1000;
    return { sessions, kinds, octets, notifications, memory, logLines: arena.logLines, seconds };
  } finally {
    await arena.close();
  }
}

type Kind = 'mutated' | 'spoiltOpen' | 'garbage' | 'stranger' | 'hangUp' | 'reset';

/** How often each kind is played. */
const KINDS: readonly Kind[] = [
  ...Array<Kind>(14).fill('mutated'),
  ...(['spoiltOpen', 'spoiltOpen', 'garbage', 'stranger', 'hangUp', 'reset'] as const),
];

class Attack {
  readonly #arena: Arena;
  readonly #random: Random;
  readonly #seeds: readonly Seed[] = seedMessages();
  readonly kinds = new Map<string, number>();
  readonly notifications = new Map<string, number>();
  octets = 0;

  constructor(arena: Arena, seed: number) {
    this.#arena = arena;
    this.#random = mulberry32(seed);
  }

  async play(sessions: number): Promise<void> {
    let left = sessions;
    const worker = async () => {
      while (left-- > 0) {
        await this.#session(pick(KINDS, this.#random));
        if (left % 500 === 0) await this.#arena.check();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  async #session(kind: Kind): Promise<void> {
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1);
    const line = this.#dial(this.#arena.freshAddress(kind === 'stranger'));
    for (const message of this.#messages(kind)) line.send(message);
    if (kind === 'hangUp') line.socket.end();
    if (kind === 'reset') line.socket.resetAndDestroy();
    if (kind === 'mutated') {
      // Some of it only when the daemon has answered, as a session would.
      await line.heard(KEEPALIVE.length * 2);
      for (let n = 1 + below(30, this.#random); n > 0; n--) line.send(this.#mutant());
      if (this.#random() < 0.5) line.socket.end();
    }
    await line.over(SESSION_MS);
    for (const notification of line.notifications()) {
      this.notifications.set(notification, (this.notifications.get(notification) ?? 0) + 1);
    }
    this.octets += line.sent;
  }

  #messages(kind: Kind): readonly Uint8Array[] {
    switch (kind) {
      case 'mutated':
        return [OPEN, KEEPALIVE];
      case 'spoiltOpen': {
        const seed = { type: 1, parts: [Array.from(OPEN.subarray(HEADER_LENGTH))], context: this.#seeds[0]!.context };
        return [mutate(seed, this.#seeds, this.#random), KEEPALIVE, this.#mutant()];
      }
      case 'garbage':
        return [Uint8Array.from({ length: 1 + below(300, this.#random) }, () => below(256, this.#random))];
      default:
        return this.#random() < 0.5 ? [OPEN] : [];
    }
  }

  #mutant(): Uint8Array {
    return mutate(pick(this.#seeds, this.#random), this.#seeds, this.#random);
  }

  /** More at once than the range takes: the rest is turned away. */
  async crowd(): Promise<void> {
    const lines = Array.from({ length: 250 }, (_, n) => this.#dial(this.#arena.crowdedAddress(n)));
    for (const line of lines) line.send(OPEN);
    const turnedAway = () => lines.filter((line) => line.isOver && line.octetsHeard === 0).length;
    if (!(await waitFor(() => turnedAway() === lines.length - PLACES, SOON_MS))) {
      throw new Error(`${turnedAway()} of ${lines.length} were turned away where there are ${PLACES} places`);
    }
    await this.#arena.check();
    for (const line of lines) line.socket.destroy();
    await this.#arena.isQuiet();
    this.kinds.set('crowd', lines.length);
  }

  /** Connections that say nothing, and some that say one byte in a while: the session ends when its hold time is over. */
  async idlers(): Promise<void> {
    const silent = Array.from({ length: 10 }, () => this.#dial(this.#arena.freshAddress()));
    const slow = Array.from({ length: 10 }, () => this.#dial(this.#arena.freshAddress()));
    const timers = slow.map((line) => {
      line.send(OPEN);
      line.send(KEEPALIVE);
      const endless = Uint8Array.from([...Array(16).fill(255), 16, 0, 2, ...Array(4077).fill(0)]);
      let at = 0;
      return setInterval(() => line.send(endless.subarray(at, ++at)), 500);
    });
    await Promise.all(slow.map((line) => line.heard(KEEPALIVE.length * 2)));
    if (slow.some((line) => line.isOver)) throw new Error('a session that would be slow did not come up');
    const areOver = await waitFor(() => slow.every((line) => line.isOver), SOON_MS);
    for (const timer of timers) clearInterval(timer);
    for (const line of [...silent, ...slow]) line.socket.destroy();
    if (!areOver) throw new Error('a session that gets a byte in a while outlives its hold time');
    await this.#arena.isQuiet();
    this.kinds.set('silent', silent.length).set('slow', slow.length);
  }

  /** Sessions that never read, while the table moves: what they are owed is bounded. */
  async deafReader(rounds: number): Promise<void> {
    const lines = Array.from({ length: 10 }, () => this.#dial(this.#arena.freshAddress()));
    const timers = lines.map((line) => {
      line.send(OPEN);
      line.send(KEEPALIVE);
      return setInterval(() => line.send(KEEPALIVE), 500);
    });
    await Promise.all(lines.map((line) => line.heard(KEEPALIVE.length * 2)));
    for (const { socket } of lines) socket.pause();
    if (lines.some((line) => line.isOver)) throw new Error('a session that would be deaf did not come up');
    for (let round = 0; round < rounds; round++) {
      this.#arena.churn(round);
      const wanted = round % 2 === 0 ? ROUTES + 20_000 : ROUTES;
      if (!(await waitFor(async () => (await this.#arena.advertised()) === wanted, SOON_MS))) {
        throw new Error('an honest session waits for one that does not read');
      }
    }
    const waiting = (await this.#arena.status())?.bgp.peersV4.filter(({ sendQueue }) => sendQueue !== undefined) ?? [];
    // The system takes some MiB before the daemon has to keep anything.
    if (rounds > 50 && waiting.length === 0) throw new Error('status does not tell who does not read');
    for (const timer of timers) clearInterval(timer);
    for (const { socket } of lines) socket.destroy();
    await this.#arena.isQuiet();
    this.kinds.set('deaf', lines.length);
  }

  #dial(from: string): Line {
    return new Line(connect({ ...this.#arena.daemon, localAddress: from, noDelay: true }));
  }
}

const OPEN = encodeOpen({
  type: 'open',
  version: 4,
  myAs: HOSTILE_AS,
  holdTime: 3,
  bgpIdentifier: 0x0a000001,
  capabilities: [
    { type: 'multiprotocol', afi: 1, safi: 1 },
    { type: 'multiprotocol', afi: 2, safi: 1 },
    { type: 'routeRefresh' },
    { type: 'fourOctetAs', asn: HOSTILE_AS },
  ],
});

/** One connection of an attacker. */
class Line {
  readonly socket: Socket;
  sent = 0;
  isOver = false;
  readonly #chunks: Buffer[] = [];
  #length = 0;
  readonly #closed: Promise<void>;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
    });
    socket.on('error', () => {}); // resets are what we are here for
    this.#closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.isOver = true;
        resolve();
      });
    });
  }

  send(bytes: Uint8Array): void {
    if (this.socket.destroyed || this.socket.writableEnded) return;
    this.sent += bytes.length;
    this.socket.write(bytes);
  }

  get octetsHeard(): number {
    return this.#length;
  }

  /** So many octets were heard, or there will be no more. */
  async heard(octets: number): Promise<void> {
    await waitFor(() => this.isOver || this.#length >= octets, SESSION_MS);
  }

  async over(limit: number): Promise<void> {
    const timer = setTimeout(() => this.socket.destroy(), limit);
    await this.#closed;
    clearTimeout(timer);
  }

  /** `code/subcode` of what the daemon said last. */
  *notifications(): Generator<string> {
    const bytes = Buffer.concat(this.#chunks);
    for (let at = 0; at + HEADER_LENGTH < bytes.length; ) {
      const length = bytes.readUInt16BE(at + 16);
      if (length < HEADER_LENGTH) return;
      if (bytes[at + 18] === 3) yield `${bytes[at + 19]}/${bytes[at + 20]}`;
      at += length;
    }
  }
}

/** `npm run fuzz -- daemon [sessions] [seed]` */
export async function main([count, given]: readonly string[]): Promise<void> {
  const seed = Number(given ?? Date.now() % 0x1_0000_0000);
  const sessions = Number(count ?? DEFAULT_SESSIONS);
  console.log(`${sessions} hostile sessions, seed ${seed}`);
  const { kinds, octets, notifications, memory, logLines, seconds } = await fuzzDaemon(sessions, seed);
  const list = (map: ReadonlyMap<string, number>) =>
    [...map]
      .sort()
      .map(([name, times]) => `${name} ${times}`)
      .join(', ');
  console.log(
    `no crash, no honest session lost, ${octets} octets in ${seconds.toFixed(1)} s, ${logLines} lines of log`,
  );
  console.log(`kinds: ${list(kinds)}`);
  console.log(`NOTIFICATIONs of the daemon: ${list(notifications)}`);
  console.log(`memory after each part: ${memory.map((kib) => Math.round(kib / 1024)).join(', ')} MiB`);
}
