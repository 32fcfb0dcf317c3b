import { describe, expect, it } from 'vitest';
import type { Effect, Input, Speaker } from '../speaker/index.ts';
import { Loop } from './loop.ts';

const UP: Effect = {
  type: 'fact',
  fact: { type: 'peerStateChanged', peer: 'p', address: '10.0.0.1', from: 'OpenConfirm', to: 'Established' },
};
const MESSAGE: Input = { type: 'bytes', connection: 1, chunk: new Uint8Array(19) };

/** A router that answers each message with `effects`, and writes what it has to tell when it works. */
function run(effects: readonly Effect[], messages: number): Promise<{ handled: number; told: number[] }> {
  return new Promise((resolve) => {
    let [handled, untold] = [0, 0];
    const told: number[] = [];
    const speaker = {
      nextDeadline: () => undefined,
      hasWork: false,
      handle: () => {
        handled++;
        untold++;
        return [...effects];
      },
      work: () => {
        if (untold > 0) told.push(untold);
        untold = 0;
        return [{ type: 'write', connection: 1, bytes: new Uint8Array(1) }];
      },
    } as unknown as Speaker;
    const loop = new Loop({
      speaker,
      collect: () => [],
      execute: () => {
        const until = performance.now() + 2; // telling takes its time
        while (performance.now() < until);
        if (told.reduce((sum, count) => sum + count, 0) === messages) {
          loop.stop();
          resolve({ handled, told });
        }
      },
    });
    const post = (left: number) => {
      if (left === 0) return;
      loop.post(MESSAGE, () => setImmediate(() => post(left - 1)));
    };
    post(messages);
  });
}

describe('the loop', () => {
  it('tells of each message at once when all is at rest', async () => {
    expect(await run([], 5)).toEqual({ handled: 5, told: [1, 1, 1, 1, 1] });
  });

  it('collects what it tells while sessions are coming up, and tells all of it', async () => {
    const { handled, told } = await run([UP], 20);
    expect(handled).toBe(20);
    expect(told.length).toBeLessThan(12);
  });
});
