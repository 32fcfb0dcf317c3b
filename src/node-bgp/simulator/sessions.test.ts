import { describe, expect, it } from 'vitest';
import { peerConfig } from '../session/config.ts';
import type { PeerConfig, PeerOutput } from '../session/types.ts';
import { CEASE, ERROR } from '../wire/index.ts';
import { addPeerNode, type PeerNode, Simulation } from './index.ts';

const A = '10.0.0.1';
const B = '10.0.0.2';
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

type Changes = Partial<PeerConfig>;

/** Two nodes that are configured as each other's peer; nothing is started. */
function pair(left: Changes = {}, right: Changes = {}, options: { seed?: number; delay?: number } = {}) {
  const simulation = new Simulation(options);
  const common = { localAs: 64512, remoteAs: 64512 };
  const a = addPeerNode(simulation, 'a', A, { [B]: peerConfig({ ...common, bgpIdentifier: 1, ...left }) });
  const b = addPeerNode(simulation, 'b', B, { [A]: peerConfig({ ...common, bgpIdentifier: 2, ...right }) });
  return { simulation, a, b };
}

function peerOf({ set }: PeerNode) {
  return [...set.peers.values()][0]!;
}

const isUp = (...nodes: PeerNode[]) => nodes.every((node) => peerOf(node).state === 'Established');

function outputs<T extends PeerOutput['type']>(node: PeerNode, type: T): Extract<PeerOutput, { type: T }>[] {
  return node.record.map(({ output }) => output).filter((output) => output.type === type) as never;
}

const downs = (node: PeerNode) =>
  outputs(node, 'down').map(({ reason, wasEstablished }) => ({ type: reason.type, wasEstablished }));

const states = (node: PeerNode) => outputs(node, 'stateChanged').map(({ to }) => to);

describe('starting', () => {
  it('brings a session up where one side dials and the other is passive', () => {
    const { simulation, a, b } = pair({}, { passive: true });
    b.start();
    a.start();
    simulation.runUntil(() => isUp(a, b), SECOND);
    expect(states(a)).toEqual(['Connect', 'OpenSent', 'OpenConfirm', 'Established']);
    expect(states(b)).toEqual(['Active', 'OpenSent', 'OpenConfirm', 'Established']);
    expect(outputs(b, 'connect')).toEqual([]);
  });

  it('comes up whichever side is started first, within a connect retry time', () => {
    for (const [first, second] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      const nodes = pair({}, { passive: true });
      nodes.b.node.listens = false;
      nodes[first].start();
      nodes.simulation.run(12 * SECOND);
      nodes.b.node.listens = true;
      nodes[second].start();
      nodes.simulation.runUntil(() => isUp(nodes.a, nodes.b), 6 * SECOND);
    }
  });

  it('waits the connect delay before the first attempt and accepts meanwhile', () => {
    const { simulation, a, b } = pair({ connectDelayTime: 30 }, {});
    a.start();
    simulation.run(10 * SECOND);
    expect(outputs(a, 'connect')).toEqual([]);
    b.start();
    simulation.runUntil(() => isUp(a, b), SECOND);
  });

  it('tries a peer that refuses once a connect retry time, not in a loop', () => {
    const { simulation, a } = pair({ connectRetryTime: 5 });
    a.start();
    simulation.run(MINUTE);
    const attempts = outputs(a, 'connect').length;
    expect(attempts).toBeGreaterThanOrEqual(12);
    expect(attempts).toBeLessThanOrEqual(17);
    expect(downs(a)).toHaveLength(attempts);
  });

  it('gives up an attempt that nobody answers and dials again', () => {
    const { simulation, a, b } = pair({ connectRetryTime: 5 }, { passive: true });
    simulation.link('a', 'b').cut();
    b.start();
    a.start();
    simulation.run(20 * SECOND);
    expect(outputs(a, 'connect').length).toBeGreaterThan(3);
    expect(outputs(a, 'down')[0]).toEqual({
      type: 'down',
      reason: { type: 'connectionLost', text: 'no answer to the attempt to connect', failure: 'unanswered' },
      wasEstablished: false,
    });
    simulation.link('a', 'b').restore();
    simulation.runUntil(() => isUp(a, b), 10 * SECOND);
    expect(peerOf(a).connections).toHaveLength(1);
  });
});

describe('simultaneous dialling', () => {
  /** Who keeps which connection shows in the direction that is left. */
  it.each([
    ['the higher identifier', { bgpIdentifier: 1 }, { bgpIdentifier: 2 }],
    ['the higher identifier, on the other side', { bgpIdentifier: 9 }, { bgpIdentifier: 2 }],
    [
      'the higher AS between equal identifiers (RFC 6286)',
      { localAs: 64513, remoteAs: 64514, bgpIdentifier: 7 },
      { localAs: 64514, remoteAs: 64513, bgpIdentifier: 7 },
    ],
  ] as const)('leaves one session, for every order of events: %s', (_, left, right) => {
    let collisions = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const { simulation, a, b } = pair(left, right, { seed, delay: 5 });
      a.start();
      simulation.at(Math.floor(simulation.random() * 25), () => b.start());
      simulation.runUntil(() => isUp(a, b) && a.node.connections.length === 1, 5 * SECOND);
      simulation.run(MINUTE);
      expect([peerOf(a).state, peerOf(b).state]).toEqual(['Established', 'Established']);
      expect([a.node.connections.length, b.node.connections.length]).toEqual([1, 1]);
      expect(
        outputs(a, 'down')
          .concat(outputs(b, 'down'))
          .filter((down) => down.wasEstablished),
      ).toEqual([]);
      collisions += peerOf(a).statistics.out.notification + peerOf(b).statistics.out.notification;
    }
    expect(collisions).toBeGreaterThan(20);
  });

  it('lets the connection of the higher identifier win when both are up at the same moment', () => {
    const { simulation, a, b } = pair({ bgpIdentifier: 1 }, { bgpIdentifier: 2 }, { delay: 5 });
    a.start();
    b.start();
    simulation.runUntil(() => isUp(a, b), SECOND);
    const [dialled] = outputs(b, 'connect');
    expect(outputs(b, 'established').map(({ connection }) => connection)).toEqual([dialled!.connection]);
  });
});

describe('loss', () => {
  it('ends both sessions by the hold timer when the link is cut, and comes back when it is restored', () => {
    const { simulation, a, b } = pair({ holdTime: 9 }, { holdTime: 9, passive: true });
    b.start();
    a.start();
    simulation.runUntil(() => isUp(a, b), SECOND);
    simulation.link('a', 'b').cut();
    simulation.run(10 * SECOND);
    for (const node of [a, b]) {
      const [down] = outputs(node, 'down');
      expect(down).toMatchObject({
        reason: { type: 'notificationSent', fault: { code: ERROR.HOLD_TIMER_EXPIRED, subcode: 0 } },
        wasEstablished: true,
      });
    }
    simulation.link('a', 'b').restore();
    simulation.runUntil(() => isUp(a, b), 30 * SECOND);
  });

  it('survives a cut that is shorter than the hold time', () => {
    const { simulation, a, b } = pair({ holdTime: 9 }, { holdTime: 9, passive: true });
    b.start();
    a.start();
    simulation.runUntil(() => isUp(a, b), SECOND);
    for (let i = 0; i < 20; i++) {
      simulation.link('a', 'b').cut();
      simulation.run(5 * SECOND);
      simulation.link('a', 'b').restore();
      simulation.run(5 * SECOND);
    }
    expect([downs(a), downs(b)]).toEqual([[], []]);
  });

  it('keeps a session with hold time 0 for a day without a message, and without a timer', () => {
    const { simulation, a, b } = pair({ holdTime: 0 }, { passive: true });
    b.start();
    a.start();
    simulation.runUntil(() => isUp(a, b), SECOND);
    expect([peerOf(a).nextDeadline(), peerOf(b).nextDeadline()]).toEqual([undefined, undefined]);
    const sent = outputs(a, 'send').length;
    simulation.run(24 * HOUR);
    expect(isUp(a, b)).toBe(true);
    expect(outputs(a, 'send')).toHaveLength(sent);
  });

  it('sends about three keepalives a hold time', () => {
    const { simulation, a, b } = pair({ holdTime: 90 }, { passive: true, holdTime: 180 });
    b.start();
    a.start();
    simulation.run(HOUR);
    expect(isUp(a, b)).toBe(true);
    const keepalives = peerOf(a).statistics.out.keepalive;
    expect(keepalives).toBeGreaterThanOrEqual(120);
    expect(keepalives).toBeLessThanOrEqual(161);
    expect(peerOf(b).statistics.in.keepalive).toBe(keepalives);
  });

  it('notices at once that the process of the peer died, and takes it back when it is there again', () => {
    const { simulation, a, b } = pair({}, { passive: true });
    b.start();
    a.start();
    simulation.runUntil(() => isUp(a, b), SECOND);
    b.node.kill();
    simulation.run(10);
    expect(downs(a)).toEqual([{ type: 'connectionLost', wasEstablished: true }]);
    simulation.run(MINUTE);
    b.restart();
    simulation.runUntil(() => isUp(a, b), 6 * SECOND);
  });

  it('takes the new connection of a peer with graceful restart as its restart, without a NOTIFICATION', () => {
    const gracefulRestart = { restartTime: 120, restarted: false, notification: false, forwarding: [] };
    const { simulation, a, b } = pair({ gracefulRestart, passive: true }, { gracefulRestart });
    a.start();
    b.start();
    simulation.runUntil(() => isUp(a, b), SECOND);
    simulation.run(MINUTE);
    const sent = peerOf(a).statistics.out.notification;
    b.node.powerOff();
    simulation.run(5 * SECOND);
    expect(isUp(a)).toBe(true);
    b.restart();
    simulation.runUntil(() => isUp(b), SECOND);
    simulation.run(SECOND);
    expect(isUp(a)).toBe(true);
    expect(downs(a)).toEqual([{ type: 'connectionLost', wasEstablished: true }]);
    expect(outputs(a, 'established')).toHaveLength(2);
    expect(peerOf(a).statistics.out.notification).toBe(sent);
  });

  it('refuses the new connection of a peer without graceful restart while the old session stands', () => {
    const { simulation, a, b } = pair({ passive: true, holdTime: 30 }, { holdTime: 30 });
    a.start();
    b.start();
    simulation.runUntil(() => isUp(a, b), SECOND);
    simulation.run(5 * SECOND);
    b.node.powerOff();
    simulation.run(SECOND);
    b.restart();
    simulation.run(SECOND);
    expect(isUp(a)).toBe(true);
    expect(outputs(b, 'down').at(-1)).toMatchObject({
      reason: {
        type: 'notificationReceived',
        message: { code: ERROR.CEASE, subcode: CEASE.CONNECTION_COLLISION_RESOLUTION },
      },
      wasEstablished: false,
    });
    simulation.runUntil(() => isUp(a, b), MINUTE);
  });
});

describe('ending', () => {
  it('tells the text of a stop to the peer (RFC 9003), which comes back when it is started again', () => {
    const { simulation, a, b } = pair({}, { passive: true });
    b.start();
    a.start();
    simulation.runUntil(() => isUp(a, b), SECOND);
    const stop = { type: 'stop', subcode: CEASE.ADMINISTRATIVE_SHUTDOWN, text: 'Wartung bis 12 Uhr ☕' } as const;
    a.node.input({ type: 'peer', peer: B, input: stop });
    simulation.run(SECOND);
    expect(downs(a)).toEqual([{ type: 'stopped', wasEstablished: true }]);
    const [down] = outputs(b, 'down');
    expect(down).toMatchObject({ reason: { type: 'notificationReceived' }, wasEstablished: true });
    expect(down?.reason.type === 'notificationReceived' && down.reason.text).toContain('Wartung bis 12 Uhr ☕');
    simulation.run(HOUR);
    expect(peerOf(a).state).toBe('Idle');
    a.start();
    simulation.runUntil(() => isUp(a, b), 10 * SECOND);
  });

  it('gives up a peer that takes nothing any more (RFC 9687), and not before', () => {
    const { simulation, a, b } = pair({ sendHoldTime: 480, holdTime: 1800 }, { passive: true, holdTime: 1800 });
    b.start();
    a.start();
    simulation.runUntil(() => isUp(a, b), SECOND);
    const { connection } = outputs(a, 'established')[0]!;
    const stalledAt = simulation.now;
    b.node.stall();
    flood(a, connection);
    // The peer is alive and may still send keepalives, only deaf: the hold timer does not help.
    simulation.runUntil(() => downs(a).length > 0, 10 * MINUTE);
    expect(simulation.now - stalledAt).toBe(480 * SECOND);
    expect(outputs(a, 'down')[0]).toMatchObject({
      reason: { type: 'notificationSent', fault: { code: ERROR.SEND_HOLD_TIMER_EXPIRED } },
      wasEstablished: true,
    });
  });

  it('does not give up a peer that is slow but reads', () => {
    const { simulation, a, b } = pair({ sendHoldTime: 480 }, { passive: true });
    b.start();
    a.start();
    simulation.runUntil(() => isUp(a, b), SECOND);
    const { connection } = outputs(a, 'established')[0]!;
    flood(a, connection);
    for (let i = 0; i < 10; i++) {
      b.node.stall();
      simulation.run(70 * SECOND);
      b.node.resume();
      simulation.run(SECOND);
      flood(a, connection);
    }
    expect([downs(a), downs(b)]).toEqual([[], []]);
  });

  /** More octets than a window holds: empty UPDATEs (End-of-RIB). */
  function flood({ node }: PeerNode, connection: number): void {
    const endOfRib = Uint8Array.from([...Array(16).fill(0xff), 0, 23, 2, 0, 0, 0, 0]);
    const bytes = new Uint8Array(endOfRib.length * 10_000);
    for (let at = 0; at < bytes.length; at += endOfRib.length) bytes.set(endOfRib, at);
    node.network.send(connection, bytes);
  }
});

describe('errors', () => {
  it('answers garbage with the right NOTIFICATION and doubles the pause after each error up to the maximum', () => {
    const simulation = new Simulation();
    const config = peerConfig({ localAs: 1, remoteAs: 2, bgpIdentifier: 1, idleHoldTime: 5, maxIdleHoldTime: 30 });
    const a = addPeerNode(simulation, 'a', A, { [B]: config });
    addGarbage(simulation, B);
    a.start();
    simulation.run(5 * MINUTE);
    const attempts = a.record.filter(({ output }) => output.type === 'connect').map(({ at }) => at);
    const pauses = attempts.slice(1).map((at, i) => (at - attempts[i]!) / SECOND);
    const nominal = [5, 10, 20, 30, 30, 30];
    nominal.forEach((seconds, i) => {
      expect(pauses[i]).toBeGreaterThanOrEqual(seconds * 0.75);
      expect(pauses[i]).toBeLessThanOrEqual(seconds + 0.1);
    });
    expect(outputs(a, 'down')[0]).toMatchObject({
      reason: { type: 'notificationSent', fault: { code: ERROR.MESSAGE_HEADER, subcode: 1 } },
      wasEstablished: false,
    });
  });

  /** A node that answers every connection with octets that are no BGP. */
  function addGarbage(simulation: Simulation, address: string): void {
    type Chatter = { connection: number; says: Uint8Array };
    simulation.addNode<Chatter | undefined, Chatter>({
      name: 'garbage',
      addresses: [address],
      process: { handle: (input) => (input === undefined ? [] : [input]), nextDeadline: () => undefined },
      wiring: {
        tick: () => undefined,
        connected: () => undefined,
        accepted: (connection) => ({ connection, says: new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n\r\n') }),
        disconnected: () => undefined,
        bytes: () => undefined,
        progress: () => undefined,
        perform: ({ connection, says }, network) => network.send(connection, says),
      },
    });
  }

  it('damps both sides of a session that never agrees, without a flood of connections', () => {
    const { simulation, a, b } = pair({ remoteAs: 64999 }, {});
    a.start();
    b.start();
    simulation.run(10 * MINUTE);
    expect(outputs(a, 'connect').length + outputs(b, 'connect').length).toBeLessThan(120);
    expect([a.node.connections.length <= 2, b.node.connections.length <= 2]).toEqual([true, true]);
    expect(outputs(a, 'established').concat(outputs(b, 'established'))).toEqual([]);
  });
});

it('gives the same record for the same seed', () => {
  const run = (seed: number) => {
    const { simulation, a, b } = pair({}, {}, { seed });
    a.start();
    b.start();
    simulation.run(HOUR);
    return [...a.record, ...b.record].map(({ at, output }) => `${at} ${output.type}`);
  };
  expect(run(7)).toEqual(run(7));
  expect(run(7)).not.toEqual(run(8));
});
