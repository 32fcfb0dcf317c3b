import { CEASE, type Endpoints, encodeOpen, KEEPALIVE, openFor, peerConfig } from 'node-bgp';
import { describe, expect, it } from 'vitest';
import type { Intent } from '../intent/index.ts';
import { type Effect, Speaker } from './index.ts';
import { calico, cluster, Lab, MESH_OFF, node, POOLS, snapshotOf } from './simulation.fixture.ts';

const ENDPOINTS: Endpoints = { local: '10.0.0.1', localPort: 40_000, remote: '10.0.0.99', remotePort: 179 };

function intentWith(peer: object): Intent {
  const lab = new Lab(
    POOLS + MESH_OFF + node(1) + calico('BGPPeer', 'tor', { peerIP: '10.0.0.99', asNumber: 65001, ...peer }),
  );
  lab.start();
  return lab.router('node-1').speaker.intent!;
}

function makeSpeaker(kernel: 'linux' | 'none' = 'linux') {
  let connections = 0;
  const speaker = new Speaker({
    node: 'node-1',
    random: () => 0.5,
    nextConnection: () => ++connections,
    kernel,
    startedAt: 0,
    restarted: false,
  });
  return speaker;
}

const typesOf = (effects: readonly Effect[]) => effects.map(({ type }) => type);

/** What the peer sends up to Established. */
const OPENING = Uint8Array.of(
  ...encodeOpen(openFor(peerConfig({ localAs: 65001, remoteAs: 64512, bgpIdentifier: 9 }))),
  ...KEEPALIVE,
);

describe('connections', () => {
  it('of a session that was closed for a change cannot touch the new one', () => {
    const speaker = makeSpeaker();
    const dialled = (effects: readonly Effect[]) =>
      effects.flatMap((effect) => (effect.type === 'dial' ? effect.connection : []));
    const [first] = dialled(speaker.handle({ type: 'intent', intent: intentWith({}) }, 0));
    expect(typesOf(speaker.handle({ type: 'connected', connection: first!, endpoints: ENDPOINTS }, 1))).toContain(
      'write',
    );
    speaker.handle({ type: 'bytes', connection: first!, chunk: OPENING }, 2);
    const [peer] = speaker.sessions.all();
    expect(peer!.machine.state).toBe('Established');
    const effects = speaker.handle({ type: 'intent', intent: intentWith({ ttlSecurity: 1 }) }, 3);
    const [second] = dialled(effects);
    expect(typesOf(effects).filter((type) => type !== 'fact')).toEqual(['write', 'close', 'dial']);
    const late = [
      { type: 'bytes', connection: first!, chunk: OPENING },
      { type: 'written', connection: first!, bytes: 19 },
      { type: 'disconnected', connection: first!, reason: 'reset' },
    ] as const;
    for (const input of late) expect(speaker.handle(input, 4)).toEqual([]);
    const [successor] = speaker.sessions.all();
    expect([successor === peer, successor!.machine.state, second === first]).toEqual([false, 'Connect', false]);
    expect(successor!.machine.connections).toEqual([second]);
  });

  it('that come up when nobody waits for them any more are closed', () => {
    const speaker = makeSpeaker();
    expect(speaker.handle({ type: 'connected', connection: 77, endpoints: ENDPOINTS }, 0)).toEqual([
      { type: 'close', connection: 77 },
    ]);
  });

  it('are accepted with the options of their peer', () => {
    const speaker = makeSpeaker();
    speaker.handle({ type: 'intent', intent: intentWith({ ttlSecurity: 3 }) }, 0);
    const effects = speaker.handle({ type: 'accepted', connection: 50, endpoints: ENDPOINTS }, 1);
    expect(effects[0]).toEqual({ type: 'acceptOptions', connection: 50, ttlSecurity: 3 });
  });
});

describe('the first Intent', () => {
  it('says where to listen, be it nowhere', () => {
    const lab = new Lab(POOLS + MESH_OFF + node(1));
    lab.start();
    expect(lab.router('node-1').listening).toEqual({ type: 'listen', sockets: [], keys: new Map() });
  });

  it('programs blackholes before any peer is there', () => {
    const lab = new Lab(cluster(1));
    lab.start();
    expect(lab.router('node-1').routes()).toEqual({ '10.65.1.0/26': 'blackhole' });
  });
});

describe('a router without a kernel', () => {
  it('programs nothing, and takes every next hop as reachable', () => {
    const speaker = makeSpeaker('none');
    const lab = new Lab(cluster(1));
    lab.start();
    const effects = [
      ...speaker.handle({ type: 'intent', intent: lab.router('node-1').speaker.intent! }, 0),
      ...speaker.handle({ type: 'kernel', events: [snapshotOf(['10.0.0.1'])] }, 0),
      ...speaker.work(),
    ];
    expect(typesOf(effects)).not.toContain('program');
    expect(speaker.families.ipv4.forwarding.resolve('192.0.2.1')).toMatchObject({ reachable: true });
  });
});

describe('time', () => {
  it('stands still where nothing is due: a tick changes nothing and asks for no other at once', () => {
    const lab = new Lab(cluster(3));
    lab.start();
    lab.converge();
    for (const router of lab.routers) {
      const due = router.nextDeadline()!;
      expect(due).toBeGreaterThan(lab.now);
      expect(router.handle({ type: 'tick' }, lab.now)).toEqual([]);
      expect(router.nextDeadline()).toBe(due);
    }
  });

  it('asks for a few ticks a minute and session at most', () => {
    const lab = new Lab(cluster(3));
    lab.start();
    lab.converge();
    let ticks = 0;
    const [first] = lab.routers;
    const { handle } = first!;
    first!.handle = (input, now) => {
      if (input.type === 'tick') ticks++;
      return handle.call(first, input, now);
    };
    lab.run(60 * 60_000);
    // Keepalives of two sessions, each 60 to 80 seconds apart.
    expect(ticks).toBeGreaterThanOrEqual(90);
    expect(ticks).toBeLessThanOrEqual(130);
  });
});

describe('a shutdown', () => {
  it('is told once, however often it is asked for', () => {
    const lab = new Lab(cluster(2));
    lab.start();
    lab.converge();
    const [first] = lab.routers;
    for (let i = 0; i < 1000; i++) first!.input({ type: 'shutdown', final: true });
    expect(first!.factsOf('peerDown')).toMatchObject([{ wasEstablished: true, reason: { type: 'stopped' } }]);
    expect(lab.router('node-2').factsOf('peerDown')).toEqual([]);
    lab.run(100);
    expect(lab.router('node-2').factsOf('peerDown')).toMatchObject([
      { reason: { type: 'notificationReceived', message: { subcode: CEASE.HARD_RESET } } },
    ]);
  });
});
