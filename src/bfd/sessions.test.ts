// Two ends in simulated time, and whose packet is whose.

import { describe, expect, test } from 'vitest';
import type { BfdIntent } from '../intent/types.ts';
import { Path, SETTINGS } from './bfd.fixture.ts';
import { type BfdPacket, encodePacket } from './packet.ts';
import { type Arrival, type BfdEffect, BfdSessions } from './sessions.ts';
import { type BfdWish, sessionKey } from './types.ts';

describe('two ends', () => {
  test('find each other within two seconds, agree on their intervals, and stay up', () => {
    const path = new Path({ minTransmit: 50, minReceive: 100 }, { minTransmit: 300, minReceive: 200, multiplier: 5 });
    path.start().run(2500);
    expect([path.left.state, path.right.state]).toEqual(['Up', 'Up']);
    expect(path.left.report).toMatchObject({ transmitInterval: 200, detectionTime: 1500, diagnostic: 0 });
    expect(path.right.report).toMatchObject({ transmitInterval: 300, detectionTime: 600, diagnostic: 0 });
    path.run(60_000);
    expect([path.left.history, path.right.history].map((history) => history.at(-1))).toEqual(['Up', 'Up']);
    expect(
      path.left.reports.every(({ state }, i, all) => i === 0 || all[i - 1]!.state !== 'Up' || state === 'Up'),
    ).toBe(true);
  });

  test.each<[string, { toLeft: boolean; toRight: boolean }]>([
    ['both ways', { toLeft: true, toRight: true }],
    ['to one side', { toLeft: true, toRight: false }],
  ])('notice a path that is cut %s within three intervals, and come back when it is mended', (_, cut) => {
    const path = new Path().start();
    path.run(5000);
    path.cut = cut;
    const at = path.now;
    path.run(300);
    expect(path.left.state).toBe('Down');
    expect(path.left.report.since - at).toBeLessThanOrEqual(300);
    path.run(1);
    // The other side hears of it, or finds out by itself as soon.
    expect(path.right.state).not.toBe('Up');
    expect(path.left.report.diagnostic).toBe(1);
    path.cut = { toLeft: false, toRight: false };
    path.run(4000);
    expect([path.left.state, path.right.state]).toEqual(['Up', 'Up']);
  });

  test('do not lose each other by single losses', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const path = new Path({ multiplier: 10 }, { multiplier: 10 }, seed);
      path.loss = 0.1;
      path.start().run(20_000);
      const ups = path.right.history.filter((state) => state === 'Up').length;
      expect([seed, path.right.state, ups]).toEqual([seed, 'Up', 1]);
    }
  });

  test.each(['simple', 'md5', 'meticulousMd5', 'sha1', 'meticulousSha1'] as const)(
    'come up with authentication %s, across a loss, and not with different keys',
    (type) => {
      const secured = (password: string): Partial<BfdIntent> => ({
        authentication: { type, keyId: 1, password },
      });
      const path = new Path(secured('one')).start();
      path.run(3000);
      path.cutBoth();
      path.run(5000);
      path.cutBoth(false);
      path.run(4000);
      expect([path.left.state, path.right.state]).toEqual(['Up', 'Up']);
      const strangers = new Path(secured('one'), secured('two')).start();
      strangers.run(5000);
      expect([strangers.left.state, strangers.right.state]).toEqual(['Down', 'Down']);
    },
  );

  test('change their intervals without going down', () => {
    const path = new Path().start();
    path.run(3000);
    path.want(path.left, { ...SETTINGS, minTransmit: 500, minReceive: 500, multiplier: 4 });
    path.run(5000);
    expect(path.left.report).toMatchObject({ state: 'Up', transmitInterval: 500, detectionTime: 1500 });
    expect(path.right.report).toMatchObject({ state: 'Up', transmitInterval: 500, detectionTime: 2000 });
    expect(path.right.history.filter((state) => state === 'Up')).toHaveLength(1);
  });

  test('that end on purpose say so, for as long as the other would take to find out', () => {
    const path = new Path().start();
    path.run(3000);
    path.stop(path.left);
    path.run(100);
    expect(path.right.report).toMatchObject({ state: 'Down', remoteState: 'AdminDown', diagnostic: 3 });
    expect(path.left.gone).toBe(false);
    path.run(1000);
    expect(path.left.gone).toBe(true);
    const sent = path.left.sent.length;
    path.run(5000);
    expect(path.left.sent).toHaveLength(sent);
    expect(path.left.sessions.nextDeadline()).toBeUndefined();
  });

  test('go on where one is wanted again before it has ended', () => {
    const path = new Path().start();
    path.run(3000);
    path.stop(path.left);
    path.run(50);
    path.start(path.left).run(5000);
    expect([path.left.state, path.right.state, path.left.gone]).toEqual(['Up', 'Up', false]);
  });

  test('that are both passive stay down; one of them is enough to come up', () => {
    const path = new Path({ passive: true }).start();
    path.run(5000);
    expect([path.left.sent, path.right.sent]).toEqual([[], []]);
    const half = new Path({ passive: true }, {}).start();
    half.run(3000);
    expect([half.left.state, half.right.state]).toEqual(['Up', 'Up']);
  });

  test('tell the same at every run', () => {
    const history = () => {
      const path = new Path({}, {}, 3);
      path.loss = 0.4;
      path.start().run(30_000);
      return [...path.left.reports, ...path.right.reports];
    };
    expect(history()).toEqual(history());
  });
});

const FIRST: BfdPacket = {
  ...{ diagnostic: 0, state: 'Down', poll: false, final: false, demand: false, multiplier: 3 },
  ...{ myDiscriminator: 9, yourDiscriminator: 0, minTransmit: 100, minReceive: 100 },
  authentication: new Uint8Array(),
};

describe('a packet belongs to', () => {
  const wish = (change: Partial<Omit<BfdWish, 'settings'>>, multihop = false): BfdWish => ({
    remote: '10.0.0.2',
    ...change,
    settings: { ...SETTINGS, multihop },
  });
  const WISHES = [
    wish({ local: '10.0.0.1' }),
    wish({ local: '10.0.1.1' }),
    wish({ local: '10.0.0.1' }, true),
    wish({ remote: 'fe80::2', interface: 'eth0' }),
    wish({ remote: 'fe80::2', interface: 'eth1' }),
    wish({ remote: '10.0.0.3' }),
  ];

  /** The sessions that answer to a packet in state Down. */
  function answering(arrival: Arrival): string[] {
    const sessions = new BfdSessions(() => 0.5 + next++ / 1000);
    let next = 0;
    sessions.want(new Map(WISHES.map((each) => [sessionKey(each), each])), 0);
    const keys = (effects: readonly BfdEffect[]) =>
      effects.flatMap((effect) => (effect.type === 'send' ? effect.key : []));
    return keys(sessions.receive(encodePacket(FIRST), arrival, 1));
  }

  test.each<[string, Arrival, string[]]>([
    ['its addresses', { from: '10.0.0.2', local: '10.0.0.1', multihop: false }, ['10.0.0.2 10.0.0.1 * direct']],
    ['other ones', { from: '10.0.0.2', local: '10.0.1.1', multihop: false }, ['10.0.0.2 10.0.1.1 * direct']],
    ['its way', { from: '10.0.0.2', local: '10.0.0.1', multihop: true }, ['10.0.0.2 10.0.0.1 * multihop']],
    ['its interface', { from: 'fe80::2', interface: 'eth1', multihop: false }, ['fe80::2 * eth1 direct']],
    ['any own address', { from: '10.0.0.3', local: '10.0.0.1', multihop: false }, ['10.0.0.3 * * direct']],
    ['nobody: a stranger', { from: '10.0.0.9', multihop: false }, []],
    ['nobody: another own address', { from: '10.0.0.2', local: '10.9.9.9', multihop: false }, []],
  ])('a session by %s while it knows no discriminator', (_, arrival, expected) => {
    expect(answering(arrival)).toEqual(expected);
  });

  test('the session whose discriminator it names, and no other way', () => {
    const path = new Path().start();
    path.run(50);
    const packet = encodePacket({ ...FIRST, yourDiscriminator: path.left.report.localDiscriminator });
    const to = (multihop: boolean) => path.left.sessions.receive(packet, { from: '192.0.2.9', multihop }, path.now);
    expect([to(true).length, to(false).length > 0]).toEqual([0, true]);
  });
});
