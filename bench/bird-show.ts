// What monitoring asks of a control socket: `show protocols all` of a `bird` with 1,000 established neighbours, each with a
// prefix; the first time in the life of the process, then twenty times. Meanwhile another connection asks how the daemon is,
// one time after the other: the longest of its answers is how much anybody is delayed. Run as `node bench/bird-show.ts
// [BIRD]`, where BIRD is another program than the one of this tree, such as that of a bundle.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { peerConfig } from 'node-bgp';
import { TcpSpeaker } from 'node-bgp/tcp';
import { ClientConnection } from '../bird-compat/program/client-connection.ts';
import { cpuOfAll } from './daemon/process-figures.ts';

const NEIGHBOURS = 1_000;
const ROUNDS = 20;
/** Milliseconds between the questions of who waits meanwhile. */
const BETWEEN = 2;
const AS = 64512;
const ROUTER = '127.0.0.1';
const [program = join(import.meta.dirname, '../bird-compat/bin/bird')] = process.argv.slice(2);

const folder = mkdtempSync(join(tmpdir(), 'caracal-bird-show-'));
const [file, socket] = [join(folder, 'bird.conf'), join(folder, 'bird.ctl')];
const addresses = Array.from({ length: NEIGHBOURS }, (_, n) => `127.1.${Math.floor(n / 250)}.${(n % 250) + 1}`);

function configuration(port: number): string {
  const blocks = addresses.map(
    (address, number) => `protocol bgp node${number} {
  description "${address}";
  local as ${AS};
  neighbor ${address} as ${AS};
  multihop;
  rr client;
  passive;
  import all;
  export all;
}
`,
  );
  return `log syslog all;\nrouter id 10.0.0.53;\nlisten bgp address ${ROUTER} port ${port};\nprotocol device { }\n${blocks.join('')}`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, ROUTER);
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  return port;
}

/** All sessions are up, and what was told of them is read. */
async function meet(port: number): Promise<readonly TcpSpeaker[]> {
  let heard = 0;
  const speakers = addresses.map((address, number) => {
    const speaker = new TcpSpeaker({
      address,
      established: (peer) => {
        speaker.announce(peer, { origin: 0, asPath: [], nextHop: address, localPref: 100 }, [prefixOf(number)]);
      },
      update: (_, { endOfRib, reached }) => {
        if (endOfRib === undefined && reached.length > 0) heard++;
      },
    });
    const bgpIdentifier = 0x0b000000 + number;
    speaker.add(ROUTER, peerConfig({ localAs: AS, remoteAs: AS, bgpIdentifier, connectRetryTime: 1 }), { port });
    return speaker;
  });
  for (let last = -1; heard === 0 || heard !== last; ) {
    last = heard;
    await pause(2_000);
  }
  return speakers;
}

function prefixOf(number: number): string {
  return `10.65.${number >> 8}.${number & 255}/32`;
}

async function connected(): Promise<ClientConnection> {
  for (let attempt = 0; attempt < 600; attempt++) {
    try {
      return await ClientConnection.open(socket, () => {});
    } catch {
      await pause(100);
    }
  }
  throw new Error(`${program} did not answer within a minute`);
}

async function timed(connection: ClientConnection, command: string): Promise<number> {
  const began = performance.now();
  await connection.ask(command);
  return performance.now() - began;
}

/** Milliseconds: until the end of the answer, processor time of the daemon, the longest that somebody else waited meanwhile. */
type Measured = readonly [answer: number, cpu: number, longest: number];

async function measure(asked: ClientConnection, other: ClientConnection, pid: number): Promise<Measured> {
  let isOver = false;
  const before = cpuOfAll([pid]);
  const answer = timed(asked, 'show protocols all').finally(() => {
    isOver = true;
  });
  let longest = 0;
  while (!isOver) {
    longest = Math.max(longest, await timed(other, 'show status'));
    await pause(BETWEEN);
  }
  return [await answer, cpuOfAll([pid]) - before, longest];
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;
const text = ([answer, cpu, longest]: Measured) =>
  `${answer.toFixed(0)} ms, of them ${cpu.toFixed(0)} ms of processor; others waited ${longest.toFixed(0)} ms at most`;

const port = await freePort();
writeFileSync(file, configuration(port));
const daemon = spawn(program, ['-f', '-c', file, '-s', socket], { stdio: ['ignore', 'ignore', 'inherit'] });
try {
  const [asked, other] = [await connected(), await connected()];
  const speakers = await meet(port);
  const first = await measure(asked, other, daemon.pid!);
  const rounds: Measured[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await measure(asked, other, daemon.pid!));
  const column = (index: 0 | 1 | 2) => median(rounds.map((round) => round[index]));
  console.log(`first time: ${text(first)}`);
  console.log(`medians of ${ROUNDS} more: ${text([column(0), column(1), column(2)])}`);
  asked.close();
  other.close();
  await Promise.all(speakers.map((speaker) => speaker.stop()));
} finally {
  daemon.kill('SIGTERM');
  await once(daemon, 'exit');
  rmSync(folder, { recursive: true, force: true });
}
