// What whoever takes the place of BIRD misses first: ten properties of it, each held or deliberately different. The table of
// what a new configuration resets is in resets.test.ts; a real daemon's end in reflector.test.ts.

import { describe, expect, test } from 'vitest';
import { SECOND } from '../../bird-compat/control/control.fixture.ts';
import { AS, notified, SimulatedBird, session } from './simulated-bird.ts';

const STATIC = 'protocol static { route 10.9.0.0/24 blackhole; }\n';
/** Long ago enough that no route of an earlier run is waited for. */
const RECOVERY = 130 * SECOND;

describe('filters', () => {
  const bird = new SimulatedBird(STATIC);

  test.each([
    ['a value that is not there is less than everything', 'krt_metric < 1024', 1],
    ['also less than zero', 'krt_metric < 0', 1],
    ['and never more', 'krt_metric >= 0', 0],
    ['some things are always defined', 'defined(ifname) && defined(source) && defined(bgp_community)', 1],
    ['others are not', 'defined(krt_metric) || defined(bgp_med)', 0],
  ])('%s', async (_, condition, routes) => {
    const [answer] = await bird.ask(`show route where ${condition} count`);
    expect(answer).toBe(`0014 ${routes} of 1 routes for 1 networks`);
  });

  test('&& and || bind equally, from the left', async () => {
    expect(await bird.ask('eval true || false && false', 'eval true || (false && false)')).toEqual([
      '0023 FALSE',
      '0023 TRUE',
    ]);
  });
});

describe('the control socket', () => {
  test('does not say a code twice in a row, whatever answers the two belong to', async () => {
    const bird = new SimulatedBird('define C = 1;');
    expect(await bird.ask('show symbols C', 'show symbols table', 'echo', 'show symbols C')).toEqual([
      '1010 C       \tconstant',
      ' master  \trouting table\n0000 ',
      expect.any(String),
      '1010 C       \tconstant',
    ]);
  });

  test('`down` ends sessions with Cease, administrative shutdown: neighbours forget all', async () => {
    const bird = new SimulatedBird(STATIC + session('graceful restart; export all;'));
    const neighbour = bird.meet('10.0.0.2', {
      gracefulRestart: { restartTime: 60, restarted: false, notification: false, forwarding: [] },
    });
    expect(neighbour.prefixes()).toEqual(['10.9.0.0/24']);
    expect(await bird.ask('down')).toEqual(['0007 Shutdown requested']);
    bird.lab.run(SECOND);
    expect([notified(neighbour), neighbour.isUp]).toEqual([['6.2'], false]);
  });

  test('`kernel1` waits while sessions come back, the unreachable and the passive too', async () => {
    const sessions = session('graceful restart; passive;', 'a') + session('graceful restart;', 'b', '10.0.0.3');
    const bird = new SimulatedBird(`protocol kernel { persist; export all; }\n${STATIC}${sessions}`);
    const state = async () => (await bird.ask('show protocols kernel1'))[0]!.split('\n')[1]!.split(/ +/)[3];
    bird.lab.run(RECOVERY);
    expect(await state()).toBe('up');
    bird.router.kill();
    bird.router.boot();
    bird.configure(`protocol kernel { persist; export all; }\n${STATIC}${sessions}`);
    expect([await state(), await bird.ask('show status')]).toEqual([
      'wait',
      [expect.stringContaining('   Waiting for 2 protocols to recover\n   Wait timer is 120/120\n')],
    ]);
    bird.lab.run(RECOVERY);
    expect([await state(), await bird.ask('show status')]).toEqual([
      'up',
      [expect.not.stringContaining('Graceful restart')],
    ]);
  });
});

describe('krt_tunnel', () => {
  const kernel = `protocol kernel { persist; merge paths; export filter {
    if source = RTS_BGP then krt_tunnel = "eth0";
    accept;
  }; }\n`;
  const announced = { nextHop: '10.0.0.2', localPref: 100 };

  test('is shown as what BIRD has no text for, and leads to the BGP next hop on link', async () => {
    const bird = new SimulatedBird(kernel + session('import all;'));
    bird.meet('10.0.0.2').announce(['10.65.0.0/26'], announced);
    bird.lab.run(SECOND);
    expect(bird.router.routes()).toEqual({ '10.65.0.0/26': 'via 10.0.0.2 dev eth0 onlink' });
    const [answer] = await bird.ask('show route export kernel1 10.65.0.0/26 all');
    expect(answer!.split('\n')).toContain(' \tKernel.tunnel: <type 43>');
  });

  test('is ignored by BIRD for merged routes; by Caracal it is not', () => {
    const bird = new SimulatedBird(kernel + session('import all;') + session('import all;', 'q', '10.0.0.3'));
    for (const address of ['10.0.0.2', '10.0.0.3']) {
      bird.meet(address).announce(['10.65.0.0/26'], { ...announced, nextHop: address });
    }
    bird.lab.run(SECOND);
    expect(bird.router.routes()).toEqual({
      '10.65.0.0/26': 'via 10.0.0.2 dev eth0 onlink | via 10.0.0.3 dev eth0 onlink',
    });
  });
});

describe('lists of attributes', () => {
  test('are sent in order, but for the cluster list, which only BIRD sorts', () => {
    const filter = 'filter { bgp_community.add((2,1)); bgp_large_community.add((1,2,3)); accept; }';
    const clients = session('rr client; import all;') + session(`rr client; export ${filter};`, 'q', '10.0.0.3');
    const bird = new SimulatedBird(clients);
    const [from, to] = [bird.meet('10.0.0.2'), bird.meet('10.0.0.3')];
    from.announce(['10.65.0.0/26'], {
      localPref: 100,
      communities: [0x30001, 0x10001],
      largeCommunities: [
        [9, 0, 0],
        [1, 9, 9],
      ],
      originatorId: 7,
      clusterList: [30, 20],
    });
    bird.lab.run(SECOND);
    expect(to.table.get('10.65.0.0/26')).toMatchObject({
      communities: [0x10001, 0x20001, 0x30001],
      largeCommunities: [
        [1, 2, 3],
        [1, 9, 9],
        [9, 0, 0],
      ],
      clusterList: [0x0a000001, 30, 20],
    });
  });
});

describe('a connection that comes in', () => {
  const external = (name: string, port: number) =>
    `protocol bgp ${name} { local as ${AS}; neighbor 10.0.0.2 port ${port} as ${AS}; passive; }\n`;

  test('belongs to the protocol of its address, whatever port that has', () => {
    const bird = new SimulatedBird(external('p', 1790));
    bird.meet('10.0.0.2');
    expect(bird.router.states()).toEqual({ p: 'Established' });
  });

  test('of several protocols with one address to one of them, and never to two', () => {
    const bird = new SimulatedBird(external('b', 1790) + external('a', 1791));
    bird.meet('10.0.0.2');
    expect(bird.router.states()).toEqual({ a: 'Established', b: 'Active' });
  });

  test('is refused where no protocol has its address', () => {
    const bird = new SimulatedBird(external('p', 179));
    const stranger = bird.meet.bind(bird, '10.0.0.66');
    expect(stranger).toThrow();
    expect(bird.router.states()).toEqual({ p: 'Active' });
  });
});
