import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ApiClient } from './client.ts';
import { Connections } from './connections.ts';
import { ManualClock } from './manual-clock.fixture.ts';

const TARGET = { verb: 'list', resource: 'nodes', group: '' } as const;
const REQUEST = { target: TARGET, path: '/x' };

let server: Server;
let connections: Connections;
let abort: AbortController;
/** How each request is answered, in order; the last one goes on. */
let answers: ((response: ServerResponse) => void)[];

beforeEach(async () => {
  answers = [];
  abort = new AbortController();
  server = createServer((_, response) => (answers.length > 1 ? answers.shift()! : answers[0]!)(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const access = { apiEndpoint: `http://127.0.0.1:${port()}`, insecureSkipTlsVerify: false };
  connections = new Connections({ access, clock: new ManualClock(), env: {}, root: '' });
});

afterEach(async () => {
  connections.close();
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
});

function port(): number {
  return (server.address() as AddressInfo).port;
}

function host(): string {
  return `127.0.0.1:${port()}`;
}

describe('a request', () => {
  test('is given up when the server says nothing for long', async () => {
    answers = [() => undefined];
    const client = new ApiClient(connections, 30);
    await expect(client.send(REQUEST, abort.signal)).rejects.toMatchObject({
      code: 'unreachable',
      message: `${host()} has not answered for 0.03 s`,
    });
  });

  test('is given up when the server stops in the middle of an answer', async () => {
    answers = [(response) => response.write('{"a":')];
    const client = new ApiClient(connections, 30);
    await expect(client.send(REQUEST, abort.signal)).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('is made again when the connection had been closed while it lay idle', async () => {
    answers = [(response) => response.end('1')];
    const client = new ApiClient(connections);
    expect(await client.send(REQUEST, abort.signal)).toBe(1);
    answers = [(response) => void response.socket?.destroy(), (response) => response.end('2')];
    expect(await client.send(REQUEST, abort.signal)).toBe(2);
    answers = [(response) => void response.socket?.destroy()];
    await expect(client.send(REQUEST, abort.signal)).rejects.toMatchObject({
      code: 'unreachable',
      message: `${host()} has closed the connection`,
    });
  });

  test('that is answered by something else than JSON is garbage', async () => {
    answers = [(response) => response.end('<html>')];
    const client = new ApiClient(connections);
    await expect(client.send(REQUEST, abort.signal)).rejects.toMatchObject({ code: 'garbage' });
    answers = [(response) => response.end('{"items":[{"a":}]}')];
    await expect(client.list(REQUEST, abort.signal, () => undefined)).rejects.toMatchObject({ code: 'garbage' });
  });

  test('ends when nobody waits for it any more', async () => {
    answers = [() => abort.abort()];
    const client = new ApiClient(connections);
    await expect(client.send(REQUEST, abort.signal)).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('a stream', () => {
  const handler = () => {
    const seen: string[] = [];
    return { seen, open: () => seen.push('open'), lines: (lines: readonly string[]) => seen.push(...lines) };
  };

  test('may be silent for long once it is open, and ends with the answer', async () => {
    answers = [
      (response) => {
        response.flushHeaders();
        setTimeout(() => response.end('one\ntwo\nthr'), 60);
      },
    ];
    const { seen, ...rest } = handler();
    await new ApiClient(connections, 20).stream(REQUEST, abort.signal, rest);
    expect(seen).toEqual(['open', 'one', 'two']);
  });

  test('is closed when what it says is not wanted', async () => {
    const closed = Promise.withResolvers<void>();
    answers = [
      (response) => {
        response.on('close', () => closed.resolve());
        response.write('one\n');
      },
    ];
    const refuse = () => {
      throw new RangeError('not wanted');
    };
    const stream = new ApiClient(connections).stream(REQUEST, abort.signal, { open: () => undefined, lines: refuse });
    await expect(stream).rejects.toThrow(RangeError);
    await closed.promise;
  });
});
