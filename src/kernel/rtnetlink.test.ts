// Messages as kernel 6.18 sent them after commands of iproute2 6.1, and what ours look like.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KernelRoute } from '../fib/types.ts';
import {
  NLM_F_ACK,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  RTM_DELADDR,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWROUTE,
} from './constants.ts';
import { readAddress, readLink, writeAddress, writeLinkUp, writeNewLink } from './link-messages.ts';
import { MessageWriter, readAnswer, readMessages } from './netlink.ts';
import { readRoute, writeDeleteRoute, writeNewRoute } from './rtnetlink.ts';

const octets = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const only = (hex: string) => {
  const messages = [...readMessages(octets(hex))];
  expect(messages.length).toBe(1);
  return messages[0]!;
};

/** Headers: length, type, flags, sequence, port id. Then rtmsg: family, lengths, TOS, table, protocol, scope, type, flags. */
const GATEWAY =
  '44000000 18000006 b4ab016b fa550000 021a0000fe0c0001 00000000 08000f00fe000000 080001000a410100 0800060000040000 080005000a090002 0800040003000000';
const MULTIPATH =
  '50000000 18000006 b4ab016b fc550000 021a0000fe0c0001 00000000 08000f00fe000000 080001000a410200 24000900 1000000003000000 080005000a090002 1000040003000000 08000500c0000207';
const IPV6_GATEWAY =
  '74000000 18000006 b4ab016b fe550000 0a000000fe100001 00000000 08000f00fe000000 0800060000040000 14000500fe800000000000000000000000000001 0800040003000000 24000c00 0000000000000000000000000000000000000000000000000000000000000000 0500140000000000';
const VIA_INET6 =
  '44000000 18000006 b4ab016b fe550000 02000000fe100001 00000000 08000f00fe000000 16001200 0a00fe800000000000000000000000000001 0000 0800040003000000';
const BLACKHOLE = '2c000000 18000006 b5ab016b 00560000 021a0000fe500006 00000000 08000f00fe000000 080001000a410300';
const UNREACHABLE6 =
  '74000000 18000006 b5ab016b 04560000 0a7a0000fe040007 00000000 08000f00fe000000 14000100fd650000000000000000000000000000 0800060000040000 0800040001000000 24000c00 0000000000000000000000000000000000000000000000000000000000000000 0500140000000000';
const LOCAL =
  '3c000000 18000006 00000000 00000000 02200000ff02fe02 00000000 08000f00ff000000 080001000a070001 080007000a070001 0800040003000000';
const MULTICAST =
  '74000000 18000006 00000000 00000000 0a080000ff030001 00000000 08000f00ff000000 14000100ff000000000000000000000000000000 0800060000010000 0800040003000000 24000c00 0000000000000000000000000000000000000000000000000000000000000000 0500140000000000';

const raw = (prefix: string, more: object) => ({
  prefix,
  type: 'unicast',
  metric: 0,
  protocol: 12,
  table: 254,
  ...more,
});

describe('routes that the kernel tells of', () => {
  test.each([
    ['a gateway and a metric', GATEWAY, raw('10.65.1.0/26', { metric: 1024, nextHops: [{ index: 3, gateway: '10.9.0.2', onlink: false }] })], // biome-ignore format: one line
    ['several paths, one of them onlink', MULTIPATH, raw('10.65.2.0/26', { nextHops: [{ index: 3, gateway: '10.9.0.2', onlink: false }, { index: 3, gateway: '192.0.2.7', onlink: true }] })], // biome-ignore format: one line
    ['an IPv4 route with an IPv6 gateway', VIA_INET6, raw('0.0.0.0/0', { protocol: 16, type: 'unicast', nextHops: [{ index: 3, gateway: 'fe80::1', onlink: false }] })], // biome-ignore format: one line
    ['a blackhole of Felix', BLACKHOLE, raw('10.65.3.0/26', { type: 'blackhole', protocol: 80, nextHops: [] })],
    ['an unreachable prefix in IPv6, which names lo', UNREACHABLE6, raw('fd65::/122', { type: 'unreachable', protocol: 4, metric: 1024, nextHops: [] })], // biome-ignore format: one line
  ])('%s', (_, hex, route) => {
    const message = only(hex);
    expect(message.type).toBe(RTM_NEWROUTE);
    expect(readRoute(message.payload)).toEqual(route);
  });

  test.each([
    ['local routes', LOCAL],
    ['multicast destinations', MULTICAST],
    ['link-local destinations', MULTICAST.replace('ff000000', 'fe800000')],
    ['routes of a TOS', GATEWAY.replace('021a0000', '021a0010')],
    ['routes of a source prefix', GATEWAY.replace('021a0000', '021a0800')],
    ['cache entries', GATEWAY.replace('fe0c0001 00000000', 'fe0c0001 00020000')],
    ['a message without its header', '14000000 18000006 b4ab016b fa550000 021a0000'],
  ])('of no concern: %s', (_, hex) => {
    expect(readRoute(only(hex).payload)).toBeUndefined();
  });

  test('attributes that nobody knows are passed over', () => {
    const known = readRoute(only(IPV6_GATEWAY).payload);
    expect(known).toEqual(raw('::/0', { metric: 1024, protocol: 16, nextHops: [{ index: 3, gateway: 'fe80::1', onlink: false }] })); // biome-ignore format: one line
  });
});

describe('links and addresses', () => {
  test('a link: name, MTU, kind, flags', () => {
    const link =
      '48000000 10000000 00000000 00000000 00000100 03000000 43100100 00000000 0700030076300000 08000400c8050000 18001200 0900010076657468 00000000 08000500 02000000';
    const message = only(link);
    expect(message.type).toBe(RTM_NEWLINK);
    expect(readLink(message.payload)).toEqual({
      index: 3,
      name: 'v0',
      adminUp: true,
      carrier: true,
      mtu: 1480,
      kind: 'veth',
      traits: ['broadcast', 'multicast'],
    });
  });

  test('news of a bridge about a port are not about the link: the port leaving is no link removed', () => {
    const port = '20000000 11000000 00000000 00000000 07000100 03000000 43100100 00000000';
    expect(readLink(only(port).payload)).toBeUndefined();
  });

  const PEER =
    '4c000000 14000000 b5ab016b 06560000 0220800003000000 080001000a070002 080002000a070001 0700030076300000 0800080080000000 14000600ffffffffffffffff8426060084260600';
  const SECONDARY =
    '4c000000 15000000 b5ab016b 0c560000 0218810003000000 080001000a09006f 080002000a09006f 0700030076300000 0800080081000000 14000600ffffffffffffffff8f2606008f260600';
  const LINK_LOCAL =
    '50000000 14000000 00000000 00000000 0a4080fd02000000 14000100fe80000000000000f03bf1fffe151776 14000600ffffffffffffffff3326060033260600 0800080080000000 05000b0003000000';

  test.each([
    ['of a point-to-point link', PEER, RTM_NEWADDR, { index: 3, address: '10.7.0.1', prefix: '10.7.0.2/32', secondary: false, scope: 'global' }], // biome-ignore format: one line
    ['that is secondary', SECONDARY, RTM_DELADDR, { index: 3, address: '10.9.0.111', prefix: '10.9.0.0/24', secondary: true, scope: 'global' }], // biome-ignore format: one line
    ['of IPv6, which has no IFA_LOCAL', LINK_LOCAL, RTM_NEWADDR, { index: 2, address: 'fe80::f03b:f1ff:fe15:1776', prefix: 'fe80::/64', secondary: false, scope: 'link' }], // biome-ignore format: one line
  ])('an address %s', (_, hex, type, address) => {
    const message = only(hex);
    expect(message.type).toBe(type);
    expect(readAddress(message.payload)).toEqual(address);
  });
});

describe('answers', () => {
  test('an error with the text of the kernel', () => {
    // NLMSG_ERROR, flags CAPPED | ACK_TLVS, -ENETUNREACH, header of the request, NLMSGERR_ATTR_MSG.
    const text = Buffer.from('Nexthop has invalid gateway\0').toString('hex');
    const hex = `44000000 02000003 07000000 01000000 9bffffff 44000000 18000506 07000000 00000000 20000100 ${text}`;
    expect(readAnswer(only(hex))).toEqual({ errno: 101, text: 'Nexthop has invalid gateway' });
  });

  test('an acknowledgement', () => {
    const hex = '24000000 02000001 07000000 01000000 00000000 44000000 18000506 07000000 00000000';
    expect(readAnswer(only(hex))).toEqual({ errno: 0, text: undefined });
  });
});

describe('requests', () => {
  const indexOf = (device: string) => (device === 'tunl0' ? 7 : 3);
  const written = (write: (writer: MessageWriter) => void) => {
    const writer = new MessageWriter();
    write(writer);
    return writer.take();
  };
  const request = (route: KernelRoute, table = 254) => ({ route, protocol: 12, table, indexOf });
  const tunnelled: KernelRoute = {
    prefix: '10.65.1.0/26',
    type: 'unicast',
    metric: 1024,
    nextHops: [{ gateway: '192.0.2.7', device: 'tunl0', onlink: true }],
  };

  test('a tunnelled route, octet by octet', () => {
    const message = written((writer) => writeNewRoute(writer, request(tunnelled), NLM_F_EXCL | NLM_F_ACK, 5));
    expect(message).toEqual(
      octets(
        '3c000000 1800 0506 05000000 00000000 021a0000fe0c0001 04000000 080001000a410100 0800060000040000 08000500c0000207 0800040007000000',
      ),
    );
  });

  test('a deletion names prefix, metric, table and protocol, whatever the scope', () => {
    const message = written((writer) => writeDeleteRoute(writer, request({ ...tunnelled, metric: 0 }, 1000), 0, 5));
    expect(message).toEqual(
      octets('2c000000 1900 0100 05000000 00000000 021a0000fc0cff01 00000000 080001000a410100 08000f00e8030000'),
    );
  });

  test('the messages that make a tunnel device read as what they ask for', () => {
    const [created, raised, given, taken] = readMessages(
      written((writer) => {
        writeNewLink(writer, { name: 'tunl0', kind: 'ipip' }, NLM_F_ACK, 1);
        writeLinkUp(writer, { index: 7, mtu: 1480 }, 0, 2);
        writeAddress(writer, { type: 'add', index: 7, address: '10.65.0.1', length: 32 }, 0, 3);
        writeAddress(writer, { type: 'remove', index: 7, address: '10.65.0.9', length: 24 }, 0, 4);
      }),
    );
    const link = { index: 0, name: 'tunl0', kind: 'ipip', mtu: 0, adminUp: false, carrier: false };
    const address = { index: 7, secondary: false, scope: 'global' };
    expect([created!.type, created!.flags, readLink(created!.payload)]).toEqual([RTM_NEWLINK, 0x605, link]);
    expect([raised!.type, raised!.flags, readLink(raised!.payload)]).toEqual([
      RTM_NEWLINK,
      0x001,
      { index: 7, name: '', mtu: 1480, adminUp: true, carrier: false },
    ]);
    expect([given!.type, given!.flags, readAddress(given!.payload)]).toEqual([
      RTM_NEWADDR,
      0x601,
      { ...address, address: '10.65.0.1', prefix: '10.65.0.1/32' },
    ]);
    expect([taken!.type, taken!.flags, readAddress(taken!.payload)]).toEqual([
      RTM_DELADDR,
      0x001,
      { ...address, address: '10.65.0.9', prefix: '10.65.0.0/24' },
    ]);
  });

  const nextHops = [
    { gateway: '10.9.0.2', device: 'eth0' },
    { gateway: 'fd00::2', device: 'eth0' },
    { gateway: '192.0.2.7', device: 'tunl0', onlink: true },
  ] as const;
  test.each<[string, KernelRoute]>([
    ['one path', { prefix: '10.65.1.0/26', type: 'unicast', metric: 7, nextHops: [nextHops[0]] }],
    ['IPv6 gateway', { prefix: '10.65.1.0/26', type: 'unicast', metric: 7, nextHops: [nextHops[1]] }],
    ['several paths', { prefix: '10.65.1.0/26', type: 'unicast', metric: 0, nextHops }],
    ['default route', { prefix: '0.0.0.0/0', type: 'unicast', metric: 0, nextHops: [nextHops[0]] }],
    ['IPv6', { prefix: 'fd65::/122', type: 'unicast', metric: 1024, nextHops: [nextHops[1]] }],
    ['blackhole', { prefix: 'fd65::/122', type: 'blackhole', metric: 1024, nextHops: [] }],
    ['prohibit', { prefix: '10.65.1.0/26', type: 'prohibit', metric: 0, nextHops: [] }],
  ])('%s: what is written reads the same', (_, route) => {
    const [message] = readMessages(written((writer) => writeNewRoute(writer, request(route), NLM_F_REPLACE, 1)));
    const { prefix, type, metric } = route;
    expect(readRoute(message!.payload)).toEqual({
      prefix,
      type,
      metric,
      protocol: 12,
      table: 254,
      nextHops: route.nextHops.map(({ gateway, device, onlink }) => ({
        index: indexOf(device),
        gateway,
        onlink: onlink === true,
      })),
    });
  });

  test('many messages stand one behind the other, also beyond the first 64 KB', () => {
    const writer = new MessageWriter();
    for (let i = 1; i <= 2_000; i++) writeNewRoute(writer, request(tunnelled), 0, i);
    const sequences = [...readMessages(writer.take())].map(({ sequence }) => sequence);
    expect(sequences).toEqual(Array.from({ length: 2_000 }, (_, i) => i + 1));
    expect(writer.take()).toEqual(new Uint8Array(0));
  });
});

describe('junk', () => {
  const samples = [GATEWAY, MULTIPATH, VIA_INET6, UNREACHABLE6].map((hex) => octets(hex));
  const readAll = (datagram: Uint8Array) => {
    for (const message of readMessages(datagram)) {
      readRoute(message.payload);
      readLink(message.payload);
      readAddress(message.payload);
      readAnswer(message);
    }
  };

  test('a message cut off anywhere is not read, and nothing throws', () => {
    for (const sample of samples) {
      for (let length = 0; length < sample.length; length++) {
        expect([...readMessages(sample.subarray(0, length))]).toEqual([]);
        const shorter = sample.slice(0, length);
        if (length >= 16) new DataView(shorter.buffer).setUint32(0, length, true);
        readAll(shorter);
      }
    }
  });

  test('any octets are read or passed over', () => {
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.nat(200), fc.integer({ min: 0, max: 255 }), (sample, at, value) => {
        const changed = sample.slice();
        changed[at % changed.length] = value;
        readAll(changed);
      }),
      { numRuns: 2_000 },
    );
  });
});
