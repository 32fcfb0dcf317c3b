import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { BfdAuthentication } from '../intent/types.ts';
import { Authenticator } from './authentication.ts';
import { type BfdPacket, decodePacket } from './packet.ts';

const PACKET: BfdPacket = {
  ...{ diagnostic: 0, state: 'Up', poll: false, final: false, demand: false, multiplier: 3 },
  ...{ myDiscriminator: 1, yourDiscriminator: 2, minTransmit: 100, minReceive: 100, authentication: new Uint8Array() },
};
const TYPES = ['simple', 'md5', 'meticulousMd5', 'sha1', 'meticulousSha1'] as const;
const key = (type: BfdAuthentication['type'], password = 'secret', keyId = 1): BfdAuthentication => ({
  type,
  keyId,
  password,
});

/** Does an end with `theirs` take what an end with `ours` sends? */
function accepted(ours: BfdAuthentication, theirs: BfdAuthentication): boolean {
  const bytes = new Authenticator(ours, 7).encode(PACKET);
  return new Authenticator(theirs, 9).accepts(bytes, decodePacket(bytes)!, 3);
}

/** Verdicts about packets in the order in which they arrive. */
function verdicts(type: BfdAuthentication['type'], count: number, order: readonly number[]): boolean[] {
  const sender = new Authenticator(key(type), 0xfffffffe);
  const packets = Array.from({ length: count }, () => sender.encode(PACKET));
  const receiver = new Authenticator(key(type), 0);
  return order.map((index) => receiver.accepts(packets[index]!, decodePacket(packets[index]!)!, 3));
}

describe.each(TYPES)('authentication %s', (type) => {
  test('takes the packets of who has the key, and no others', () => {
    expect(accepted(key(type), key(type))).toBe(true);
    expect(accepted(key(type), key(type, 'wrong!'))).toBe(false);
    expect(accepted(key(type), key(type, 'secret', 2))).toBe(false);
    for (const other of TYPES) if (other !== type) expect(accepted(key(other), key(type))).toBe(false);
  });

  test('notices every changed octet of the packet, where there is a digest', () => {
    const bytes = new Authenticator(key(type), 7).encode(PACKET);
    const taken = Array.from(bytes, (_, at) => {
      const spoilt = Uint8Array.from(bytes);
      spoilt[at] = spoilt[at]! ^ 1;
      const packet = decodePacket(spoilt);
      return packet !== undefined && new Authenticator(key(type), 0).accepts(spoilt, packet, 3);
    });
    const allowed = type === 'simple' ? (at: number) => at < 24 : () => false;
    expect(taken.every((isTaken, at) => !isTaken || allowed(at))).toBe(true);
  });
});

test('the digest is the hash of the packet with the key in its place (RFC 5880 6.7.3)', () => {
  const bytes = new Authenticator(key('sha1', 'abc'), 41).encode(PACKET);
  const plain = Uint8Array.from(bytes);
  plain.fill(0, 32);
  plain.set([97, 98, 99], 32);
  expect([...bytes.subarray(24, 32)]).toEqual([4, 28, 1, 0, 0, 0, 0, 42]);
  expect(Buffer.from(bytes.subarray(32))).toEqual(createHash('sha1').update(plain).digest());
});

describe('sequence numbers', () => {
  test('of meticulous packets must grow, also past the end of 32 bits', () => {
    expect(verdicts('meticulousMd5', 4, [0, 1, 1, 0, 3, 2])).toEqual([true, true, false, false, true, false]);
  });

  test('may not jump further than three detection times', () => {
    expect(verdicts('meticulousSha1', 12, [0, 9, 11])).toEqual([true, true, true]);
    expect(verdicts('meticulousSha1', 12, [0, 10])).toEqual([true, false]);
  });

  test('stay as they are while a keyed packet says the same', () => {
    const sender = new Authenticator(key('md5'), 4);
    const numbers = [PACKET, PACKET, { ...PACKET, poll: true }].map((packet) => sender.encode(packet)[31]);
    expect(numbers).toEqual([5, 5, 6]);
  });

  test('are forgotten after a long silence', () => {
    const old = new Authenticator(key('md5'), 4).encode(PACKET);
    const receiver = new Authenticator(key('md5'), 0);
    const newer = new Authenticator(key('md5'), 900).encode(PACKET);
    const take = (bytes: Uint8Array) => receiver.accepts(bytes, decodePacket(bytes)!, 3);
    expect([take(newer), take(old)]).toEqual([true, false]);
    receiver.forget();
    expect(take(old)).toBe(true);
  });
});

test('a key that is too long is cut', () => {
  expect(accepted(key('md5', 'x'.repeat(17)), key('md5', 'x'.repeat(16)))).toBe(true);
  expect(accepted(key('sha1', 'x'.repeat(21)), key('sha1', 'x'.repeat(20)))).toBe(true);
  expect(accepted(key('sha1', 'x'.repeat(20)), key('sha1', 'x'.repeat(19)))).toBe(false);
});
