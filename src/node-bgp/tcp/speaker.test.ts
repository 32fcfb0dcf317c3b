import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { peerConfig } from '../session/config.ts';
import type { DownReason, PeerConfig } from '../session/types.ts';
import { CEASE, ERROR, encodeEndOfRib, nlriEntries } from '../wire/index.ts';
import { type SpeakerEvents, TcpSpeaker } from './index.ts';

// Every address of 127.0.0.0/8 is local: two speakers can share a port.
const LEFT = '127.0.17.1';
const RIGHT = '127.0.17.2';

const speakers: TcpSpeaker[] = [];

afterEach(async () => {
  await Promise.all(speakers.splice(0).map((speaker) => speaker.stop()));
});

/** A port that nobody has right now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, LEFT);
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function speaker(address: string, port: number, events: SpeakerEvents): Promise<TcpSpeaker> {
  const made = new TcpSpeaker({ address, port, ...events });
  speakers.push(made);
  await made.listen();
  return made;
}

/** Resolves with the arguments of the first call of an event. */
function firstCall<T extends unknown[]>(): { readonly happened: Promise<T>; readonly event: (...args: T) => void } {
  const { promise, resolve } = Promise.withResolvers<T>();
  return { happened: promise, event: (...args) => resolve(args) };
}

const config = (localAs: number, remoteAs: number, changes: Partial<PeerConfig> = {}): PeerConfig =>
  peerConfig({
    localAs,
    remoteAs,
    bgpIdentifier: localAs,
    families: ['ipv4', 'ipv6'],
    connectRetryTime: 1,
    ...changes,
  });

describe('two speakers', () => {
  it('exchange routes of both families over one session', async () => {
    const port = await freePort();
    const seen: unknown[] = [];
    const { happened: complete, event: finish } = firstCall();
    const left = await speaker(LEFT, port, {
      established: (peer) => {
        left.announce(peer, { origin: 0, asPath: [{ type: 'sequence', asns: [64512] }], nextHop: LEFT }, [
          '192.0.2.0/24',
        ]);
        left.announce(peer, { origin: 0, asPath: [{ type: 'sequence', asns: [64512] }], nextHop: '2001:db8::1' }, [
          '2001:db8:1::/48',
        ]);
        left.withdraw(peer, ['192.0.2.0/24']);
        left.send(peer, encodeEndOfRib('ipv4'));
      },
    });
    const right = await speaker(RIGHT, port, {
      update: (peer, { reached, withdrawn, set, endOfRib }) => {
        const prefixes = (blocks: typeof reached) => blocks.flatMap(nlriEntries).map(({ prefix }) => prefix);
        seen.push([peer, prefixes(reached), prefixes(withdrawn), set?.attributes.nextHop]);
        if (endOfRib !== undefined) finish();
      },
    });
    left.add(RIGHT, config(64512, 64513));
    right.add(LEFT, config(64513, 64512));
    await complete;
    expect(seen).toEqual([
      [LEFT, ['192.0.2.0/24'], [], LEFT],
      [LEFT, ['2001:db8:1::/48'], [], '2001:db8::1'],
      [LEFT, [], ['192.0.2.0/24'], undefined],
      [LEFT, [], [], undefined],
    ]);
  });

  it('tell each other why they go, and the one that stays sees the text', async () => {
    const port = await freePort();
    const { happened: established, event: onEstablished } = firstCall();
    const { happened: down, event: onDown } = firstCall<[string, DownReason, boolean]>();
    const left = await speaker(LEFT, port, { established: onEstablished });
    const right = await speaker(RIGHT, port, { down: onDown });
    right.add(LEFT, config(64512, 64512, { passive: true, bgpIdentifier: 2 }));
    left.add(RIGHT, config(64512, 64512, { bgpIdentifier: 1 }));
    await established;
    await left.stop('moved to rack 7');
    const [peer, reason, wasEstablished] = await down;
    expect([peer, wasEstablished, reason.type]).toEqual([LEFT, true, 'notificationReceived']);
    expect(reason).toMatchObject({ message: { code: ERROR.CEASE, subcode: CEASE.ADMINISTRATIVE_SHUTDOWN } });
    expect(reason).toMatchObject({ text: expect.stringContaining('moved to rack 7') });
    expect(right.send(LEFT, encodeEndOfRib('ipv4'))).toBe(false);
    await left.stop();
  });
});

it('closes the connection of a stranger, and answers one that speaks no BGP with a NOTIFICATION', async () => {
  const port = await freePort();
  const left = await speaker(LEFT, port, {});
  left.add(RIGHT, config(64512, 64513, { passive: true }));
  const talk = async (from: string) => {
    const socket = connect({ host: LEFT, port, localAddress: from });
    const chunks: Uint8Array[] = [];
    socket.on('data', (chunk: Uint8Array) => chunks.push(chunk)).on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nHost: example.net\r\n\r\n');
    await new Promise((resolve) => socket.once('close', resolve));
    return Buffer.concat(chunks);
  };
  expect(await talk('127.0.17.99')).toHaveLength(0);
  const answer = await talk(RIGHT);
  // OPEN, then NOTIFICATION 1/1: the marker is not all ones.
  expect([...answer.subarray(-5)]).toEqual([0, 21, 3, 1, 1]);
});

it('forgets a peer that is removed, also from inside a callback', async () => {
  const port = await freePort();
  const { happened: down, event: onDown } = firstCall<[string, DownReason, boolean]>();
  const { happened: removed, event: onRemoved } = firstCall();
  const left = await speaker(LEFT, port, { established: (peer) => void left.remove(peer).then(onRemoved) });
  const right = await speaker(RIGHT, port, { down: onDown });
  right.add(LEFT, config(64512, 64512, { passive: true, bgpIdentifier: 2 }));
  left.add(RIGHT, config(64512, 64512, { bgpIdentifier: 1 }));
  await removed;
  expect([...left.peers.keys()]).toEqual([]);
  expect((await down)[1]).toMatchObject({ message: { code: ERROR.CEASE, subcode: CEASE.PEER_DE_CONFIGURED } });
});

it('reports a port that is taken', async () => {
  const port = await freePort();
  await speaker(LEFT, port, {});
  const second = new TcpSpeaker({ address: LEFT, port });
  await expect(second.listen()).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await second.stop();
});

it('runs the example of the README', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const [, example] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  const source = example?.replaceAll('1790', String(await freePort())) ?? '';
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', source], {
    cwd: new URL('../../..', import.meta.url),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [printed] = (await once(child.stdout, 'data')) as [Buffer];
    expect(String(printed)).toBe("127.0.0.1 [ { prefix: '192.0.2.0/24' } ]\n");
  } finally {
    child.kill();
  }
});
