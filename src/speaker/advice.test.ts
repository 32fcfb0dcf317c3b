import { CEASE, type DownReason, ERROR, OPEN_ERROR } from 'node-bgp';
import { describe, expect, it } from 'vitest';
import type { PeerIntent } from '../intent/types.ts';
import { policy } from '../policy/index.ts';
import { advise, type Stage } from './advice.ts';
import { SpeakerPeer } from './peer.ts';

const ACCEPT = policy('accept', 'accept', []);
const PEER: PeerIntent = {
  name: 'Global_10_0_0_3',
  kind: 'global',
  description: '',
  origin: ['BGPPeer tor'],
  families: ['ipv4'],
  address: '10.0.0.3',
  port: 179,
  remoteAs: 65001,
  localAs: 64512,
  localAddress: '10.0.0.1',
  passive: false,
  holdTime: 90,
  restartTime: 120,
  allowedLocalAs: 0,
  nextHopMode: 'auto',
  routeReflectorClient: false,
  addPath: 'off',
  importPolicy: ACCEPT,
  exportPolicy: ACCEPT,
};

const received = (code: number, subcode = 0, ...data: number[]): DownReason => ({
  type: 'notificationReceived',
  message: { type: 'notification', code, subcode, data: Uint8Array.from(data) },
  text: '',
});
const sent = (code: number, subcode = 0, ...data: number[]): DownReason => ({
  type: 'notificationSent',
  fault: { code, subcode, data: Uint8Array.from(data), text: '' },
});
const LOST: DownReason = { type: 'connectionLost', text: 'gone' };

const REFUSES = '10.0.0.3 answers on 179 but refuses our AS 64512';
const CASES: readonly [string, DownReason, Stage, string | undefined][] = [
  [
    'our AS is refused, and the peer says which it wants',
    received(ERROR.OPEN, OPEN_ERROR.BAD_PEER_AS, 0, 0, 252, 1),
    'OpenSent',
    `${REFUSES}: it expects 64513; change it there, or ours (BGPPeer tor)`,
  ],
  [
    'our AS is refused and repeated',
    received(ERROR.OPEN, OPEN_ERROR.BAD_PEER_AS, 252, 0),
    'OpenSent',
    `${REFUSES}: it expects another one; change it there, or ours (BGPPeer tor)`,
  ],
  [
    'our AS is refused without a word more',
    received(ERROR.OPEN, OPEN_ERROR.BAD_PEER_AS),
    'OpenSent',
    `${REFUSES}: it expects another one; change it there, or ours (BGPPeer tor)`,
  ],
  [
    'we refuse its AS',
    sent(ERROR.OPEN, OPEN_ERROR.BAD_PEER_AS, 0, 0, 253, 234),
    'OpenSent',
    '10.0.0.3 is AS 65002, but AS 65001 is expected (BGPPeer tor): change it here or there',
  ],
  [
    'we are none of its neighbours, said',
    received(ERROR.CEASE, CEASE.CONNECTION_REJECTED),
    'OpenSent',
    '10.0.0.3 runs BGP, but has no neighbour 10.0.0.1 of AS 64512: configure it there',
  ],
  [
    'we are none of its neighbours, unsaid',
    LOST,
    'OpenSent',
    '10.0.0.3 accepts connections on 179 and closes them without a word: most likely it has no neighbour 10.0.0.1 of AS 64512, or has disabled it',
  ],
  [
    'nobody answers',
    LOST,
    'Connect',
    'look whether the router of 10.0.0.3 runs and listens on 179, and whether a firewall stands between',
  ],
  [
    'the session breaks',
    LOST,
    'Established',
    '10.0.0.3 said nothing about it: its process ended or was restarted, or something on the way broke the connection',
  ],
  ['the connection ends later in the opening', LOST, 'OpenConfirm', undefined],
  [
    'an administrator',
    received(ERROR.CEASE, CEASE.ADMINISTRATIVE_SHUTDOWN),
    'Established',
    'somebody has shut this session down at 10.0.0.3, and has to switch it on again there',
  ],
  [
    'an UPDATE that the peer cannot read, whatever is wrong with it',
    received(ERROR.UPDATE, 11),
    'Established',
    '10.0.0.3 cannot read what we sent: please report it, with the file that caracal bundle writes',
  ],
  [
    'an UPDATE that we cannot read',
    sent(ERROR.UPDATE, 1),
    'Established',
    '10.0.0.3 has sent what no router can read: its maker needs the message (caracal events)',
  ],
  [
    'silence',
    sent(ERROR.HOLD_TIMER_EXPIRED),
    'Established',
    '10.0.0.3 fell silent: its router stands still, or the way to it is cut or drops long packets (MTU)',
  ],
  [
    'its hold timer',
    received(ERROR.HOLD_TIMER_EXPIRED),
    'Established',
    '10.0.0.3 has not heard us for its hold time: long packets may get lost on the way (MTU), or this host stood still',
  ],
  ['a code that nobody knows', received(99), 'Established', undefined],
  ['our own stop', { type: 'stopped', text: '' }, 'Established', undefined],
];

describe('what would help', () => {
  it.each(CASES)('where %s', (_, reason, stage, expected) => {
    expect(advise(reason, PEER, stage)).toBe(expected);
  });

  it('names a password that may be wrong, and never the password', () => {
    const text = advise(LOST, { ...PEER, password: 'very secret' }, 'Connect');
    expect(text).toMatch(/^a wrong password looks like this too: compare it at both ends/);
    expect(text).not.toContain('very secret');
  });

  it('has no secrets and no holes in any of its sentences', () => {
    const peer = { ...PEER, password: 'very secret' };
    const { localAddress: _, ...anywhere } = { ...peer, origin: [] };
    for (const intent of [peer, anywhere]) {
      for (let code = 0; code < 10; code++) {
        for (let subcode = 0; subcode < 12; subcode++) {
          for (const reason of [received(code, subcode), sent(code, subcode, 1, 2)]) {
            expect(advise(reason, intent, 'Established') ?? '').not.toMatch(/very secret|undefined|NaN|\[object/);
          }
        }
      }
    }
  });
});

describe('the last error of a peer', () => {
  const circumstances = { restarted: false, forwarding: false, connectRetryTime: 1 };
  const attributeSource = () => {
    throw new Error('there are no UPDATEs here');
  };
  const make = () =>
    new SpeakerPeer(PEER, 1, circumstances, { nextConnection: () => 1, random: () => 0, attributeSource }, 0);

  it('has the message that led to it, or the beginning of a long one', () => {
    const peer = make();
    const reason = received(ERROR.CEASE, CEASE.ADMINISTRATIVE_RESET);
    peer.noteDown({ type: 'down', reason, wasEstablished: true, message: Uint8Array.of(255, 6, 4) }, 7);
    expect(peer.lastError).toEqual({
      at: 7,
      text: 'received Cease/Administrative Reset',
      direction: 'received',
      code: 6,
      subcode: 4,
      help: 'nothing to be done: the session comes back by itself',
      message: 'ff0604',
    });
    peer.noteDown({ type: 'down', reason, wasEstablished: true, message: new Uint8Array(4096) }, 8);
    expect(peer.lastError?.message).toHaveLength(1024);
  });
});
