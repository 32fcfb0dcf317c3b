// Random lives of a peer, against a model that knows only which connections there are.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  decodeAttributeSet,
  encodeEndOfRib,
  encodeNotification,
  encodeOpen,
  encodeRouteRefresh,
  HEADER_LENGTH,
  KEEPALIVE,
  MESSAGE_TYPE,
} from '../wire/index.ts';
import { peerConfig } from './config.ts';
import { openFor } from './negotiate.ts';
import { Peer } from './peer.ts';
import type { ConnectionId, PeerConfig, PeerInput, PeerOutput, PeerState } from './types.ts';

const gracefulRestart = { restartTime: 120, restarted: false, notification: true, forwarding: [] };
const CONFIG = peerConfig({ localAs: 64512, remoteAs: 64513, bgpIdentifier: 5, gracefulRestart });
const remote = (changes: Partial<PeerConfig>) =>
  encodeOpen(openFor({ ...peerConfig({ localAs: 64513, remoteAs: 64512, bgpIdentifier: 9 }), ...changes }));

const NOTIFICATION = encodeNotification({ code: 6, subcode: 4, data: Uint8Array.of(1) });

const join = (...messages: Uint8Array[]) => Uint8Array.from(messages.flatMap((octets) => [...octets]));

const MESSAGES: readonly Uint8Array[] = [
  join(remote({}), KEEPALIVE),
  join(remote({ gracefulRestart }), KEEPALIVE),
  join(remote({ bgpIdentifier: 1 }), KEEPALIVE),
  remote({}),
  remote({}),
  remote({ bgpIdentifier: 1 }),
  remote({ gracefulRestart }),
  remote({ holdTime: 0 }),
  remote({ localAs: 1 }),
  KEEPALIVE,
  KEEPALIVE,
  KEEPALIVE,
  encodeEndOfRib('ipv4'),
  encodeEndOfRib('ipv6'),
  encodeRouteRefresh({ type: 'routeRefresh', afi: 1, safi: 1, subtype: 0 }),
  NOTIFICATION,
  encodeNotification({ code: 3, subcode: 1, data: new Uint8Array() }),
  Uint8Array.from(Array(30).fill(0xff)),
  Uint8Array.of(1, 2, 3),
];

/** A step of a life. `pick` chooses among the connections that there are; -1 names one that never was. */
type Step =
  | { readonly do: 'input'; readonly input: PeerInput }
  | { readonly do: 'connected' | 'disconnected'; readonly pick: number }
  | { readonly do: 'accepted' }
  | { readonly do: 'read'; readonly pick: number; readonly messages: readonly number[]; readonly cut: number }
  | { readonly do: 'progress'; readonly pick: number; readonly waiting: number }
  | { readonly do: 'wait'; readonly milliseconds: number };

const pick = fc.constantFrom(0, 0, 0, 0, 1, 1, 1, -1);
const message = fc.nat({ max: MESSAGES.length - 1 });

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Step>({ do: 'input', input: { type: 'start' } }) },
  {
    weight: 1,
    arbitrary: fc
      .record({ subcode: fc.constantFrom(2, 4, 9), silent: fc.boolean() })
      .map((stop): Step => ({ do: 'input', input: { type: 'stop', text: 'x', ...stop } })),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({ passive: fc.boolean(), connectDelayTime: fc.constantFrom(0, 2), keepaliveTime: fc.constantFrom(5, 30) })
      .map((changes): Step => ({ do: 'input', input: { type: 'reconfigure', config: { ...CONFIG, ...changes } } })),
  },
  { weight: 5, arbitrary: pick.map((chosen): Step => ({ do: 'connected', pick: chosen })) },
  { weight: 2, arbitrary: pick.map((chosen): Step => ({ do: 'disconnected', pick: chosen })) },
  { weight: 4, arbitrary: fc.constant<Step>({ do: 'accepted' }) },
  {
    weight: 12,
    arbitrary: fc
      .record({
        pick,
        messages: fc.array(message, { minLength: 1, maxLength: 3 }),
        cut: fc.constantFrom(0, 0, 0, 7, 19, 30),
      })
      .map((read): Step => ({ do: 'read', ...read })),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ pick, waiting: fc.constantFrom(0, 1000) })
      .map((progress): Step => ({ do: 'progress', ...progress })),
  },
  {
    weight: 5,
    arbitrary: fc
      .constantFrom(0, 1, 999, 5000, 30_000, 100_000, 700_000)
      .map((milliseconds): Step => ({ do: 'wait', milliseconds })),
  },
);

/** What must hold whatever happens; knows the outputs so far, nothing of the peer's insides. */
class Watch {
  readonly open = new Set<ConnectionId>();
  #state: PeerState = 'Idle';
  #isEstablished = false;

  see(output: PeerOutput): void {
    switch (output.type) {
      case 'connect':
        expect(this.open.has(output.connection)).toBe(false);
        this.open.add(output.connection);
        break;
      case 'close':
        expect(this.open.delete(output.connection)).toBe(true);
        break;
      case 'send':
        expect(this.open.has(output.connection)).toBe(true);
        break;
      case 'stateChanged':
        expect(output.from).toBe(this.#state);
        expect(output.to).not.toBe(output.from);
        this.#state = output.to;
        break;
      case 'established':
        expect(this.#isEstablished).toBe(false);
        this.#isEstablished = true;
        break;
      case 'down':
        if (output.wasEstablished) {
          expect(this.#isEstablished).toBe(true);
          this.#isEstablished = false;
        }
        break;
      case 'update':
      case 'routeRefresh':
        expect(this.#isEstablished).toBe(true);
        break;
    }
  }

  check(peer: Peer): void {
    expect(peer.state).toBe(this.#state);
    expect(peer.state === 'Established').toBe(this.#isEstablished);
    expect(new Set(peer.connections)).toEqual(this.open);
    expect(this.open.size).toBeLessThanOrEqual(2);
  }
}

const isNotificationOn = (output: PeerOutput, connection: ConnectionId) =>
  output.type === 'send' &&
  output.connection === connection &&
  output.bytes[HEADER_LENGTH - 1] === MESSAGE_TYPE.NOTIFICATION;

const isReceived = (output: PeerOutput) => output.type === 'down' && output.reason.type === 'notificationReceived';

function live(steps: readonly Step[]): void {
  let ids = 0;
  let now = 0;
  const peer = new Peer(CONFIG, {
    nextConnection: () => ++ids,
    random: () => 0.5,
    attributeSource: decodeAttributeSet,
  });
  const watch = new Watch();
  const give = (input: PeerInput): PeerOutput[] => {
    const outputs = peer.handle(input, now);
    for (const output of outputs) watch.see(output);
    watch.check(peer);
    return outputs;
  };
  const choose = (chosen: number) => [...watch.open][chosen] ?? 999_999;
  give({ type: 'start' });
  for (const step of steps) {
    switch (step.do) {
      case 'input':
        give(step.input);
        break;
      case 'connected':
        give({ type: 'connected', connection: choose(step.pick) });
        break;
      case 'disconnected': {
        const connection = choose(step.pick);
        watch.open.delete(connection);
        give({ type: 'disconnected', connection, reason: 'reset' });
        break;
      }
      case 'accepted': {
        const connection = ++ids;
        watch.open.add(connection);
        give({ type: 'accepted', connection });
        break;
      }
      case 'read': {
        const connection = choose(step.pick);
        const stream = Uint8Array.from(step.messages.flatMap((index) => [...MESSAGES[index]!]));
        const outputs = [
          ...give({ type: 'bytes', connection, chunk: stream.slice(0, step.cut) }),
          ...give({ type: 'bytes', connection, chunk: stream.slice(step.cut) }),
        ];
        if (outputs.some(isReceived))
          expect(outputs.filter((output) => isNotificationOn(output, connection))).toEqual([]);
        break;
      }
      case 'progress':
        give({ type: 'sendProgress', connection: choose(step.pick), waiting: step.waiting });
        break;
      case 'wait':
        now += step.milliseconds;
        give({ type: 'tick' });
        expect(peer.nextDeadline() ?? Number.POSITIVE_INFINITY).toBeGreaterThan(now);
        break;
    }
  }
  give({ type: 'stop', subcode: 2 });
  expect([peer.state, [...watch.open], peer.nextDeadline()]).toEqual(['Idle', [], undefined]);
}

it('never throws, leaks no connection, answers no NOTIFICATION, and leaves no timer in the past', () => {
  fc.assert(fc.property(fc.array(anyStep, { minLength: 1, maxLength: 80, size: 'max' }), live), { numRuns: 1000 });
});
