import fc from 'fast-check';
import { Address6 } from 'ip-address';
import { describe, expect, it } from 'vitest';
import {
  addressBytes,
  addressFromBytes,
  familyOf,
  formatRouterId,
  isLinkLocal,
  parseAddress,
  parseRouterId,
} from './index.ts';

const sixteenOctets = fc
  .array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 255 })), { minLength: 16, maxLength: 16 })
  .map((octets) => Uint8Array.from(octets));
const fourOctets = fc.uint8Array({ minLength: 4, maxLength: 4 });

describe('an address in text', () => {
  it.each([
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['10.0.0.1', '10.0.0.1'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8::0:1', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['0:0:0:1::', '0:0:0:1::'],
    ['fd00:0:0:0:0:0:0:0001', 'fd00::1'],
    ['::ffff:10.0.0.1', '::ffff:10.0.0.1'],
    ['::ffff:a00:1', '::ffff:10.0.0.1'],
    ['64:ff9b::10.0.0.1', '64:ff9b::a00:1'],
  ])('%s is %s', (text, canonical) => {
    expect(parseAddress(text)).toBe(canonical);
    expect(addressFromBytes(addressBytes(canonical))).toBe(canonical);
  });

  it.each([
    '',
    '10.0.0',
    '10.0.0.0.1',
    '10.0.0.256',
    '10.0.0.01',
    '10.0.0.-1',
    '10..0.1',
    '10.0.0.1 ',
    '10.0.0.1/32',
    '0x0a.0.0.1',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    'g::',
    'fe80::1%eth0',
    'fe80::1/64',
    '[::1]',
    '::ffff:10.0.0.256',
    '%',
  ])('%j is none', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it('parses any text without an exception', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (text) => void parseAddress(text)));
  });
});

describe('an address in octets', () => {
  it('is written as the ip-address package writes it, except IPv4-mapped ones', () => {
    fc.assert(
      fc.property(sixteenOctets, (octets) => {
        const theirs = Address6.fromByteArray([...octets]).correctForm();
        const text = addressFromBytes(octets);
        if (!text.startsWith('::ffff:') || !text.includes('.')) expect(text).toBe(theirs);
        expect(parseAddress(text)).toBe(text);
        expect(parseAddress(theirs)).toBe(text);
      }),
    );
  });

  it('comes back from its text', () => {
    fc.assert(
      fc.property(fc.oneof(fourOctets, sixteenOctets), (octets) => {
        expect(addressBytes(addressFromBytes(octets))).toEqual(octets);
      }),
    );
  });

  it('is read in the middle of a message', () => {
    expect(addressFromBytes(Uint8Array.of(9, 10, 0, 0, 1, 9), 1, 4)).toBe('10.0.0.1');
  });
});

describe('what is asked of an address', () => {
  it('is its family', () => {
    expect([familyOf('10.0.0.1'), familyOf('fd00::1'), familyOf('10.0.0.0/8'), familyOf('::/0')]).toEqual([
      'ipv4',
      'ipv6',
      'ipv4',
      'ipv6',
    ]);
  });

  it.each([
    ['fe80::1', true],
    ['febf:ffff::1', true],
    ['fec0::1', false],
    ['fe8::1', false],
    ['fe70::1', false],
    ['169.254.0.1', false],
    ['fd00::fe80:1', false],
  ])('is whether it is link-local: %s %s', (address, expected) => {
    expect(isLinkLocal(address)).toBe(expected);
  });
});

describe('a router id', () => {
  it('has the text of an IPv4 address', () => {
    expect(formatRouterId(0x0a00_00ff)).toBe('10.0.0.255');
    expect(formatRouterId(0xffff_fffe)).toBe('255.255.255.254');
    expect(parseRouterId('255.255.255.254')).toBe(0xffff_fffe);
    expect(parseRouterId('0.0.0.0')).toBe(0);
    expect(parseRouterId('fd00::1')).toBeUndefined();
    expect(parseRouterId('1')).toBeUndefined();
  });

  it('comes back from its text', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (id) => {
        expect(parseRouterId(formatRouterId(id))).toBe(id);
      }),
    );
  });
});
