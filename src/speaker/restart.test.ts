import { CEASE } from 'node-bgp';
import { describe, expect, it } from 'vitest';
import { ExternalPeer } from './external-peer.fixture.ts';
import {
  block,
  blockOf,
  calico,
  cluster,
  Lab,
  MESH_OFF,
  MINUTE,
  node,
  POOLS,
  type Router,
  SECOND,
} from './simulation.fixture.ts';

/** The metric says LOCAL_PREF 100: a router outside the AS gives none. */
const FROM_TOR = `via 10.0.0.99 dev eth0 metric ${2 ** 31 - 1 - 100}`;

const programmed = ({ effects }: Router) => effects.filter(({ type }) => type === 'program');

/** Two nodes with sessions, and nothing in the record so far. */
function pair(more = ''): { lab: Lab; first: Router; second: Router } {
  const lab = new Lab(cluster(2) + more);
  lab.start();
  lab.converge();
  const [first, second] = [lab.router('node-1'), lab.router('node-2')];
  first.effects.length = 0;
  second.effects.length = 0;
  return { lab, first, second };
}

describe('a node whose process dies', () => {
  it('is missed by nobody where it comes back within its restart time', () => {
    const { lab, first, second } = pair();
    second.kill();
    lab.run(SECOND);
    expect(first.peer('Mesh_10_0_0_2')).toMatchObject({
      state: 'Active',
      kept: { isLastChoice: false },
      lastError: { text: 'connection reset by peer' },
      counters: { received: 1, accepted: 1, advertised: 0, flaps: 1 },
    });
    lab.run(MINUTE);
    expect(first.routes()[blockOf(2)]).toBe('via 10.0.0.2 dev eth0');
    second.start();
    lab.converge();
    expect([programmed(first), first.routes(), second.routes()]).toEqual([
      [],
      { '10.65.1.0/26': 'blackhole', '10.65.2.0/26': 'via 10.0.0.2 dev eth0' },
      { '10.65.1.0/26': 'via 10.0.0.1 dev eth0', '10.65.2.0/26': 'blackhole' },
    ]);
    expect(second.recoveredAt).toBeDefined();
  });

  it('loses at End-of-RIB what it does not tell again', () => {
    const { lab, first, second } = pair(block(2, 'ipv4', '10.65.77.0/26'));
    expect(first.routes()['10.65.77.0/26']).toBe('via 10.0.0.2 dev eth0');
    second.kill();
    lab.run(SECOND);
    lab.remove('BlockAffinity', 'node-2-10-65-77-0-26');
    lab.run(MINUTE);
    expect(first.routes()['10.65.77.0/26']).toBe('via 10.0.0.2 dev eth0');
    second.start();
    lab.converge();
    expect(first.routes()).toEqual({ '10.65.1.0/26': 'blackhole', '10.65.2.0/26': 'via 10.0.0.2 dev eth0' });
    expect(first.peer('Mesh_10_0_0_2').counters).toMatchObject({ received: 1, accepted: 1 });
    // Found in the kernel and wanted by nobody: swept.
    expect(second.routes()).toEqual({ '10.65.1.0/26': 'via 10.0.0.1 dev eth0', '10.65.2.0/26': 'blackhole' });
  });

  it('takes nothing away that it passes on for another AS', () => {
    const lab = new Lab(
      cluster(2) + calico('BGPPeer', 'tor', { node: 'node-2', peerIP: '10.0.0.99', asNumber: 65001 }),
    );
    const tor = new ExternalPeer(lab, '10.0.0.99', { towards: '10.0.0.2' });
    lab.start();
    lab.converge();
    tor.announce(['10.65.240.0/24']);
    lab.run(SECOND);
    const [first, second] = [lab.router('node-1'), lab.router('node-2')];
    expect(first.routes()['10.65.240.0/24']).toBe(FROM_TOR);
    first.effects.length = 0;
    second.kill();
    lab.run(SECOND);
    second.start();
    lab.converge();
    tor.announce(['10.65.240.0/24']);
    lab.run(MINUTE);
    expect([programmed(first), first.routes()['10.65.240.0/24']]).toEqual([[], FROM_TOR]);
    // What is not told again goes when the table of the other AS counts as told.
    second.kill();
    lab.run(SECOND);
    second.start();
    lab.converge();
    lab.run(MINUTE);
    expect(Object.keys(first.routes())).toEqual([blockOf(1), blockOf(2)]);
  });

  it('is given up after its restart time, to the second', () => {
    const { lab, first, second } = pair(calico('BGPConfiguration', 'default', { nodeMeshMaxRestartTime: '50s' }));
    second.kill();
    lab.run(49_990);
    expect(first.routes()[blockOf(2)]).toBe('via 10.0.0.2 dev eth0');
    lab.run(20);
    expect(first.routes()).toEqual({ '10.65.1.0/26': 'blackhole' });
    expect(first.peer('Mesh_10_0_0_2').counters).toMatchObject({ received: 0, accepted: 0 });
  });

  it('may die again before it has told its table', () => {
    const { lab, first, second } = pair();
    for (let i = 0; i < 5; i++) {
      second.kill();
      lab.run(20 * SECOND);
      second.start();
      // Long enough to connect, too short for a table.
      lab.runUntil(() => second.peer('Mesh_10_0_0_1').state === 'OpenSent', 10 * SECOND);
    }
    lab.converge();
    expect(first.routes()[blockOf(2)]).toBe('via 10.0.0.2 dev eth0');
    expect(programmed(first)).toEqual([]);
  });

  it('has forwarded nothing where the machine was rebooted: its old routes go when it is back', () => {
    const { lab, first, second } = pair(block(2, 'ipv4', '10.65.77.0/26'));
    second.powerOff();
    lab.run(SECOND);
    lab.remove('BlockAffinity', 'node-2-10-65-77-0-26');
    second.start();
    lab.converge(MINUTE);
    const [gone, back] = programmed(first);
    expect([gone, back]).toMatchObject([
      { wishes: [{ type: 'none' }, { type: 'none' }] },
      { wishes: [{ type: 'route', route: { prefix: blockOf(2) } }] },
    ]);
    expect(first.routes()).toEqual({ '10.65.1.0/26': 'blackhole', '10.65.2.0/26': 'via 10.0.0.2 dev eth0' });
  });
});

describe('a connection that is lost while both processes live', () => {
  it('costs no packet', () => {
    const { lab, first, second } = pair();
    for (let i = 0; i < 3; i++) {
      second.node.reset();
      lab.converge();
    }
    expect([programmed(first), programmed(second)]).toEqual([[], []]);
    expect(first.peer('Mesh_10_0_0_2').counters.flaps).toBe(3);
    expect(first.factsOf('peerDown').map(({ reason }) => reason)).toEqual(
      Array.from({ length: 3 }, () => ({ type: 'connectionLost', text: 'connection reset by peer' })),
    );
  });

  it('by a cut that is longer than the hold time costs the routes after the restart time, on both sides, until it is mended', () => {
    const { lab, first, second } = pair();
    lab.simulation.link('node-1', 'node-2').cut();
    lab.run(200 * SECOND);
    expect([programmed(first), programmed(second)]).toEqual([[], []]);
    lab.run(60 * SECOND);
    expect(first.peer('Mesh_10_0_0_2').state).not.toBe('Established');
    expect([programmed(first), programmed(second)]).toEqual([[], []]);
    lab.run(120 * SECOND);
    expect([first.routes(), second.routes()]).toEqual([
      { '10.65.1.0/26': 'blackhole' },
      { '10.65.2.0/26': 'blackhole' },
    ]);
    expect(first.peer('Mesh_10_0_0_2').lastError).toMatchObject({
      text: expect.stringContaining('Hold Timer Expired'),
    });
    lab.simulation.link('node-1', 'node-2').restore();
    lab.converge(40 * SECOND);
    expect(first.routes()[blockOf(2)]).toBe('via 10.0.0.2 dev eth0');
  });
});

describe('recovery', () => {
  it('waits for End-of-RIB of every peer, and then sweeps what nobody wants', () => {
    const lab = new Lab(cluster(4));
    lab.start();
    lab.converge();
    const first = lab.router('node-1');
    for (const name of ['node-1', 'node-3', 'node-4']) lab.router(name).kill();
    lab.remove('BlockAffinity', 'node-3-10-65-3-0-26');
    lab.run(SECOND);
    lab.start('node-1', 'node-3');
    expect(first.speaker.isRecovering).toBe(true);
    lab.run(20 * SECOND);
    expect([first.recoveredAt, first.routes()]).toEqual([
      undefined,
      {
        '10.65.1.0/26': 'blackhole',
        '10.65.2.0/26': 'via 10.0.0.2 dev eth0',
        '10.65.3.0/26': 'via 10.0.0.3 dev eth0',
        '10.65.4.0/26': 'via 10.0.0.4 dev eth0',
      },
    ]);
    lab.start('node-4');
    lab.converge();
    expect([first.speaker.isRecovering, first.routes()]).toEqual([
      false,
      {
        '10.65.1.0/26': 'blackhole',
        '10.65.2.0/26': 'via 10.0.0.2 dev eth0',
        '10.65.4.0/26': 'via 10.0.0.4 dev eth0',
      },
    ]);
  });

  it('ends after two minutes also where a peer never comes', () => {
    const lab = new Lab(cluster(3));
    lab.start();
    lab.converge();
    const first = lab.router('node-1');
    first.kill();
    lab.router('node-3').kill();
    const start = lab.now;
    first.start();
    lab.run(119 * SECOND);
    expect(Object.keys(first.routes())).toEqual([blockOf(1), blockOf(2), blockOf(3)]);
    lab.run(2 * SECOND);
    expect([first.recoveredAt! - start, Object.keys(first.routes())]).toEqual([120 * SECOND, [blockOf(1), blockOf(2)]]);
  });

  it('does not wait for peers whose nodes are known to be away, unless they come all the same', () => {
    const lab = new Lab(cluster(4));
    lab.start();
    lab.converge();
    const first = lab.router('node-1');
    for (const name of ['node-1', 'node-3', 'node-4']) lab.router(name).kill();
    const start = lab.now;
    first.start();
    lab.run(3 * SECOND);
    const absent = { Mesh_10_0_0_3: 'its Node node-3 is NotReady', Mesh_10_0_0_2: 'its Node node-2 is NotReady' };
    first.input({ type: 'absentPeers', peers: new Map(Object.entries(absent)) });
    lab.run(SECOND);
    expect([first.recoveredAt, first.peer('Mesh_10_0_0_3').absent, first.peer('Mesh_10_0_0_2').absent]).toEqual([
      undefined,
      'its Node node-3 is NotReady',
      undefined,
    ]);
    const all = { ...absent, Mesh_10_0_0_4: 'its Node node-4 does not exist' };
    first.input({ type: 'absentPeers', peers: new Map(Object.entries(all)) });
    lab.run(SECOND);
    expect([first.recoveredAt! - start, Object.keys(first.routes())]).toEqual([4 * SECOND, [blockOf(1), blockOf(2)]]);
  });

  it('begins with the first Intent that knows the node', () => {
    const lab = new Lab(cluster(2));
    lab.start();
    lab.converge();
    const first = lab.router('node-1');
    first.kill();
    lab.store.apply([{ type: 'removed', kind: 'Node', name: 'node-1' }]);
    first.start();
    lab.router('node-2').kill();
    lab.run(10 * MINUTE);
    expect([first.recoveredAt, first.nextDeadline(), Object.keys(first.routes())]).toEqual([
      undefined,
      undefined,
      [blockOf(1), blockOf(2)],
    ]);
    const start = lab.now;
    lab.apply(node(1));
    lab.run(3 * MINUTE);
    expect([first.recoveredAt! - start, Object.keys(first.routes())]).toEqual([120 * SECOND, [blockOf(1)]]);
  });

  it('does not wait two minutes for a peer that never marks the end of its table', () => {
    const lab = new Lab(
      POOLS + MESH_OFF + node(1) + block(1) + calico('BGPPeer', 'tor', { peerIP: '10.0.0.99', asNumber: 65001 }),
    );
    const tor = new ExternalPeer(lab, '10.0.0.99', { towards: '10.0.0.1' });
    lab.start();
    lab.converge();
    tor.announce(['10.65.9.0/26']);
    lab.run(SECOND);
    const first = lab.router('node-1');
    first.kill();
    first.start();
    const start = lab.now;
    lab.run(MINUTE);
    expect(tor.established).toBe(2);
    expect(first.recoveredAt! - start).toBeGreaterThan(10 * SECOND);
    expect(first.recoveredAt! - start).toBeLessThan(20 * SECOND);
    expect(first.routes()).toEqual({ '10.65.1.0/26': 'blackhole' });
  });

  it('is nothing to a node that finds no routes of its own', () => {
    const lab = new Lab(cluster(2));
    lab.start();
    lab.converge();
    expect(lab.routers.map(({ speaker, recoveredAt }) => [speaker.isRecovering, recoveredAt])).toEqual([
      [false, undefined],
      [false, undefined],
    ]);
  });
});

describe('what our OPEN says about restarts', () => {
  const GRACEFUL = { restartTime: 120, restarted: false, notification: false, forwarding: [] };
  const start = () => {
    const peering = calico('BGPPeer', 'tor', { peerIP: '10.0.0.99', asNumber: 65001 });
    const lab = new Lab(POOLS + MESH_OFF + node(1) + block(1) + peering);
    const tor = new ExternalPeer(lab, '10.0.0.99', { towards: '10.0.0.1', gracefulRestart: GRACEFUL });
    lab.start();
    lab.converge();
    const said = () => {
      const { restarted, families } = tor.negotiated.gracefulRestart!;
      return { restarted, forwarding: families[0]!.forwarding };
    };
    return { lab, tor, first: lab.router('node-1'), said };
  };

  it('nothing at the first start', () => {
    expect(start().said()).toEqual({ restarted: false, forwarding: false });
  });

  it('that forwarding went on, where only the connection was lost', () => {
    const { lab, first, said } = start();
    first.node.reset();
    lab.converge();
    expect(said()).toEqual({ restarted: false, forwarding: true });
  });

  it('that forwarding went on, where a new configuration closed the session', () => {
    const { lab, tor, said } = start();
    lab.apply(calico('BGPPeer', 'tor', { peerIP: '10.0.0.99', asNumber: 65001, sourceAddress: 'None' }));
    lab.run(SECOND);
    lab.converge();
    expect([tor.established, said()]).toEqual([2, { restarted: false, forwarding: true }]);
  });

  it('that the process restarted and forwarding went on, and later no more that it restarted', () => {
    const { lab, first, said } = start();
    first.kill();
    lab.run(SECOND);
    first.start();
    lab.converge();
    expect(said()).toEqual({ restarted: true, forwarding: true });
    lab.run(3 * MINUTE);
    first.node.reset();
    lab.converge();
    expect(said()).toEqual({ restarted: false, forwarding: true });
  });

  it('a new restart time from the next session on, without one for it', () => {
    const { lab, tor, first } = start();
    lab.apply(calico('BGPPeer', 'tor', { peerIP: '10.0.0.99', asNumber: 65001, maxRestartTime: '33s' }));
    lab.run(MINUTE);
    expect([tor.established, tor.negotiated.gracefulRestart!.restartTime]).toEqual([1, 120]);
    first.node.reset();
    lab.converge();
    expect(tor.negotiated.gracefulRestart!.restartTime).toBe(33);
  });
});

describe('a peer that restarts gracefully', () => {
  const restarting = (forwarding: boolean) => ({
    restartTime: 60,
    restarted: true,
    notification: false,
    forwarding: forwarding ? (['ipv4'] as const) : [],
  });

  it.each([
    ['keeps', true, FROM_TOR],
    ['loses', false, undefined],
  ])('%s its routes at the new session as its OPEN says', (_, forwarding, expected) => {
    const peering = calico('BGPPeer', 'tor', { peerIP: '10.0.0.99', asNumber: 65001 });
    const lab = new Lab(POOLS + MESH_OFF + node(1) + peering);
    const tor = new ExternalPeer(lab, '10.0.0.99', { towards: '10.0.0.1', gracefulRestart: restarting(forwarding) });
    lab.start();
    lab.converge();
    tor.announce(['10.65.9.0/26']);
    lab.run(SECOND);
    const first = lab.router('node-1');
    tor.node.reset();
    lab.run(1);
    expect(first.routes()).toEqual({ '10.65.9.0/26': FROM_TOR });
    lab.converge();
    expect(first.routes()['10.65.9.0/26']).toBe(expected);
    // It has two minutes for its table, and then what it has not told again goes.
    lab.run(2 * MINUTE);
    expect(first.routes()).toEqual({});
  });

  it('that says goodbye loses its routes at once', () => {
    const peering = calico('BGPPeer', 'tor', { peerIP: '10.0.0.99', asNumber: 65001 });
    const lab = new Lab(POOLS + MESH_OFF + node(1) + peering);
    const tor = new ExternalPeer(lab, '10.0.0.99', { towards: '10.0.0.1', gracefulRestart: restarting(true) });
    lab.start();
    lab.converge();
    tor.announce(['10.65.9.0/26']);
    lab.run(SECOND);
    tor.stop(CEASE.ADMINISTRATIVE_SHUTDOWN, 'maintenance');
    lab.run(10);
    const first = lab.router('node-1');
    expect([first.routes(), first.peer('Global_10_0_0_99').lastError]).toMatchObject([
      {},
      { text: 'received Cease/Administrative Shutdown: "maintenance"', direction: 'received', code: 6, subcode: 2 },
    ]);
  });
});
