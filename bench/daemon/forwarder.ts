// The floor: a program that looks like a route reflector to clients and is none. It puts ORIGINATOR_ID and CLUSTER_LIST
// into every UPDATE and hands what came in one turn to all others, with one buffer for everybody. No table, no decision,
// no policy, no checks; who comes later gets the log of all that was said. What a daemon needs more than this is the price
// of being a router; when this is fast, the load generator is not what is measured.

import { createServer, type Socket } from 'node:net';
import { HEADER_LENGTH, KEEPALIVE, MESSAGE_TYPE } from 'node-bgp';
import { DAEMON_HOLD_TIME, NETWORK, PORT } from './plan.ts';

interface Member {
  readonly socket: Socket;
  rest: Buffer;
}

interface Segment {
  readonly from: Member;
  readonly bytes: Buffer;
}

/** ORIGINATOR_ID and CLUSTER_LIST (RFC 4456 8) with some router's number. */
const REFLECTED = Buffer.from([0x80, 9, 4, 10, 200, 0, 1, 0x80, 10, 4, 10, 200, 255, 1]);
const IDENTIFIER = HEADER_LENGTH + 5;
const KEEPALIVE_INTERVAL = 3_000;
const BACKLOG = 16_384;

const members = new Set<Member>();
let segments: Segment[] = [];
const history: Buffer[] = [];

function handle(member: Member, chunk: Buffer): void {
  const bytes = member.rest.length === 0 ? chunk : Buffer.concat([member.rest, chunk]);
  let at = 0;
  while (bytes.length - at >= HEADER_LENGTH) {
    const length = bytes.readUInt16BE(at + 16);
    if (bytes.length - at < length) break;
    const message = bytes.subarray(at, at + length);
    const type = message[18];
    if (type === MESSAGE_TYPE.OPEN) answer(member, message);
    else if (type === MESSAGE_TYPE.UPDATE) forward(member, reflect(message));
    at += length;
  }
  member.rest = bytes.subarray(at);
}

/** The client's own OPEN, from somebody else. */
function answer(member: Member, open: Buffer): void {
  const reply = Buffer.from(open);
  reply.writeUInt16BE(DAEMON_HOLD_TIME, HEADER_LENGTH + 3);
  reply.writeUInt32BE(0x0ac8ff01, IDENTIFIER);
  member.socket.write(Buffer.concat([reply, KEEPALIVE, ...history]));
  members.add(member);
}

function reflect(update: Buffer): Buffer {
  const attributes = HEADER_LENGTH + 2 + update.readUInt16BE(HEADER_LENGTH) + 2;
  const length = update.readUInt16BE(attributes - 2);
  if (length === 0) return Buffer.from(update);
  const end = attributes + length;
  const changed = Buffer.concat([update.subarray(0, end), REFLECTED, update.subarray(end)]);
  changed.writeUInt16BE(changed.length, 16);
  changed.writeUInt16BE(length + REFLECTED.length, attributes - 2);
  return changed;
}

function forward(from: Member, bytes: Buffer): void {
  if (segments.length === 0) setImmediate(flush);
  segments.push({ from, bytes });
}

function flush(): void {
  const turn = segments;
  segments = [];
  const all = Buffer.concat(turn.map(({ bytes }) => bytes));
  history.push(all);
  const own = new Map<Member, [start: number, end: number][]>();
  let at = 0;
  for (const { from, bytes } of turn) {
    own.set(from, [...(own.get(from) ?? []), [at, at + bytes.length]]);
    at += bytes.length;
  }
  for (const member of members) writeWithout(member, all, own.get(member) ?? []);
}

function writeWithout({ socket }: Member, all: Buffer, skipped: readonly (readonly [number, number])[]): void {
  socket.cork();
  let at = 0;
  for (const [start, end] of skipped) {
    if (start > at) socket.write(all.subarray(at, start));
    at = end;
  }
  if (at < all.length) socket.write(all.subarray(at));
  socket.uncork();
}

function accept(socket: Socket): void {
  const member: Member = { socket, rest: Buffer.alloc(0) };
  socket.on('data', (chunk) => handle(member, chunk));
  socket.on('error', () => socket.destroy());
  socket.on('close', () => members.delete(member));
}

for (const { daemon } of Object.values(NETWORK)) {
  createServer({ noDelay: true }, accept).listen({ host: daemon, port: PORT, backlog: BACKLOG });
}
setInterval(() => {
  for (const { socket } of members) socket.write(KEEPALIVE);
}, KEEPALIVE_INTERVAL);
