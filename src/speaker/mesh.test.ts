import { describe, expect, it } from 'vitest';
import { block, blockOf, calico, cluster, Lab, MINUTE, node, SECOND, snapshotOf } from './simulation.fixture.ts';

describe('a full mesh', () => {
  it('has the blocks of the others in every kernel, and blackholes for its own', () => {
    const lab = new Lab(cluster(3));
    lab.start();
    lab.converge();
    expect(lab.routers.map((router) => router.routes())).toEqual([
      { '10.65.1.0/26': 'blackhole', '10.65.2.0/26': 'via 10.0.0.2 dev eth0', '10.65.3.0/26': 'via 10.0.0.3 dev eth0' },
      { '10.65.1.0/26': 'via 10.0.0.1 dev eth0', '10.65.2.0/26': 'blackhole', '10.65.3.0/26': 'via 10.0.0.3 dev eth0' },
      { '10.65.1.0/26': 'via 10.0.0.1 dev eth0', '10.65.2.0/26': 'via 10.0.0.2 dev eth0', '10.65.3.0/26': 'blackhole' },
    ]);
  });

  it('carries IPv6 on sessions of its own', () => {
    const lab = new Lab(cluster(2, ['ipv6']));
    lab.start();
    lab.converge();
    expect(lab.routers.map((router) => [router.states(), router.routes()])).toEqual([
      [
        { Mesh_fd00__2: 'Established' },
        { 'fd00:65:0:1::/122': 'blackhole', 'fd00:65:0:2::/122': 'via fd00::2 dev eth0' },
      ],
      [
        { Mesh_fd00__1: 'Established' },
        { 'fd00:65:0:1::/122': 'via fd00::1 dev eth0', 'fd00:65:0:2::/122': 'blackhole' },
      ],
    ]);
  });

  it('carries both families side by side', () => {
    const lab = new Lab(cluster(2, ['ipv4', 'ipv6']));
    lab.start();
    lab.converge();
    const [first, second] = lab.routers;
    expect(first!.states()).toEqual({ Mesh_10_0_0_2: 'Established', Mesh_fd00__2: 'Established' });
    expect([first!.routes(), second!.routes()]).toEqual([
      {
        '10.65.1.0/26': 'blackhole',
        '10.65.2.0/26': 'via 10.0.0.2 dev eth0',
        'fd00:65:0:1::/122': 'blackhole',
        'fd00:65:0:2::/122': 'via fd00::2 dev eth0',
      },
      {
        '10.65.1.0/26': 'via 10.0.0.1 dev eth0',
        '10.65.2.0/26': 'blackhole',
        'fd00:65:0:1::/122': 'via fd00::1 dev eth0',
        'fd00:65:0:2::/122': 'blackhole',
      },
    ]);
  });

  it('is up within two seconds where two nodes start at the same moment', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const lab = new Lab(cluster(2), { seed, delay: 5 });
      lab.start();
      lab.runUntil(() => lab.isConverged(), 2 * SECOND);
    }
  });

  it.each([
    ['one second', SECOND, 3 * SECOND],
    ['four seconds', 4 * SECOND, 6 * SECOND],
  ])('of six nodes that start within %s is up soon after', (_, spread, limit) => {
    for (let seed = 1; seed <= 20; seed++) {
      const lab = new Lab(cluster(6), { seed, delay: 5 });
      for (const { name } of lab.routers) lab.simulation.at(lab.simulation.random() * spread, () => lab.start(name));
      lab.run(spread);
      lab.runUntil(() => lab.isConverged(), limit - spread);
    }
  });

  it('asks a node that stays away seldom, and tells of it once', () => {
    const lab = new Lab(cluster(2));
    lab.start('node-1');
    const dialler = lab.router('node-1');
    const other = lab.router('node-2');
    lab.run(MINUTE);
    expect(dialler.effects.filter(({ type }) => type === 'dial')).toEqual([]);
    lab.start('node-2');
    lab.converge();
    dialler.kill();
    lab.run(10 * MINUTE);
    const dials = other.effects.filter(({ type }) => type === 'dial');
    expect(dials.length).toBeGreaterThan(100);
    expect(dials.length).toBeLessThan(10 * 60);
    const downs = other.factsOf('peerDown', MINUTE).map(({ wasEstablished, reason }) => [wasEstablished, reason]);
    expect(downs).toEqual([
      [true, { type: 'connectionLost', text: 'connection reset by peer' }],
      [false, { type: 'connectionLost', text: 'connection refused' }],
    ]);
  });
});

describe('changes in a mesh', () => {
  it('tells a new block to all, and takes a block back that is gone', () => {
    const lab = new Lab(cluster(3));
    lab.start();
    lab.converge();
    lab.apply(block(2, 'ipv4', '10.65.200.0/26'));
    lab.run(SECOND);
    expect(lab.routers.map((router) => router.routes()['10.65.200.0/26'])).toEqual([
      'via 10.0.0.2 dev eth0',
      'blackhole',
      'via 10.0.0.2 dev eth0',
    ]);
    lab.remove('BlockAffinity', 'node-2-10-65-200-0-26');
    lab.run(SECOND);
    expect(lab.routers.map((router) => Object.keys(router.routes()))).toEqual(
      Array.from({ length: 3 }, () => ['10.65.1.0/26', '10.65.2.0/26', '10.65.3.0/26']),
    );
  });

  it('moves a block from node to node', () => {
    const lab = new Lab(cluster(3));
    lab.start();
    lab.converge();
    lab.remove('BlockAffinity', 'node-1-10-65-1-0-26');
    lab.apply(block(2, 'ipv4', blockOf(1)));
    lab.run(SECOND);
    expect(lab.routers.map((router) => router.routes()[blockOf(1)])).toEqual([
      'via 10.0.0.2 dev eth0',
      'blackhole',
      'via 10.0.0.2 dev eth0',
    ]);
  });

  it('stops telling of a pool without BGP export, and begins again, and no session notices', () => {
    const lab = new Lab(cluster(2));
    lab.start();
    lab.converge();
    const since = lab.now + 1;
    const pool = (disableBGPExport: boolean) =>
      calico('IPPool', 'pods-ipv4', { cidr: '10.65.0.0/16', ipipMode: 'Never', vxlanMode: 'Never', disableBGPExport });
    lab.run(1);
    lab.apply(pool(true));
    lab.run(SECOND);
    expect(lab.routers.map((router) => router.routes())).toEqual([
      { '10.65.1.0/26': 'blackhole' },
      { '10.65.2.0/26': 'blackhole' },
    ]);
    lab.apply(pool(false));
    lab.run(SECOND);
    expect(lab.routers.map((router) => router.routes())).toEqual([
      { '10.65.1.0/26': 'blackhole', '10.65.2.0/26': 'via 10.0.0.2 dev eth0' },
      { '10.65.1.0/26': 'via 10.0.0.1 dev eth0', '10.65.2.0/26': 'blackhole' },
    ]);
    expect(lab.routers.flatMap((router) => router.factsOf('peerStateChanged', since))).toEqual([]);
    expect(lab.routers.flatMap((router) => router.factsOf('intentApplied', since))).toEqual(
      Array.from({ length: 4 }, () => ({ type: 'intentApplied', added: 0, removed: 0, restarted: 0, refiltered: 1 })),
    );
  });

  it('takes a new node in, and lets one go with Cease/Peer De-configured', () => {
    const lab = new Lab(cluster(4));
    lab.remove('Node', 'node-4');
    lab.start('node-1', 'node-2', 'node-3');
    lab.converge();
    lab.apply(node(4));
    lab.start('node-4');
    lab.converge();
    expect(lab.router('node-1').routes()[blockOf(4)]).toBe('via 10.0.0.4 dev eth0');
    lab.remove('Node', 'node-4');
    lab.remove('Node', 'node-3');
    lab.run(SECOND);
    expect(lab.router('node-1').states()).toEqual({ Mesh_10_0_0_2: 'Established' });
    expect(lab.router('node-1').routes()).toEqual({
      '10.65.1.0/26': 'blackhole',
      '10.65.2.0/26': 'via 10.0.0.2 dev eth0',
    });
    // Without its Node it keeps its peers, but the others have closed the sessions, and what they told went with those.
    expect(lab.router('node-3').routes()).toEqual({ '10.65.3.0/26': 'blackhole' });
    const told = lab
      .router('node-3')
      .factsOf('peerDown')
      .filter(({ peer }) => peer === 'Mesh_10_0_0_1');
    expect(told[0]).toMatchObject({
      reason: { type: 'notificationReceived', text: 'Cease/Hard Reset: Cease/Peer De-configured' },
    });
    expect(lab.router('node-1').factsOf('connectionRefused')).toContainEqual({
      type: 'connectionRefused',
      remote: '10.0.0.3',
      text: 'no peer with address 10.0.0.3 is configured on this node',
    });
  });
});

describe('a router without its Node', () => {
  it('keeps everything as it was, and says so', () => {
    const lab = new Lab(cluster(2));
    lab.start();
    lab.converge();
    const before = lab.router('node-1').routes();
    const intent = lab.router('node-1').speaker.intent!;
    lab.store.apply([{ type: 'removed', kind: 'Node', name: 'node-1' }]);
    lab.router('node-1').tellIntent();
    lab.run(MINUTE);
    expect(lab.router('node-1').states()).toEqual({ Mesh_10_0_0_2: 'Established' });
    expect(lab.router('node-1').routes()).toEqual(before);
    const { problems, ...rest } = lab.router('node-1').speaker.intent!;
    expect(rest).toEqual({ ...intent, problems: undefined });
    expect(problems.map(({ kind, name }) => [kind, name])).toEqual([['Node', 'node-1']]);
    expect(
      lab
        .router('node-1')
        .factsOf('problem')
        .map(({ problem }) => problem.text),
    ).toEqual(['does not exist (yet); nothing is done until it does']);
  });

  it('does nothing until it has one, and then everything', () => {
    const lab = new Lab(cluster(2));
    lab.store.apply([{ type: 'removed', kind: 'Node', name: 'node-1' }]);
    lab.start('node-1');
    lab.run(SECOND);
    expect(lab.router('node-1').effects.map(({ type }) => type)).toEqual(['fact']);
    lab.apply(node(1));
    lab.start('node-2');
    lab.converge();
    expect(lab.router('node-1').routes()).toEqual({
      '10.65.1.0/26': 'blackhole',
      '10.65.2.0/26': 'via 10.0.0.2 dev eth0',
    });
  });
});

describe('next hops', () => {
  it('that lead nowhere make unreachable routes, and real ones as soon as they lead somewhere', () => {
    const lab = new Lab(cluster(2));
    lab.start();
    lab.router('node-1').input({ type: 'kernel', events: [snapshotOf([])] });
    lab.converge();
    const first = lab.router('node-1');
    expect(first.routes()).toEqual({ '10.65.1.0/26': 'blackhole', '10.65.2.0/26': 'unreachable' });
    expect(first.snapshot().unresolvedNextHops).toEqual(['10.0.0.2']);
    expect(first.factsOf('nextHopUnresolved')).toEqual([{ type: 'nextHopUnresolved', nextHop: '10.0.0.2' }]);
    first.input({ type: 'kernel', events: [snapshotOf(first.addresses)] });
    expect(first.routes()).toEqual({ '10.65.1.0/26': 'blackhole', '10.65.2.0/26': 'via 10.0.0.2 dev eth0' });
    expect(first.snapshot().unresolvedNextHops).toEqual([]);
    first.input({ type: 'kernel', events: [{ type: 'linkRemoved', device: 'eth0' }] });
    expect(first.routes()).toEqual({ '10.65.1.0/26': 'blackhole', '10.65.2.0/26': 'unreachable' });
    expect(first.factsOf('nextHopUnresolved')).toHaveLength(2);
  });

  it('follow a route that somebody else wrote into the kernel', () => {
    const lab = new Lab(cluster(2));
    lab.start();
    lab.converge();
    const first = lab.router('node-1');
    const route = {
      prefix: '10.0.0.2/32',
      type: 'unicast',
      metric: 0,
      nextHops: [{ gateway: '10.0.0.254', device: 'eth0' }],
      protocol: 4,
    } as const;
    first.input({ type: 'kernel', events: [{ type: 'learned', route }] });
    expect(first.routes()[blockOf(2)]).toBe('via 10.0.0.254 dev eth0');
    first.input({ type: 'kernel', events: [{ type: 'learnedRemoved', route }] });
    expect(first.routes()[blockOf(2)]).toBe('via 10.0.0.2 dev eth0');
  });
});

describe('one prefix of several nodes', () => {
  it('becomes one route with all of them, and loses only the one that goes', () => {
    const lab = new Lab(cluster(4) + [2, 3, 4].map((n) => block(n, 'ipv4', '10.65.99.0/26')).join(''));
    lab.start();
    lab.converge();
    const first = lab.router('node-1');
    expect(first.routes()['10.65.99.0/26']).toBe(
      'via 10.0.0.2 dev eth0 | via 10.0.0.3 dev eth0 | via 10.0.0.4 dev eth0',
    );
    expect(lab.router('node-3').routes()['10.65.99.0/26']).toBe('blackhole');
    lab.remove('BlockAffinity', 'node-3-10-65-99-0-26');
    lab.run(SECOND);
    expect(first.routes()['10.65.99.0/26']).toBe('via 10.0.0.2 dev eth0 | via 10.0.0.4 dev eth0');
    expect(lab.router('node-3').routes()['10.65.99.0/26']).toBe('via 10.0.0.2 dev eth0 | via 10.0.0.4 dev eth0');
  });
});
