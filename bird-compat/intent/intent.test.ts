// Whole configurations as Intents: the router, static routes, the kernel, interfaces, BIRD 2's channels and ranges, and what
// going from one configuration to the next costs.

import { describe, expect, test } from 'vitest';
import { diffIntents, isEmptyChange } from '../../src/intent/diff.ts';
import type { Intent } from '../../src/intent/types.ts';
import { evaluate } from '../../src/policy/index.ts';
import { route } from '../../src/policy/policy.fixture.ts';
import { FRAME, read, type TextOptions } from '../bird.fixture.ts';
import { birdIntent } from '../index.ts';

const intentOf = (text: string, options: TextOptions = {}): Intent => birdIntent(read(text, options), { node: 'n' });
const bgp = (options: string, name = 'p') =>
  `protocol bgp ${name} { local as 64512; neighbor 10.0.0.2 as 64512; ${options} }\n`;

describe('the router', () => {
  test('of one session', () => {
    const { peers, kernel, ...rest } = intentOf(
      FRAME + bgp('source address 10.0.0.1; rr client; rr cluster id 0.0.0.9;'),
    );
    expect(rest).toEqual({
      node: 'n',
      localAs: 64512,
      bgpIdentifier: 0x0a000001,
      clusterId: 9,
      addresses: { ipv4: '10.0.0.1' },
      listen: [{ address: '0.0.0.0', port: 179 }],
      localRoutes: [],
      logLevel: 'info',
      problems: [],
    });
    expect([...peers.keys()]).toEqual(['p']);
    expect(
      [kernel.ipv4, kernel.ipv6].map(({ policy, directInterfaces }) => [policy.default, directInterfaces]),
    ).toEqual([
      ['reject', []],
      ['reject', []],
    ]);
  });

  test('without a router id takes the one it is given', () => {
    const configuration = read('protocol device { }');
    expect(birdIntent(configuration, { node: 'n', routerId: 5 }).bgpIdentifier).toBe(5);
    expect(birdIntent(configuration, { node: 'n' }).problems.map(({ text }) => text)).toEqual([
      'Cannot determine router ID, please configure it manually',
    ]);
  });

  test.each<[string, TextOptions, Intent['listen']]>([
    ['', {}, [{ address: '0.0.0.0', port: 179 }]],
    ['listen bgp port 1790;', {}, [{ address: '0.0.0.0', port: 1790 }]],
    ['listen bgp address 10.0.0.1 port 1790;', {}, [{ address: '10.0.0.1', port: 1790 }]],
  ])('listens as told: %j', (setting, options, listen) => {
    expect(intentOf(`${FRAME}${setting}\n${bgp('')}`, options).listen).toEqual(listen);
  });

  test('of the IPv6 daemon listens for IPv6', () => {
    const text = `${FRAME}protocol bgp { local as 1; neighbor fd00::2 as 1; }`;
    expect(intentOf(text, { family: 'ipv6' }).listen).toEqual([{ address: '::', port: 179 }]);
  });

  test('without a session does not listen', () => {
    expect(intentOf(FRAME).listen).toEqual([]);
    expect(intentOf(FRAME + bgp('disabled;')).listen).toEqual([]);
  });

  test('runs what a control socket switched on, and not what it switched off', () => {
    const configuration = read(FRAME + bgp('disabled;', 'a') + bgp('', 'b'));
    const isEnabled = ({ name }: { name: string }) => name === 'a';
    expect([...birdIntent(configuration, { node: 'n', isEnabled }).peers.keys()]).toEqual(['a']);
  });

  test('has one cluster id; another one is of its session', () => {
    const client = (name: string, id: string) => bgp(`rr client; rr cluster id ${id};`, name);
    const { clusterId, peers } = intentOf(FRAME + client('a', '1.1.1.1') + client('b', '2.2.2.2'));
    expect([clusterId, peers.get('a')!.clusterId, peers.get('b')!.clusterId]).toEqual([
      0x01010101,
      undefined,
      0x02020202,
    ]);
  });

  test('names what Calico names by its kind', () => {
    const names = ['Mesh_10_0_0_2', 'Global_10_0_0_2_port_1', 'Node_10_0_0_2', 'Local_Workload_10_0_0_2', 'other'];
    const { peers } = intentOf(FRAME + names.map((name) => bgp('', name)).join(''));
    expect(names.map((name) => peers.get(name)!.kind)).toEqual(['mesh', 'global', 'node', 'localWorkload', 'static']);
  });
});

describe('static routes', () => {
  const routesOf = (options: string, filters = '') =>
    intentOf(`${FRAME}${filters}\nprotocol static {\n${options}\n}`, { bird: 1 }).localRoutes;
  const common = { prefix: '10.1.0.0/16', origin: 'bird.conf:4' };

  test.each<[string, object]>([
    ['blackhole', { type: 'blackhole' }],
    ['drop', { type: 'blackhole' }],
    ['via 10.0.0.9', { type: 'via', gateway: '10.0.0.9' }],
  ])('%s', (destination, expected) => {
    expect(routesOf(`route 10.1.0.0/16 ${destination};`)).toEqual([{ ...common, ...expected }]);
  });

  test.each<[string, object | undefined, string]>([
    ['unreachable', { type: 'blackhole' }, 'is a blackhole'],
    ['prohibit', { type: 'blackhole' }, 'is a blackhole'],
    [
      'recursive 10.9.9.9',
      { type: 'via', gateway: '10.9.9.9' },
      'is there while its gateway is a neighbour, and only then',
    ],
    ['via 10.0.0.9%eth0', { type: 'via', gateway: '10.0.0.9' }, 'is there whatever the interface of its gateway'],
    ['via "eth0"', undefined, 'is left out: it leads to an interface, which Caracal does not do'],
    [
      'multipath via 10.0.0.8 weight 2 via 10.0.0.9',
      undefined,
      'is left out: it has several gateways, which Caracal does not do',
    ],
  ])('%s, as near as can be', (destination, expected, text) => {
    const { localRoutes, problems } = intentOf(`${FRAME}\nprotocol static {\nroute 10.1.0.0/16 ${destination};\n}`, {
      bird: 1,
    });
    expect(localRoutes).toEqual(expected === undefined ? [] : [{ ...common, ...expected }]);
    expect(problems).toMatchObject([{ text: `the route to 10.1.0.0/16 ${text}`, place: 'bird.conf:4:1' }]);
  });

  test('are all in the configuration, as they were written', () => {
    const { protocols } = read(
      `${FRAME}protocol static { route 10.1.0.0/16 multipath via 10.0.0.8 weight 2 via 10.0.0.9; route 10.2.0.0/16 prohibit; }`,
    );
    expect(protocols[1]!.routes.map(({ place: _, ...route }) => route)).toEqual([
      {
        prefix: '10.1.0.0/16',
        type: 'multipath',
        gateways: [
          { gateway: '10.0.0.8', weight: 2 },
          { gateway: '10.0.0.9', weight: 1 },
        ],
      },
      { prefix: '10.2.0.0/16', type: 'prohibit' },
    ]);
  });

  test('have the attributes that their commands and the import filter give them', () => {
    const text = `${FRAME}filter mark { if net ~ 10.2.0.0/16 then reject; bgp_local_pref = bgp_med + 1; preference = 150; accept; }
protocol static { import filter mark; route 10.2.0.0/16 blackhole;
route 10.1.0.0/16 blackhole { bgp_med = 5; bgp_community.add((1,2)); krt_metric = 7; }; }`;
    const { localRoutes, problems } = intentOf(text);
    const attributes = { origin: 0, asPath: [], med: 5, communities: [0x10002], localPref: 6 };
    expect(localRoutes).toEqual([{ ...common, type: 'blackhole', attributes }]);
    expect(problems.map(({ text: told }) => told)).toEqual([
      'the route to 10.1.0.0/16 has no krt_metric, preference of its own',
    ]);
  });

  test('see themselves as static ones', () => {
    const filters = 'filter own { if source = RTS_STATIC && proto = "static1" && dest = RTD_BLACKHOLE then accept; }';
    expect(routesOf('import filter own;\nroute 10.1.0.0/16 blackhole;', filters)).toHaveLength(1);
  });

  test('are not there where a filter fails, and that is told', () => {
    const { localRoutes, problems } = intentOf(
      `${FRAME}protocol static { import where bgp_path.len > 1; route 10.1.0.0/16 blackhole; }`,
    );
    expect(localRoutes).toEqual([]);
    expect(problems.map(({ text }) => text)).toEqual(['the route to 10.1.0.0/16 is not there: .len of void']);
  });

  test('of one prefix: the highest preference, then the first', () => {
    const text = `${FRAME}
protocol static { route 10.1.0.0/16 blackhole; route 10.1.0.0/16 via 10.0.0.9; }
protocol static { preference 210; route 10.1.0.0/16 blackhole; }`;
    expect(intentOf(text).localRoutes.map(({ origin }) => origin)).toEqual(['bird.conf:4']);
  });

  test('of protocols that are switched off are none', () => {
    expect(routesOf('disabled; route 10.1.0.0/16 blackhole;')).toEqual([]);
  });
});

describe('the kernel', () => {
  const kernelOf = (options: string, more = '') =>
    intentOf(`${FRAME}${more} protocol kernel { ${options} }`, { bird: 1 }).kernel.ipv4;

  test('as Calico configures it', () => {
    const { policy, ...rest } = kernelOf(
      'learn; persist; scan time 2; import all; export all; graceful restart; merge paths on;',
    );
    expect(policy.name).toBe('ACCEPT');
    expect(rest).toEqual({ directInterfaces: [], maxPaths: 16 });
  });

  test("with BIRD's defaults exports nothing, learns nothing and cleans up behind it", () => {
    const { policy, importPolicy, ...rest } = kernelOf('');
    expect([policy.name, importPolicy?.name]).toEqual(['REJECT', 'REJECT']);
    expect(rest).toEqual({ directInterfaces: [], maxPaths: 1, persist: false });
  });

  test.each<[string, object]>([
    ['merge paths on limit 4;', { maxPaths: 4 }],
    ['merge paths off;', { maxPaths: 1 }],
    ['kernel table 100; metric 32;', { table: 100, metric: 32 }],
    ['metric 0;', {}],
  ])('%s', (options, expected) => {
    const { policy: _, importPolicy: __, ...rest } = kernelOf(`persist; ${options}`);
    expect(rest).toEqual({ directInterfaces: [], maxPaths: 1, ...expected });
  });

  test('learns what its import filter takes', () => {
    const { importPolicy } = kernelOf('learn; import where krt_source = 80;');
    const verdict = (krt_source: number) =>
      evaluate(importPolicy!, route('10.0.0.0/8', { source: 'kernel', other: { krt_source } })).accepted;
    expect([verdict(80), verdict(4)]).toEqual([true, false]);
  });

  test('has the interfaces of the direct protocol', () => {
    const direct = (text: string) => intentOf(`${FRAME}protocol direct { ${text} }`).kernel.ipv4.directInterfaces;
    expect([direct(''), direct('interface -"cali*", "*";'), direct('disabled;')]).toEqual([['*'], ['-cali*', '*'], []]);
  });
});

describe('BIRD 2', () => {
  const ADDRESSES = 'local 10.0.0.1 as 64512; neighbor 10.0.0.2';

  test('has a channel for each family', () => {
    const text = `${FRAME}protocol bgp p { ${ADDRESSES} internal; rr client;
      ipv4 { import all; export all; add paths tx; next hop keep; import limit 5 action warn; };
      ipv6 { import all; export where net ~ [ 2001:db8::/32+ ]; add paths tx; next hop keep; import limit 5 action warn; }; }`;
    const { peers, listen } = intentOf(text);
    const { families, addPath, nextHopMode, limits, importPolicy, exportPolicy, remoteAs } = peers.get('p')!;
    expect({ families, addPath, nextHopMode, limits, remoteAs, listen }).toEqual({
      families: ['ipv4', 'ipv6'],
      addPath: 'send',
      nextHopMode: 'keep',
      limits: { import: { count: 5, action: 'warn' } },
      remoteAs: 64512,
      listen: [{ port: 179 }],
    });
    expect(importPolicy.name).toBe('ACCEPT');
    const verdict = (prefix: string) => evaluate(exportPolicy, route(prefix)).accepted;
    expect(['10.0.0.0/8', '2001:db8:1::/48', '2001::/32'].map(verdict)).toEqual([true, true, false]);
  });

  test('has filters that call functions in both', () => {
    const text = `${FRAME}
      function small(int n) { return net.len > n; }
      protocol bgp p { ${ADDRESSES} internal; ipv4 { export where small(24); }; ipv6 { export where small(48); }; }`;
    const { exportPolicy } = intentOf(text).peers.get('p')!;
    const verdict = (prefix: string) => evaluate(exportPolicy, route(prefix)).accepted;
    expect(['10.0.0.0/24', '10.0.0.0/25', '2001::/48', '2001::/49'].map(verdict)).toEqual([false, true, false, true]);
  });

  test('says where its channels disagree about what a session has only once', () => {
    const text = `${FRAME}protocol bgp p { ${ADDRESSES} internal; ipv4 { add paths on; }; ipv6 { next hop self; }; }`;
    expect(intentOf(text).problems.map(({ text: told }) => told)).toEqual([
      'p: next hop of its first channel is used for all',
      'p: add paths of its first channel is used for all',
    ]);
  });

  test('takes whoever connects from a range', () => {
    const text = `${FRAME}protocol bgp nodes { local as 64512; neighbor range 10.0.0.0/24 internal; rr client;
      dynamic name "node_"; dynamic name digits 3; password "x"; ipv4 { import all; export all; }; }`;
    const { peers, peerRanges } = intentOf(text);
    expect(peers.size).toBe(0);
    expect(peerRanges).toEqual([
      {
        name: 'nodes',
        range: '10.0.0.0/24',
        namePrefix: 'node_',
        digits: 3,
        peer: expect.objectContaining({ passive: true, remoteAs: 64512, routeReflectorClient: true, password: 'x' }),
      },
    ]);
  });

  test('takes any external AS', () => {
    const text = `${FRAME}protocol bgp p { ${ADDRESSES} external; ipv4 { import all; export none; }; }`;
    expect(intentOf(text).peers.get('p')).toMatchObject({ remoteAs: 0, anyExternalAs: true, direct: true });
  });

  test('has roles, long messages and IPv6 next hops of IPv4 routes', () => {
    const peer = (options: string, channel = '') =>
      intentOf(
        `${FRAME}protocol bgp p { ${ADDRESSES} as 2; ${options} ipv4 { import all; export none; ${channel} }; }`,
        {
          bird: 2,
        },
      ).peers.get('p');
    expect(peer('local role rs_client; require roles; enable extended messages;', 'extended next hop;')).toMatchObject({
      role: 'routeServerClient',
      requireRole: true,
      extendedMessages: true,
      extendedNextHop: true,
    });
    for (const field of ['role', 'requireRole', 'extendedMessages', 'extendedNextHop']) {
      expect(peer('require roles off; enable extended messages off;', 'extended next hop off;')).not.toHaveProperty(
        field,
      );
    }
  });

  test('is known on its link where its address is link-local', () => {
    const text = `${FRAME}protocol bgp p { local as 1; neighbor fe80::2 % eth0 as 2; ipv6 { import all; export none; }; }`;
    const { peers, problems } = intentOf(text);
    expect(peers.get('p')).toMatchObject({ address: 'fe80::2', interface: 'eth0' });
    expect(problems).toEqual([]);
  });

  test('listens where its protocols say', () => {
    const text = `${FRAME}
      protocol bgp a { local 10.0.0.1 port 1790 as 1; neighbor 10.0.0.2 internal; strict bind; ipv4; }
      protocol bgp b { local as 1; neighbor 10.0.0.3 internal; ipv4; }`;
    expect(intentOf(text).listen).toEqual([{ address: '10.0.0.1', port: 1790 }, { port: 179 }]);
  });

  test('has kernel, static and direct of both families', () => {
    const text = `${FRAME}
      protocol kernel { ipv4 { export all; }; }
      protocol kernel { ipv6 { export none; }; learn; persist; }
      protocol static { ipv4; route 10.1.0.0/16 blackhole; route 10.2.0.0/16 via 10.0.0.8; }
      protocol static { ipv6; route 2001:db8::/32 blackhole; }
      protocol direct { ipv4; ipv6; interface "eth*"; }`;
    const { kernel, localRoutes } = intentOf(text);
    expect(localRoutes.map(({ prefix, type }) => `${prefix} ${type}`)).toEqual([
      '10.1.0.0/16 blackhole',
      '10.2.0.0/16 via',
      '2001:db8::/32 blackhole',
    ]);
    expect([kernel.ipv4.policy.name, kernel.ipv4.metric, kernel.ipv6.policy.name, kernel.ipv6.persist]).toEqual([
      ...['ACCEPT', 32, 'REJECT', undefined],
    ]);
    expect([kernel.ipv4.directInterfaces, kernel.ipv6.directInterfaces]).toEqual([['eth*'], ['eth*']]);
  });
});

describe('other tables than the main ones', () => {
  const TEXT = `${FRAME}table red;
${bgp('table red;', 'a')}${bgp('', 'b')}
protocol pipe { table master; peer table red; }
protocol static { table red; route 10.1.0.0/16 blackhole; }`;

  test('are left out and told, because there is one table for each family', () => {
    const { peers, localRoutes, problems } = intentOf(TEXT);
    expect([...peers.keys()]).toEqual(['b']);
    expect(localRoutes).toEqual([]);
    expect(problems.map(({ text, severity }) => [text, severity])).toEqual([
      ['a: Caracal has one table for each family, what concerns red is left out', undefined],
      ['pipe1: Caracal has one table for each family, pipes lead nowhere', undefined],
      ['static1: Caracal has one table for each family, what concerns red is left out', undefined],
    ]);
  });
});

describe('what the router does not carry out is told', () => {
  const told = (text: string, options: TextOptions = {}) =>
    intentOf(FRAME + text, options).problems.map(({ text: what, severity }) => `${severity ?? 'problem'} ${what}`);

  test.each<[string, string]>([
    [
      'protocol kernel { ipv4 { export all; }; } protocol kernel k6 { ipv6 { export all; }; kernel table 7; }',
      'warning k6: its routes go into the kernel table of kernel1, there is one for both',
    ],
    ['protocol bgp c { local as 1; neighbor 10.0.0.2 internal; }', 'problem c: no channel, so there is nothing to do'],
  ])('%s', (text, expected) => {
    expect(told(text, text.includes('ipv4') || text.includes('internal') ? { bird: 2 } : { bird: 1 })).toEqual([
      expected,
    ]);
  });
});

describe('a new configuration', () => {
  const cost = (before: string, after: string) => {
    const change = diffIntents(intentOf(FRAME + before), intentOf(FRAME + after));
    if (isEmptyChange(change)) return 'none';
    return change.peers.map((peer) => (peer.type === 'changed' ? peer.impact : peer.type)).join();
  };

  test.each<[string, string, string, string]>([
    [
      'comments and lines',
      bgp('import where net ~ 10.0.0.0/8;'),
      `# x\n\n${bgp('import\nwhere net ~ 10.0.0.0/8; # y\n')}`,
      'live',
    ],
    ['debug', bgp(''), bgp('debug all;'), 'none'],
    ['redundant defaults', bgp(''), bgp('hold time 240; passive off; import all; export none;'), 'none'],
    ['a description', bgp(''), bgp('description "x";'), 'live'],
    ['an import limit', bgp(''), bgp('import limit 5;'), 'refilter'],
    ['an import filter', bgp(''), bgp('import where net ~ 10.0.0.0/8;'), 'refilter'],
    ['an export filter', bgp(''), bgp('export all;'), 'refilter'],
    ['the preference', bgp(''), bgp('preference 90;'), 'refilter'],
    ['rr client, which resets BIRD', bgp(''), bgp('rr client;'), 'refilter'],
    ['next hop self, which resets BIRD', bgp(''), bgp('next hop self;'), 'refilter'],
    ['connect retry time, which resets BIRD', bgp(''), bgp('connect retry time 9;'), 'live'],
    ['the hold time', bgp(''), bgp('hold time 90;'), 'restart'],
    ['the password', bgp(''), bgp('password "x";'), 'restart'],
    ['additional paths', bgp(''), bgp('add paths;'), 'restart'],
    ['the source address', bgp(''), bgp('source address 10.0.0.1;'), 'restart'],
    ['disabled', bgp(''), bgp('disabled;'), 'removed'],
    ['another protocol', bgp(''), bgp('') + bgp('', 'q'), 'added'],
  ])('costs for %s', (_name, before, after, expected) => {
    expect(cost(before, after)).toBe(expected);
  });
});

describe("the reflector of Calico's guide", () => {
  const PEERS = 1_000;
  const MILLISECONDS = 500;
  const block = (i: number) => {
    const address = `10.1.${i >> 8}.${i & 255}`;
    return `protocol bgp node${i} {
  description "${address}";
  local as 64512;
  neighbor ${address} as 64512;
  multihop;
  rr client;
  graceful restart;
  import all;
  export all;
}
`;
  };
  const text = `router id 10.0.0.1;
log syslog { debug, trace, info, remote, warning, error, auth, fatal, bug };
log stderr all;
debug protocols all;
protocol device { scan time 10; }
${Array.from({ length: PEERS }, (_, i) => block(i)).join('')}`;

  test(`has ${PEERS} clients in under ${MILLISECONDS} ms`, () => {
    const { peers, problems } = intentOf(text);
    // The fastest of several: other tests run at the same time.
    const times = Array.from({ length: 7 }, () => {
      const start = performance.now();
      intentOf(text);
      return performance.now() - start;
    });
    expect(problems).toEqual([]);
    expect(peers.size).toBe(PEERS);
    expect(peers.get('node999')).toMatchObject({
      address: '10.1.3.231',
      routeReflectorClient: true,
      description: '10.1.3.231',
    });
    expect(Math.min(...times)).toBeLessThan(MILLISECONDS);
  });
});
