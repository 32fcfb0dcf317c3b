import { expect, test } from 'vitest';
import { HalfOpen } from './half-open.ts';

test('half-open connections are looked for only while they may say something', async () => {
  let isWanted = true;
  const reads: number[] = [];
  const halfOpen = new HalfOpen(
    () => isWanted,
    async () => {
      reads.push(1);
      return ['192.0.2.1', '2001:0db8:0000:0000:0000:0000:0000:0002'];
    },
  );
  expect([...halfOpen.addresses]).toEqual([]);
  await halfOpen.look();
  expect([...halfOpen.addresses]).toEqual(['192.0.2.1', '2001:db8::2']);
  isWanted = false;
  await halfOpen.look();
  expect([[...halfOpen.addresses], reads]).toEqual([[], [1]]);
});
