// TCP options against the kernel of this machine, over loopback. Keys and GTSM need no privileges.

import { once } from 'node:events';
import type net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { getsockopt, nativeCallsMissing } from './libc.ts';
import {
  applyTtlSecurity,
  type DialOptions,
  type ListenSocket,
  openDialSocket,
  openListenSocket,
} from './tcp-socket.ts';

const missing = nativeCallsMissing();
if (missing !== undefined) console.warn(`skipped: ${missing}`);

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** How long a dial that is answered by nothing is watched: SYNs without the right key are dropped in silence. */
const SILENCE = 300;

async function listenOn(address: string | undefined, keys: Record<string, string> = {}) {
  const accepted: net.Socket[] = [];
  const listener: ListenSocket = await openListenSocket({
    ...(address === undefined ? {} : { address }),
    port: 0,
    keys: new Map(Object.entries(keys)),
    onConnection: (connection) => {
      accepted.push(connection);
      cleanups.push(() => connection.destroy());
    },
  });
  cleanups.push(() => listener.close());
  return { listener, accepted };
}

function dial(options: DialOptions): net.Socket {
  const socket = openDialSocket(options);
  socket.on('error', () => {}); // some tests end the peer's side abruptly
  cleanups.push(() => socket.destroy());
  return socket;
}

async function outcome(socket: net.Socket): Promise<string> {
  const abort = new AbortController();
  const { signal } = abort;
  const { promise: silence, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve('silence'), SILENCE);
  const result = await Promise.race([
    once(socket, 'connect', { signal }).then(
      () => 'connected',
      (error: NodeJS.ErrnoException) => error.code ?? error.name,
    ),
    silence,
  ]);
  abort.abort();
  clearTimeout(timer);
  return result;
}

function option(socket: net.Socket, level: number, name: number): number {
  return getsockopt((socket as unknown as { _handle: { fd: number } })._handle.fd, level, name);
}

describe.skipIf(missing !== undefined)('TCP sockets for BGP', () => {
  test('a dialled socket carries bytes both ways, without Nagle and with the class of routing traffic', async () => {
    const { listener, accepted } = await listenOn('127.0.0.1');
    const socket = dial({ remote: '127.0.0.1', port: listener.port, local: '127.0.0.9' });
    expect(await outcome(socket)).toBe('connected');
    socket.write('ping');
    await expect.poll(() => accepted.length).toBe(1);
    const peer = accepted[0]!;
    peer.on('data', (chunk) => peer.write(`${chunk} pong`));
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toBe('ping pong');
    expect(peer.remoteAddress).toBe('127.0.0.9');
    expect([option(socket, 0, 1), option(socket, 0, 2), option(socket, 6, 1)]).toEqual([0xc0, 64, 1]);
  });

  test('without an address both families are served on the same port', async () => {
    const { listener } = await listenOn(undefined);
    expect(await outcome(dial({ remote: '127.0.0.1', port: listener.port }))).toBe('connected');
    expect(await outcome(dial({ remote: '::1', port: listener.port }))).toBe('connected');
  });

  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
  ])('TCP-MD5 on %s: the right key connects, a wrong one and none are met with silence', async (address, peer) => {
    const { listener } = await listenOn(address, { [peer]: 'meow' });
    const { port } = listener;
    expect(await outcome(dial({ remote: address, port, local: peer, password: 'meow' }))).toBe('connected');
    expect(await outcome(dial({ remote: address, port, local: peer, password: 'woof' }))).toBe('silence');
    expect(await outcome(dial({ remote: address, port, local: peer }))).toBe('silence');
  });

  test('keys of a live listener are added, changed and removed, and the other peers do not notice', async () => {
    const { listener } = await listenOn('127.0.0.1', { '127.0.0.2': 'old', '127.0.0.3': 'stays' });
    const { port } = listener;
    const from = (local: string, password?: string) =>
      outcome(dial({ remote: '127.0.0.1', port, local, ...(password === undefined ? {} : { password }) }));
    expect(await from('127.0.0.2', 'new')).toBe('silence');
    listener.setKeys(new Map([['127.0.0.2', 'new'], ['127.0.0.3', 'stays'], ['127.0.0.4', 'fresh']])); // biome-ignore format: one line
    expect([
      await from('127.0.0.2', 'new'),
      await from('127.0.0.2', 'old'),
      await from('127.0.0.3', 'stays'),
      await from('127.0.0.4', 'fresh'),
    ]).toEqual(['connected', 'silence', 'connected', 'connected']);
    listener.setKeys(new Map([['127.0.0.3', 'stays']]));
    expect([await from('127.0.0.2'), await from('127.0.0.4'), await from('127.0.0.3', 'stays')]).toEqual([
      'connected',
      'connected',
      'connected',
    ]);
  });

  test.each([
    ['127.0.0.1', '127.0.8.0/24', '127.0.8.9', '127.0.9.9', '127.0.8.1'],
    ['::1', '::/64', '::1', undefined, undefined],
  ])('TCP-MD5 on %s for all of %s, but for one with a key of its own', async (address, range, inside, outside, own) => {
    const { listener } = await listenOn(address, { [range]: 'meow', ...(own === undefined ? {} : { [own]: 'purr' }) });
    const { port } = listener;
    const from = (local: string, password?: string) =>
      outcome(dial({ remote: address, port, local, ...(password === undefined ? {} : { password }) }));
    expect([await from(inside, 'meow'), await from(inside, 'woof'), await from(inside)]).toEqual([
      'connected',
      'silence',
      'silence',
    ]);
    if (outside !== undefined) expect(await from(outside)).toBe('connected');
    if (own !== undefined) expect([await from(own, 'purr'), await from(own, 'meow')]).toEqual(['connected', 'silence']);
    listener.setKeys(new Map([[range, 'hiss']]));
    expect(await from(inside, 'hiss')).toBe('connected');
    listener.setKeys(new Map());
    expect(await from(inside)).toBe('connected');
  });

  test('a key that is empty or longer than 80 octets is refused before anything is sent', () => {
    const text = (password: string) => () => openDialSocket({ remote: '127.0.0.1', port: 179, password });
    expect(text('x'.repeat(81))).toThrow('a TCP-MD5 key has 1 to 80 octets, not 81');
    expect(text('')).toThrow('a TCP-MD5 key has 1 to 80 octets, not 0');
  });

  test.each([
    ['127.0.0.1', 0, 2, 21],
    ['::1', 41, 16, 73],
  ])('GTSM on %s: both ends send with 255 and a peer without it is not heard', async (address, level, ttl, minimum) => {
    const { listener, accepted } = await listenOn(address);
    const guarded = dial({ remote: address, port: listener.port, ttlSecurity: 1 });
    expect(await outcome(guarded)).toBe('connected'); // the SYN-ACK came with 255
    expect([option(guarded, level, ttl), option(guarded, level, minimum)]).toEqual([255, 255]);
    await expect.poll(() => accepted.length).toBe(1);
    applyTtlSecurity(accepted[0]!, 2);
    expect([option(accepted[0]!, level, ttl), option(accepted[0]!, level, minimum)]).toEqual([255, 254]);
    guarded.write('heard');
    expect(String((await once(accepted[0]!, 'data'))[0])).toBe('heard');

    const plain = dial({ remote: address, port: listener.port });
    expect(await outcome(plain)).toBe('connected');
    await expect.poll(() => accepted.length).toBe(2);
    applyTtlSecurity(accepted[1]!, 1);
    const heard: string[] = [];
    accepted[1]!.on('data', (chunk) => heard.push(String(chunk)));
    plain.write('too far');
    expect(await outcome(accepted[1]!)).toBe('silence');
    expect(heard).toEqual([]);
  });

  test('an accepted connection without GTSM gets the TTL of multihop sessions', async () => {
    const { listener, accepted } = await listenOn('127.0.0.1');
    expect(await outcome(dial({ remote: '127.0.0.1', port: listener.port }))).toBe('connected');
    await expect.poll(() => accepted.length).toBe(1);
    applyTtlSecurity(accepted[0]!, undefined);
    expect([option(accepted[0]!, 0, 2), option(accepted[0]!, 0, 21)]).toEqual([64, 0]);
  });

  test('a port in use is named', async () => {
    const { listener } = await listenOn('127.0.0.1');
    const again = openListenSocket({ address: '127.0.0.1', port: listener.port, keys: new Map(), onConnection() {} });
    await expect(again).rejects.toMatchObject({
      name: 'LinuxError',
      code: 'EADDRINUSE',
      text: `another process listens on 127.0.0.1 port ${listener.port}`,
    });
  });

  test('a port is free again after close, also for the next listener at once', async () => {
    const { listener, accepted } = await listenOn('127.0.0.1');
    const { port } = listener;
    expect(await outcome(dial({ remote: '127.0.0.1', port }))).toBe('connected');
    await expect.poll(() => accepted.length).toBe(1);
    accepted[0]!.destroy(); // leaves TIME_WAIT on our side
    await listener.close();
    const next = await openListenSocket({ address: '127.0.0.1', port, keys: new Map(), onConnection() {} });
    await next.close();
  });

  test('a listener may be bound to an address that the host does not have yet', async () => {
    const { listener } = await listenOn('192.0.2.77');
    expect(listener.port).toBeGreaterThan(0);
  });

  test('a source address that the host does not have is a typed error', () => {
    expect(() => openDialSocket({ remote: '127.0.0.1', port: 179, local: '192.0.2.77' })).toThrow(
      expect.objectContaining({ name: 'LinuxError', code: 'EADDRNOTAVAIL', syscall: 'bind' }),
    );
  });

  test('a peer is dialled by the interface that it is on, and by no other', async () => {
    const { listener } = await listenOn('127.0.0.1');
    const target = { remote: '127.0.0.1', port: listener.port };
    expect(await outcome(dial({ ...target, interface: 'lo' }))).toBe('connected');
    expect(() => openDialSocket({ ...target, interface: 'nowhere0' })).toThrow(
      expect.objectContaining({ name: 'LinuxError', code: 'ENODEV' }),
    );
  });

  test('a refused connection is an error event, as with node:net', async () => {
    const { listener } = await listenOn('127.0.0.1');
    const { port } = listener;
    await listener.close();
    expect(await outcome(dial({ remote: '127.0.0.1', port }))).toBe('ECONNREFUSED');
  });

  test('descriptors belong to node once handed over: many dials leave none behind and close none of others', async () => {
    const { readdirSync } = await import('node:fs');
    const { listener } = await listenOn('127.0.0.1');
    const before = readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 50; i++) {
      const socket = openDialSocket({ remote: '127.0.0.1', port: listener.port });
      socket.on('error', () => {});
      socket.destroy();
      await once(socket, 'close');
    }
    expect(() => openDialSocket({ remote: '127.0.0.1', port: 179, local: '192.0.2.77' })).toThrow('EADDRNOTAVAIL');
    await expect.poll(() => readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before);
  });
});
