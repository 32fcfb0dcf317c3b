import type dgram from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { nativeCallsMissing } from './libc.ts';
import { openUdpSocket } from './udp-socket.ts';

const SOON = { timeout: 10_000, interval: 5 };
let open: dgram.Socket[] = [];

afterEach(async () => {
  await Promise.all(open.map((socket) => new Promise<void>((resolve) => socket.close(resolve))));
  open = [];
});

async function listener(options: Parameters<typeof openUdpSocket>[0]) {
  const socket = await openUdpSocket(options);
  open.push(socket);
  const heard: string[] = [];
  socket.on('message', (bytes) => heard.push(bytes.toString()));
  return { socket, heard, port: socket.address().port };
}

describe.skipIf(nativeCallsMissing() !== undefined)('a UDP socket', () => {
  it.each(['127.0.0.1', '::1'])(
    'of %s hears what was never forwarded, which is what it sends itself',
    async (address) => {
      const { heard, port } = await listener({ address, port: 0, neverForwarded: true });
      const near = await listener({ address, port: 0 });
      near.socket.send('near', port, address);
      await expect.poll(() => heard, SOON).toEqual(['near']);
    },
  );

  it('is deaf to packets with another TTL', async () => {
    const { heard, port } = await listener({ address: '127.0.0.1', port: 0, neverForwarded: true });
    const { socket } = await listener({ address: '127.0.0.1', port: 0 });
    socket.setTTL(254);
    socket.send('far', port, '127.0.0.1');
    socket.setTTL(255);
    socket.send('near', port, '127.0.0.1');
    await expect.poll(() => heard, SOON).toEqual(['near']);
  });

  it('shares its port with others of other addresses, and each hears its own', async () => {
    const any = await listener({ address: '0.0.0.0', port: 0, shared: true });
    const one = await listener({ address: '127.0.0.1', port: any.port, shared: true });
    any.socket.send('one', any.port, '127.0.0.1');
    any.socket.send('other', any.port, '127.0.0.2');
    await expect.poll(() => [one.heard, any.heard], SOON).toEqual([['one'], ['other']]);
  });

  it.each([
    ['an interface that is not there', { address: '127.0.0.1', port: 0, interface: 'nosuch0' }, 'ENODEV'],
    ['an address that is not there', { address: '192.0.2.254', port: 0 }, 'EADDRNOTAVAIL'],
  ])('says no to %s', async (_, options, code) => {
    await expect(openUdpSocket(options)).rejects.toMatchObject({ code });
  });

  it('says no to a port that is taken', async () => {
    const { port } = await listener({ address: '127.0.0.1', port: 0 });
    await expect(openUdpSocket({ address: '127.0.0.1', port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
