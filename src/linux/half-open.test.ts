import { expect, test } from 'vitest';
import { parseHalfOpen, readHalfOpen } from './half-open.ts';

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const REST = ' 00000000:00000000 01:0000000F 00000001     0        0 0 1 0000000000000000\n';

test('half-open connections are found among all, with the address of who tried', () => {
  const ipv4 = [
    `   0: 00000000:00B3 00000000:0000 0A${REST}`,
    `  12: 010200C0:00B3 020200C0:92D0 03${REST}`,
    `1013: 010200C0:00B3 030200C0:92D0 01${REST}`,
  ];
  expect(parseHalfOpen(HEAD + ipv4.join(''))).toEqual(['192.0.2.2']);
  const ipv6 = [
    `   0: B80D0120000200000000000001000000:00B3 B80D0120000200000000000002000000:92D0 03${REST}`,
    `   1: 0000000000000000FFFF0000010200C0:00B3 0000000000000000FFFF0000090200C0:92D0 03${REST}`,
  ];
  expect(parseHalfOpen(HEAD + ipv6.join(''))).toEqual(['2001:0db8:0000:0200:0000:0000:0000:0002', '192.0.2.9']);
});

test('this machine is looked at without complaint', async () => {
  expect(await readHalfOpen()).toBeInstanceOf(Array);
});
