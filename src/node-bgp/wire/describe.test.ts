import { describe, expect, it } from 'vitest';
import { describeNotification, prefixLimitData, shutdownData } from './describe.ts';
import { fromHex } from './hex.ts';

describe('a NOTIFICATION in words', () => {
  it.each<[number, number, string, string]>([
    [1, 1, '', 'Message Header Error/Connection Not Synchronized'],
    [1, 2, '1001', 'Message Header Error/Bad Message Length: length 4097'],
    [1, 3, '09', 'Message Header Error/Bad Message Type: type 9'],
    [2, 0, '', 'OPEN Message Error'],
    [2, 1, '0004', 'OPEN Message Error/Unsupported Version Number: version 4 is supported'],
    [2, 2, '', 'OPEN Message Error/Bad Peer AS'],
    [2, 2, 'fc00', 'OPEN Message Error/Bad Peer AS: AS 64512'],
    [2, 2, '00011170', 'OPEN Message Error/Bad Peer AS: AS 70000'],
    [2, 3, '', 'OPEN Message Error/Bad BGP Identifier'],
    [2, 6, '', 'OPEN Message Error/Unacceptable Hold Time'],
    [2, 7, '010400010001', 'OPEN Message Error/Unsupported Capability: data 010400010001'],
    [3, 3, '01', 'UPDATE Message Error/Missing Well-known Attribute: attribute 1'],
    [3, 8, '', 'UPDATE Message Error/Invalid NEXT_HOP Attribute'],
    [3, 11, '', 'UPDATE Message Error/Malformed AS_PATH'],
    [4, 0, '', 'Hold Timer Expired'],
    [5, 3, '01', 'Finite State Machine Error/Unexpected Message in Established: message type 1'],
    [6, 0, '', 'Cease'],
    [6, 1, '0001010000000a', 'Cease/Maximum Number of Prefixes Reached: ipv4 limit 10'],
    [6, 1, '4004470000000a', 'Cease/Maximum Number of Prefixes Reached: AFI 16388 SAFI 71 limit 10'],
    [6, 2, '', 'Cease/Administrative Shutdown'],
    [6, 2, '00', 'Cease/Administrative Shutdown'],
    [6, 2, '02 6869', 'Cease/Administrative Shutdown: "hi"'],
    [6, 2, '05 6869', 'Cease/Administrative Shutdown: data 056869'],
    [6, 4, '02 6869 ff', 'Cease/Administrative Reset: "hi"'],
    [6, 7, '', 'Cease/Connection Collision Resolution'],
    [6, 9, '0602026869', 'Cease/Hard Reset: Cease/Administrative Shutdown: "hi"'],
    [6, 10, '', 'Cease/BFD Down'],
    [7, 1, '', 'ROUTE-REFRESH Message Error/Invalid Message Length'],
    [8, 0, '', 'Send Hold Timer Expired'],
    [6, 99, '', 'Cease/subcode 99'],
    [42, 7, 'ab', 'Error 42/subcode 7: data ab'],
  ])('%i/%i %s', (code, subcode, data, text) => {
    expect(describeNotification(code, subcode, fromHex(data))).toBe(text);
  });
});

it('a prefix limit is told with family and number (RFC 4486 4)', () => {
  expect(describeNotification(6, 1, prefixLimitData('ipv6', 100_000))).toBe(
    'Cease/Maximum Number of Prefixes Reached: ipv6 limit 100000',
  );
});

describe('the text of a shutdown (RFC 9003)', () => {
  it.each(['maintenance', 'Wartung für 1 h 🛠', 'x'.repeat(255)])('arrives as it was sent', (text) => {
    expect(describeNotification(6, 2, shutdownData(text))).toBe(`Cease/Administrative Shutdown: "${text}"`);
  });

  it('is no data where it is empty', () => {
    expect(shutdownData('')).toEqual(new Uint8Array(0));
  });

  it('is cut between characters', () => {
    const data = shutdownData('ü'.repeat(200));
    expect(data[0]).toBe(254);
    expect(describeNotification(6, 2, data)).toBe(`Cease/Administrative Shutdown: "${'ü'.repeat(127)}"`);
  });

  it('cannot act on a terminal or a log', () => {
    expect(describeNotification(6, 2, shutdownData('a\u001b[2J\nb\u202e'))).toBe(
      'Cease/Administrative Shutdown: "a\ufffd[2J\ufffdb\ufffd"',
    );
  });

  it('is shown with a mark where it is no UTF-8', () => {
    expect(describeNotification(6, 2, fromHex('02 c328'))).toBe('Cease/Administrative Shutdown: "\ufffd("');
  });
});
