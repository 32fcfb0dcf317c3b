import { describe, expect, test } from 'vitest';
import { parseMd5Drops, readMd5Drops } from './md5-drops.ts';

describe('segments that the kernel dropped because of signatures', () => {
  test.each([
    [
      'are found by their names',
      'TcpExt: A TCPMD5NotFound TCPMD5Unexpected TCPMD5Failure B\nTcpExt: 9 1 2 3 9\nIpExt: A\nIpExt: 7\n',
      { unsigned: 1, unexpected: 2, wrong: 3 },
    ],
    ['are unknown to an older kernel', 'TcpExt: TCPMD5NotFound TCPMD5Unexpected\nTcpExt: 1 2\n', undefined],
    ['are unknown where nothing is told', '', undefined],
  ])('%s', (_, text, expected) => {
    expect(parseMd5Drops(text)).toEqual(expected);
  });

  test('are unknown where there is no such file', () => {
    expect(readMd5Drops('/nonexistent/netstat')).toBeUndefined();
  });
});
