import { type Prefix, prefixWords } from 'node-bgp';
import { describe, expect, it } from 'vitest';
import { isIpv4Martian, isIpv6Martian } from './martians.ts';
import { makeRib, settle, TestPeer } from './rib.fixture.ts';

function isMartian(prefix: Prefix): boolean {
  const { word0, word1, word2, word3 } = prefixWords(prefix);
  return prefix.includes(':') ? isIpv6Martian(word0, word1, word2, word3) : isIpv4Martian(word0);
}

describe('martians', () => {
  it.each([
    '0.0.0.44/32',
    '127.0.0.0/8',
    '169.254.1.1/32',
    '224.0.0.0/4',
    '255.255.255.255/32',
    'fe80::/64',
    'ff00::/8',
    '::1/128',
  ])('%s is one', (prefix) => {
    expect(isMartian(prefix)).toBe(true);
  });

  it.each([
    '0.0.0.0/0',
    '0.0.0.0/1',
    '10.0.0.0/8',
    '169.253.0.0/16',
    '223.255.255.0/24',
    '::/0',
    'fd00::/8',
    'fec0::/10',
    '2001:db8::/32',
  ])('%s is none', (prefix) => {
    expect(isMartian(prefix)).toBe(false);
  });

  it('are received and not let in, wherever they come from', () => {
    const rib = makeRib();
    const peers = [new TestPeer(rib, 2, { type: 'ebgp' }), new TestPeer(rib, 3)];
    peers[0]!.announce(['169.254.1.1/32', '10.65.0.0/26', '127.0.0.0/8']);
    const kernel = rib.addSource({ kind: 'kernel', protocol: 'kernel1', preference: 10 });
    rib.adjRibIn.putLocal(kernel, '0.0.0.44/32', { origin: 0, asPath: [] }, undefined);
    settle(rib, peers);
    expect([peers[0]!.source.received, peers[0]!.source.accepted, kernel.received]).toEqual([3, 1, 0]);
    expect(peers[1]!.prefixes()).toEqual(['10.65.0.0/26']);
  });
});
