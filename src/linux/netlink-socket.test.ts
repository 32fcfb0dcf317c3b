// A netlink socket as a net.Socket. Asking for the links of this machine needs no privileges.

import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { nativeCallsMissing } from './libc.ts';
import { type NetlinkSocket, openNetlinkSocket } from './netlink-socket.ts';

const missing = nativeCallsMissing();
if (missing !== undefined) console.warn(`skipped: ${missing}`);

const open: NetlinkSocket[] = [];
afterEach(() => {
  for (const { stream } of open.splice(0)) stream.destroy();
});

function openSocket(
  onDatagram: (datagram: Uint8Array) => void,
  more: { filter?: (portId: number) => Uint8Array } = {},
) {
  const socket = openNetlinkSocket({ groups: [1], receiveBuffer: 1 << 20, onDatagram, ...more });
  socket.stream.on('error', () => {});
  open.push(socket);
  return socket;
}

/** RTM_GETLINK as a dump, sequence number 7. */
function linkDump(): Uint8Array {
  const message = new Uint8Array(32);
  const view = new DataView(message.buffer);
  view.setUint32(0, 32, true);
  view.setUint16(4, 18, true);
  view.setUint16(6, 0x301, true);
  view.setUint32(8, 7, true);
  return message;
}

describe.skipIf(missing !== undefined)('a netlink socket', () => {
  test('writes are requests and reads are answers, one datagram each, addressed to its port id', async () => {
    const types: number[] = [];
    const done = Promise.withResolvers<void>();
    const { stream, portId } = openSocket((datagram) => {
      const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length);
      expect([view.getUint32(8, true), view.getUint32(12, true)]).toEqual([7, portId]);
      for (let at = 0; at < datagram.length; at += (view.getUint32(at, true) + 3) & ~3)
        types.push(view.getUint16(at + 4, true));
      if (types.at(-1) === 3) done.resolve();
    });
    stream.write(linkDump());
    await done.promise;
    expect(types[0]).toBe(16); // the loopback interface at least
    expect(portId).toBeGreaterThan(0);
  });

  test('what the filter drops is not seen', async () => {
    const seen: number[] = [];
    const everythingButAnswersToUs = (portId: number) => {
      expect(portId).toBeGreaterThan(0);
      return Uint8Array.of(0x06, 0, 0, 0, 0, 0, 0, 0); // return 0: drop
    };
    const { stream } = openSocket((datagram) => seen.push(datagram.length), { filter: everythingButAnswersToUs });
    await new Promise((resolve) => stream.write(linkDump(), resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual([]);
  });

  test('sockets that are destroyed leave no descriptor behind', async () => {
    const before = readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 20; i++) {
      const { stream } = openSocket(() => {});
      stream.destroy();
      await once(stream, 'close');
    }
    expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before);
  });

  test('a group that does not exist is refused with a typed error, and the descriptor is closed', () => {
    const before = readdirSync('/proc/self/fd').length;
    const options = { groups: [100_000], receiveBuffer: 4096, onDatagram() {} };
    expect(() => openNetlinkSocket(options)).toThrow(
      expect.objectContaining({ name: 'LinuxError', code: 'EINVAL', syscall: 'setsockopt' }),
    );
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });
});
