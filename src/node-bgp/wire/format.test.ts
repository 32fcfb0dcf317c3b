import { describe, expect, it } from 'vitest';
import { asPathLength, neighborAs } from './as-path.ts';
import { formatAsPath, formatCommunity, formatLargeCommunity } from './format.ts';
import type { AsPathSegment } from './types.ts';

const sequence = (...asns: number[]): AsPathSegment => ({ type: 'sequence', asns });
const set = (...asns: number[]): AsPathSegment => ({ type: 'set', asns });
const confedSequence = (...asns: number[]): AsPathSegment => ({ type: 'confedSequence', asns });
const confedSet = (...asns: number[]): AsPathSegment => ({ type: 'confedSet', asns });

describe('an AS path', () => {
  it.each<[AsPathSegment[], string, number, number | undefined]>([
    [[], '', 0, undefined],
    [[sequence(64512, 64513)], '64512 64513', 2, 64512],
    [[sequence(64512), set(1, 2)], '64512 {1,2}', 2, 64512],
    [[set(1, 2), sequence(3)], '{1,2} 3', 2, undefined],
    [[confedSequence(65001, 65002), confedSet(65003, 65004), sequence(7)], '(65001 65002) [65003,65004] 7', 1, 7],
    [[confedSequence(65001)], '(65001)', 0, undefined],
  ])('%j is %j, counts %i and came from %s', (asPath, text, length, neighbor) => {
    expect(formatAsPath(asPath)).toBe(text);
    expect(asPathLength({ origin: 0, asPath })).toBe(length);
    expect(neighborAs({ origin: 0, asPath })).toBe(neighbor);
  });
});

describe('a community', () => {
  it.each([
    [0xfc000001, '64512:1'],
    [0, '0:0'],
    [0xfffffffe, '65535:65534'],
    [0xffff0000, 'graceful-shutdown'],
    [0xffff029a, 'blackhole'],
    [0xffffff01, 'no-export'],
    [0xffffff02, 'no-advertise'],
    [0xffffff03, 'no-export-subconfed'],
  ])('%i is %s', (community, text) => {
    expect(formatCommunity(community)).toBe(text);
  });

  it('is three numbers where it is large', () => {
    expect(formatLargeCommunity([4294967295, 0, 1])).toBe('4294967295:0:1');
  });
});
