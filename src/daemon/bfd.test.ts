// The thread of BFD as the daemon has it: real sockets on loopback addresses, and a main thread that does something else.

import { afterEach, describe, expect, it } from 'vitest';
import { type BfdWish, sessionKey } from '../bfd/index.ts';
import { type BfdEffect, BfdSessions } from '../bfd/sessions.ts';
import { BfdSockets } from '../bfd/sockets.ts';
import type { Fact, Input } from '../speaker/index.ts';
import { Bfd } from './bfd.ts';

const TIMEOUT = 30_000;
const SOON = { timeout: 10_000, interval: 20 };

/** Addresses that no other run of this test has. */
const address = (host: number) => `127.${1 + (process.pid % 250)}.${Math.floor(process.pid / 250) % 250}.${host}`;

class End {
  readonly inputs: Input[] = [];
  readonly facts: Fact[] = [];
  readonly bfd = new Bfd({ post: (input) => this.inputs.push(input), tell: (fact) => this.facts.push(fact) });

  get states() {
    return this.bfd.sessions.map(({ state }) => state);
  }
}

let ends: End[] = [];

function newEnd(): End {
  const end = new End();
  ends.push(end);
  return end;
}

afterEach(async () => {
  await Promise.all(ends.map(({ bfd }) => bfd.stop()));
  ends = [];
});

const wish = (local: number, remote: number, multihop = false, interval = 50): BfdWish => ({
  local: address(local),
  remote: address(remote),
  settings: { multihop, minTransmit: interval, minReceive: interval, multiplier: 3 },
});

/** Long enough for a machine that lets a thread wait for its turn; the main thread is busy for three times as long. */
const PATIENT = { interval: 250, detectionTime: 750, busy: 2_250 };

/** Another end, in this thread; gives what makes it fall silent. */
async function talk(its: BfdWish): Promise<() => void> {
  const sessions = new BfdSessions(Math.random);
  const sockets = new BfdSockets({
    receive: (bytes, arrival) => carryOut(sessions.receive(bytes, arrival, performance.now())),
    trouble: (_, text) => expect.unreachable(text),
    working: () => undefined,
  });
  const carryOut = (effects: readonly BfdEffect[]) => {
    for (const effect of effects) if (effect.type === 'send') sockets.send(effect.key, effect.bytes);
  };
  const wishes = new Map([[sessionKey(its), its]]);
  await sockets.add(wishes);
  carryOut(sessions.want(wishes, performance.now()));
  const timer = setInterval(() => carryOut(sessions.tick(performance.now())), 5);
  return () => {
    clearInterval(timer);
    sockets.close();
  };
}

function block(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

describe('BFD in its thread', () => {
  it.each([false, true])(
    'comes up and stays up while the main thread is busy (multihop: %s)',
    {
      timeout: TIMEOUT,
    },
    async (multihop) => {
      const [one, two] = [newEnd(), newEnd()];
      one.bfd.watch('peer', wish(1, 2, multihop, PATIENT.interval));
      two.bfd.watch('peer', wish(2, 1, multihop, PATIENT.interval));
      await expect.poll(() => [...one.states, ...two.states], SOON).toEqual(['Up', 'Up']);
      await expect.poll(() => one.bfd.sessions[0]!.detectionTime, SOON).toBe(PATIENT.detectionTime);
      const { since } = one.bfd.sessions[0]!;
      block(PATIENT.busy);
      // What happened meanwhile stands in the mailbox now.
      await new Promise((resolve) => setImmediate(resolve));
      expect(one.bfd.sessions).toMatchObject([
        { state: 'Up', since, peers: ['peer'], detectionTime: PATIENT.detectionTime },
      ]);
      expect(one.inputs).toEqual([]);
    },
  );

  it('takes an end on purpose for what it is, and ends its thread with the last session', {
    timeout: TIMEOUT,
  }, async () => {
    const [one, two] = [newEnd(), newEnd()];
    one.bfd.watch('a', wish(1, 2));
    one.bfd.watch('b', wish(1, 2));
    two.bfd.watch('peer', wish(2, 1));
    await expect.poll(() => [...one.states, ...two.states], SOON).toEqual(['Up', 'Up']);
    expect(one.bfd.sessions).toMatchObject([{ peers: ['a', 'b'] }]);
    two.bfd.watch('peer', undefined);
    await expect.poll(() => one.states, SOON).toEqual(['Down']);
    expect(one.inputs).toEqual([]);
    expect(two.bfd.sessions).toEqual([]);
    await expect.poll(() => two.bfd.isRunning, SOON).toBe(false);
  });

  it('tells of a peer that is silent, from the one moment to the other, to everyone it is watched for', {
    timeout: TIMEOUT,
  }, async () => {
    const one = newEnd();
    for (const peer of ['a', 'b']) one.bfd.watch(peer, wish(1, 2));
    const silence = await talk(wish(2, 1));
    await expect.poll(() => one.bfd.sessions.map(({ detectionTime }) => detectionTime), SOON).toEqual([150]);
    expect(one.states).toEqual(['Up']);
    silence();
    await expect.poll(() => one.states, SOON).toEqual(['Down']);
    const text = `BFD has heard nothing from ${address(2)} for 150 ms`;
    await expect.poll(() => one.inputs, SOON).toEqual(['a', 'b'].map((peer) => ({ type: 'bfdDown', peer, text })));
    expect(one.facts.filter((fact) => fact.type === 'bfdStateChanged' && fact.to === 'Down')).toEqual(
      ['a', 'b'].map((peer) => ({
        ...{ type: 'bfdStateChanged', peer, address: address(2), from: 'Up', to: 'Down' },
        text: 'Control Detection Time Expired',
      })),
    );
  });

  it('tries again what it cannot open, and says why', { timeout: TIMEOUT }, async () => {
    const end = newEnd();
    end.bfd.watch('peer', { ...wish(1, 2), local: '192.0.2.254' });
    await expect
      .poll(() => end.bfd.sessions, SOON)
      .toMatchObject([{ state: 'Down', trouble: '192.0.2.254 is not an address of this machine' }]);
    expect(end.facts).toContainEqual({
      type: 'bfdTrouble',
      peer: 'peer',
      text: '192.0.2.254 is not an address of this machine',
    });
  });

  it('has no thread where nobody is watched', async () => {
    const end = newEnd();
    end.bfd.watch('peer', undefined);
    await new Promise((resolve) => setImmediate(resolve));
    expect(end.bfd.isRunning).toBe(false);
    await end.bfd.stop();
  });
});
