import { describe, expect, it } from 'vitest';
import {
  CEASE,
  decodeAttributeSet,
  ERROR,
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
import type { PeerConfig, PeerInput, PeerOutput } from './types.ts';

const CONFIG = peerConfig({ localAs: 64512, remoteAs: 64513, bgpIdentifier: 5 });
const REMOTE = peerConfig({ localAs: 64513, remoteAs: 64512, bgpIdentifier: 9 });
const OPEN = encodeOpen(openFor(REMOTE));
const END_OF_RIB = encodeEndOfRib('ipv4');

const concat = (...chunks: Uint8Array[]) => Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));

/** A peer with a clock that stands until it is moved; outgoing attempts are 101, 102 ... */
function newPeer(changes: Partial<PeerConfig> = {}) {
  let attempts = 100;
  const peer = new Peer(
    { ...CONFIG, ...changes },
    { nextConnection: () => ++attempts, random: () => 0.999999, attributeSource: decodeAttributeSet },
  );
  let now = 0;
  const give = (input: PeerInput) => peer.handle(input, now);
  return {
    peer,
    give,
    read: (connection: number, ...messages: Uint8Array[]) =>
      give({ type: 'bytes', connection, chunk: concat(...messages) }),
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

/** Up to Established on connection 101, or a state on the way there. */
function dialled(state: 'OpenSent' | 'OpenConfirm' | 'Established', changes: Partial<PeerConfig> = {}) {
  const made = newPeer(changes);
  made.give({ type: 'start' });
  made.give({ type: 'connected', connection: 101 });
  if (state !== 'OpenSent') made.read(101, OPEN);
  if (state === 'Established') made.read(101, KEEPALIVE);
  expect(made.peer.state).toBe(state);
  return made;
}

/** Outputs in short: what happened on which connection. */
function words(outputs: PeerOutput[]): string[] {
  return outputs.map((output) => {
    switch (output.type) {
      case 'send': {
        const type = output.bytes[HEADER_LENGTH - 1];
        if (type !== MESSAGE_TYPE.NOTIFICATION) return `send ${type} on ${output.connection}`;
        return `notify ${output.bytes.slice(HEADER_LENGTH).join('/')} on ${output.connection}`;
      }
      case 'stateChanged':
        return `${output.from} -> ${output.to}`;
      case 'down':
        return `down ${output.reason.type}${output.wasEstablished ? ', was established' : ''}`;
      case 'connect':
      case 'close':
      case 'established':
        return `${output.type} ${output.connection}`;
      default:
        return output.type;
    }
  });
}

describe('a session', () => {
  it('goes from start to Established with one OPEN and one KEEPALIVE of ours', () => {
    const { give, read } = newPeer();
    expect(words(give({ type: 'start' }))).toEqual(['Idle -> Connect', 'connect 101']);
    expect(words(give({ type: 'connected', connection: 101 }))).toEqual(['Connect -> OpenSent', 'send 1 on 101']);
    expect(words(read(101, OPEN))).toEqual(['OpenSent -> OpenConfirm', 'send 4 on 101']);
    expect(words(read(101, KEEPALIVE))).toEqual(['OpenConfirm -> Established', 'established 101']);
  });

  it('reads OPEN, KEEPALIVE and UPDATEs that come in one chunk, in order', () => {
    const { read } = dialled('OpenSent');
    expect(words(read(101, OPEN, KEEPALIVE, END_OF_RIB, KEEPALIVE, END_OF_RIB))).toEqual([
      'OpenSent -> OpenConfirm',
      'send 4 on 101',
      'OpenConfirm -> Established',
      'established 101',
      'update',
      'update',
    ]);
  });

  it('does the same wherever the stream is split', () => {
    const stream = concat(OPEN, KEEPALIVE, END_OF_RIB);
    const whole = words(dialled('OpenSent').read(101, stream));
    for (let at = 1; at < stream.length; at++) {
      const { read } = dialled('OpenSent');
      expect(words([...read(101, stream.subarray(0, at)), ...read(101, stream.subarray(at))])).toEqual(whole);
    }
  });

  it('gives every UPDATE of a chunk, counts them, and re-arms the hold timer', () => {
    const { peer, read, pass } = dialled('Established');
    pass(10_000);
    const outputs = read(101, ...Array<Uint8Array>(500).fill(END_OF_RIB));
    expect(outputs).toHaveLength(500);
    expect(outputs[0]).toMatchObject({ type: 'update', message: { endOfRib: 'ipv4' } });
    expect(peer.statistics.in).toEqual({ open: 1, update: 500, notification: 0, keepalive: 1, routeRefresh: 0 });
    expect(peer.timers.get('hold')).toBe(100_000);
  });

  it('gives the UPDATEs before a malformed one, and nothing after it', () => {
    const { read } = dialled('Established');
    const malformed = END_OF_RIB.slice();
    malformed[HEADER_LENGTH] = 0xff;
    expect(words(read(101, END_OF_RIB, malformed, END_OF_RIB, KEEPALIVE))).toEqual([
      'update',
      'Established -> Idle',
      'notify 3/1 on 101',
      'close 101',
      'down notificationSent, was established',
    ]);
  });

  it('passes a ROUTE-REFRESH on for a family that was offered only', () => {
    const { read } = dialled('Established');
    const refresh = (afi: number) => encodeRouteRefresh({ type: 'routeRefresh', afi, safi: 1, subtype: 0 });
    expect(read(101, refresh(1), refresh(2))).toEqual([
      { type: 'routeRefresh', message: { type: 'routeRefresh', afi: 1, safi: 1, subtype: 0 } },
    ]);
  });

  it('ignores what concerns connections that are not its own', () => {
    const { give, peer } = dialled('Established');
    for (const input of [
      { type: 'connected', connection: 7 },
      { type: 'disconnected', connection: 7, reason: '' },
      { type: 'bytes', connection: 7, chunk: OPEN },
      { type: 'sendProgress', connection: 7, waiting: 1 },
      { type: 'connected', connection: 101 },
      { type: 'accepted', connection: 101 },
      { type: 'start' },
    ] as const) {
      expect(give(input)).toEqual([]);
    }
    expect(peer.connections).toEqual([101]);
  });
});

describe('a NOTIFICATION', () => {
  const notification = encodeNotification({ code: 5, subcode: 1, data: Uint8Array.of(4) });

  it.each(['OpenSent', 'OpenConfirm', 'Established'] as const)('in %s is never answered with one', (state) => {
    const { read } = dialled(state);
    const outputs = read(101, notification, KEEPALIVE, notification);
    expect(words(outputs)).toEqual([
      `${state} -> Idle`,
      'close 101',
      `down notificationReceived${state === 'Established' ? ', was established' : ''}`,
    ]);
  });

  it('keeps its data, also a single octet, after the bytes it came in are gone', () => {
    const { give } = dialled('Established');
    const chunk = notification.slice();
    const outputs = give({ type: 'bytes', connection: 101, chunk });
    chunk.fill(0);
    const [down] = outputs.filter((output) => output.type === 'down');
    expect(down?.reason).toEqual({
      type: 'notificationReceived',
      message: { type: 'notification', code: 5, subcode: 1, data: Uint8Array.of(4) },
      text: expect.stringContaining('Unexpected Message in OpenSent'),
    });
  });

  it('that says goodbye lets us dial again after the connect delay, not after a pause for errors', () => {
    const { give, read, peer } = dialled('Established');
    give({ type: 'reconfigure', config: { ...CONFIG, connectDelayTime: 2 } });
    const cease = encodeNotification({
      code: ERROR.CEASE,
      subcode: CEASE.ADMINISTRATIVE_RESET,
      data: new Uint8Array(),
    });
    // The reason is told before the peer waits for its next attempt.
    expect(words(read(101, cease))).toEqual([
      'Established -> Idle',
      'close 101',
      'down notificationReceived, was established',
      'Idle -> Active',
    ]);
    expect([...peer.timers.keys()]).toEqual(['connectRetry']);
    expect(Math.round(peer.nextDeadline()!)).toBe(2000);
  });
});

describe('a collision', () => {
  // Ours is identifier 5: against 9 the peer's connection wins, against 1 our own.
  const against = (bgpIdentifier: number) => encodeOpen(openFor({ ...REMOTE, bgpIdentifier }));

  it.each([
    ['ours has the OPEN first, theirs wins', 9, [101, 1], ['notify 6/7 on 101', 'close 101', 'send 4 on 1']],
    ['theirs has the OPEN first, theirs wins', 9, [1, 101], ['notify 6/7 on 101', 'close 101']],
    ['ours has the OPEN first, ours wins', 1, [101, 1], ['notify 6/7 on 1', 'close 1']],
    ['theirs has the OPEN first, ours wins', 1, [1, 101], ['notify 6/7 on 1', 'close 1', 'send 4 on 101']],
  ] as const)('is settled by the identifiers: %s', (_, identifier, [first, second], expected) => {
    const { give, read, peer } = dialled('OpenSent');
    give({ type: 'accepted', connection: 1 });
    expect(peer.connections).toEqual([101, 1]);
    expect(words(read(first, against(identifier)))).toEqual(['OpenSent -> OpenConfirm', `send 4 on ${first}`]);
    const settled = words(read(second, against(identifier))).filter((word) => !word.includes('->'));
    expect(settled).toEqual(expected);
    const survivor = identifier === 9 ? 1 : 101;
    expect([peer.state, peer.connections]).toEqual(['OpenConfirm', [survivor]]);
    expect(words(read(survivor, KEEPALIVE))).toEqual(['OpenConfirm -> Established', `established ${survivor}`]);
  });

  it('with an attempt that has no answer yet drops the attempt without a word', () => {
    const { give, read, peer } = newPeer();
    give({ type: 'start' });
    expect(words(give({ type: 'accepted', connection: 1 }))).toEqual(['Connect -> OpenSent', 'send 1 on 1']);
    expect(words(read(1, OPEN))).toEqual(['close 101', 'OpenSent -> OpenConfirm', 'send 4 on 1']);
    expect(give({ type: 'connected', connection: 101 })).toEqual([]);
    expect(peer.connections).toEqual([1]);
  });

  it('with an Established session closes the new connection', () => {
    const { give, read, pass, peer } = dialled('Established');
    pass(60_000);
    expect(words(give({ type: 'accepted', connection: 1 }))).toEqual(['send 1 on 1']);
    expect(words(read(1, OPEN))).toEqual(['notify 6/7 on 1', 'close 1']);
    expect([peer.state, peer.connections]).toEqual(['Established', [101]]);
  });

  it('with an Established session of a peer with graceful restart closes the old one without a word', () => {
    const gracefulRestart = { restartTime: 120, restarted: false, notification: false, forwarding: [] };
    const open = encodeOpen(openFor({ ...REMOTE, gracefulRestart }));
    const { give, read, pass, peer } = dialled('OpenSent', { gracefulRestart });
    read(101, open, KEEPALIVE);
    pass(60_000);
    give({ type: 'accepted', connection: 1 });
    expect(words(read(1, open))).toEqual([
      'Established -> OpenSent',
      'close 101',
      'down connectionLost, was established',
      'OpenSent -> OpenConfirm',
      'send 4 on 1',
    ]);
    expect(words(read(1, KEEPALIVE))).toEqual(['OpenConfirm -> Established', 'established 1']);
    expect(peer.connections).toEqual([1]);
  });

  it('that the peer settles leaves the other connection alone', () => {
    const { give, read, peer } = dialled('OpenConfirm');
    give({ type: 'accepted', connection: 1 });
    const collision = encodeNotification({ code: 6, subcode: 7, data: new Uint8Array() });
    expect(words(read(101, collision))).toEqual(['OpenConfirm -> OpenSent', 'close 101']);
    expect([peer.state, peer.connections]).toEqual(['OpenSent', [1]]);
    expect(words(read(1, OPEN, KEEPALIVE)).at(-1)).toBe('established 1');
  });

  it('of three connections gives up the one that never sent an OPEN, and refuses the third otherwise', () => {
    const { give, read, peer } = dialled('Established');
    give({ type: 'accepted', connection: 1 });
    expect(words(give({ type: 'accepted', connection: 2 }))).toEqual(['close 1', 'send 1 on 2']);
    expect(peer.connections).toEqual([101, 2]);
    const other = newPeer();
    other.give({ type: 'start' });
    other.give({ type: 'accepted', connection: 1 });
    other.read(1, OPEN);
    other.give({ type: 'accepted', connection: 2 });
    other.read(2, OPEN);
    expect(other.peer.connections).toEqual([2]);
    expect(words(read(2, KEEPALIVE))).toEqual(['notify 5/1/4 on 2', 'close 2']);
  });
});

describe('down', () => {
  it('is told once when a peer with two connections is stopped', () => {
    const { give, peer } = dialled('OpenConfirm');
    give({ type: 'accepted', connection: 1 });
    expect(words(give({ type: 'stop', subcode: CEASE.PEER_DE_CONFIGURED }))).toEqual([
      'notify 6/3 on 1',
      'close 1',
      'OpenConfirm -> Idle',
      'notify 6/3 on 101',
      'close 101',
      'down stopped',
    ]);
    expect([peer.connections, peer.nextDeadline()]).toEqual([[], undefined]);
    expect(give({ type: 'stop', subcode: CEASE.PEER_DE_CONFIGURED })).toEqual([]);
  });

  it('by an automatic stop closes all connections and tries the peer again after a pause', () => {
    const { give, peer } = dialled('OpenConfirm');
    give({ type: 'accepted', connection: 1 });
    const stop: PeerInput = { type: 'automaticStop', subcode: CEASE.BFD_DOWN, text: 'nothing heard' };
    expect(words(give(stop))).toEqual([
      'notify 6/10 on 1',
      'close 1',
      'OpenConfirm -> Idle',
      'notify 6/10 on 101',
      'close 101',
      'down notificationSent',
    ]);
    expect([...peer.timers.keys()]).toEqual(['idleHold']);
    expect(give(stop)).toEqual([]);
  });

  it('is told for an incoming connection that fails while our own attempt is still without an answer', () => {
    const { give, read, peer } = newPeer();
    give({ type: 'start' });
    give({ type: 'accepted', connection: 1 });
    const wrong = encodeOpen(openFor({ ...REMOTE, localAs: 64999 }));
    expect(words(read(1, wrong))).toEqual([
      'OpenSent -> Connect',
      'notify 2/2/0/0/253/231 on 1',
      'close 1',
      'down notificationSent',
      'Connect -> Idle',
      'close 101',
    ]);
    expect([...peer.timers.keys()]).toEqual(['idleHold']);
  });

  it('is not told, and the attempt goes on, where that incoming connection was merely lost', () => {
    const { give, peer } = newPeer();
    give({ type: 'start' });
    give({ type: 'accepted', connection: 1 });
    expect(words(give({ type: 'disconnected', connection: 1, reason: 'reset' }))).toEqual([
      'OpenSent -> Connect',
      'down connectionLost',
    ]);
    expect(peer.connections).toEqual([101]);
  });
});

describe('timers', () => {
  it('expire the hold timer exactly, with 4 minutes in OpenSent', () => {
    const { give, pass, peer } = dialled('OpenSent');
    expect(peer.nextDeadline()).toBe(240_000);
    pass(239_999);
    expect(give({ type: 'tick' })).toEqual([]);
    pass(1);
    expect(words(give({ type: 'tick' }))).toEqual([
      'OpenSent -> Idle',
      'notify 4/0 on 101',
      'close 101',
      'down notificationSent',
    ]);
  });

  it('never expire in a session with hold time 0', () => {
    const { give, pass, peer } = dialled('Established', { holdTime: 0 });
    expect(peer.nextDeadline()).toBeUndefined();
    pass(365 * 24 * 3_600_000);
    expect(give({ type: 'tick' })).toEqual([]);
    expect(peer.state).toBe('Established');
  });

  it('run the send hold timer only while something waits', () => {
    const { give, peer } = dialled('Established');
    const progress = (waiting: number) => give({ type: 'sendProgress', connection: 101, waiting });
    expect(peer.timers.has('sendHold')).toBe(false);
    progress(100);
    expect(peer.timers.get('sendHold')).toBe(480_000);
    progress(0);
    expect(peer.timers.has('sendHold')).toBe(false);
  });

  it('keep a peer with an error in Idle, where it refuses connections, and let a start end the pause', () => {
    const { give, read, peer } = dialled('OpenSent');
    read(101, KEEPALIVE);
    expect(peer.state).toBe('Idle');
    expect(words(give({ type: 'accepted', connection: 1 }))).toEqual(['close 1']);
    expect(words(give({ type: 'start' }))).toEqual(['Idle -> Connect', 'connect 102']);
  });
});

describe('a change of the configuration', () => {
  it('of our keepalive time goes on in the same session', () => {
    const { give, peer, pass } = dialled('Established');
    pass(1000);
    expect(give({ type: 'reconfigure', config: { ...CONFIG, keepaliveTime: 10 } })).toEqual([]);
    expect(Math.round(peer.timers.get('keepalive')!)).toBe(11_000);
    expect(peer.negotiated?.keepaliveTime).toBe(10);
  });

  it('to passive gives up an attempt, and back dials again', () => {
    const { give, peer } = newPeer();
    give({ type: 'start' });
    expect(words(give({ type: 'reconfigure', config: { ...CONFIG, passive: true } }))).toEqual([
      'Connect -> Active',
      'close 101',
      'down connectionLost',
    ]);
    expect(peer.nextDeadline()).toBeUndefined();
    give({ type: 'reconfigure', config: CONFIG });
    expect([...peer.timers.keys()]).toEqual(['connectRetry']);
  });
});

describe('the end of a session brings the message that led to it', () => {
  const UPDATE_WITHOUT_LENGTHS = concat(KEEPALIVE.slice(0, 16), Uint8Array.of(0, 23, MESSAGE_TYPE.UPDATE, 0, 9, 0, 0));
  const WITHOUT_MARKER = KEEPALIVE.map((octet, index) => (index === 3 ? 0 : octet));

  it.each([
    [
      'a NOTIFICATION',
      encodeNotification({ code: ERROR.CEASE, subcode: CEASE.PEER_DE_CONFIGURED, data: new Uint8Array() }),
    ],
    ['an UPDATE that cannot be read', UPDATE_WITHOUT_LENGTHS],
    ['a header that is none', WITHOUT_MARKER],
    ['a message that has no place here', OPEN],
  ])('%s', (_, message) => {
    const { read } = dialled('Established');
    const downs = read(101, KEEPALIVE, message).filter(({ type }) => type === 'down');
    expect(downs).toMatchObject([{ type: 'down', wasEstablished: true, message }]);
  });

  it('and none where a timer or the connection ended it', () => {
    const { give, pass, read } = dialled('Established');
    read(101, KEEPALIVE);
    pass(CONFIG.holdTime * 1000);
    const ends = give({ type: 'tick' }).filter(({ type }) => type === 'down');
    expect(ends).toHaveLength(1);
    expect(ends[0]).not.toHaveProperty('message');
  });
});
