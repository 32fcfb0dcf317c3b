// Situations: a node, its neighbours, and what each of them is to be told. BIRD says what exactly.

import { AS, announcement, community, type Node, type Peer, type Words } from './configuration.ts';

export interface Situation {
  readonly name: string;
  readonly node: (words: Words) => Node;
  /** Peer -> names of the prefixes that it gets, see `namesOf`. */
  readonly told: Readonly<Record<string, string>>;
  /** What the daemons program. */
  readonly programmed: string;
  /** The same node a moment later, by another configuration. */
  readonly later?: readonly Later[];
}

export interface Later {
  readonly name: string;
  readonly node: (words: Words) => Node;
  readonly told: Situation['told'];
  /** Sessions of each peer since the start. */
  readonly sessions: Readonly<Record<string, number>>;
  /** What peers take back before. */
  readonly withdraw?: (words: Words) => Readonly<Record<string, readonly string[]>>;
}

const ELEVATED = { localPref: 2_147_483_135 };

type Maker = (words: Words) => Peer;

const announcing = (peer: Peer, words: Words, prefixes: readonly string[], more = {}): Peer => ({
  ...peer,
  announce: [...(peer.announce ?? []), announcement(words, peer, prefixes, more)],
});

const meshNode =
  (number: number): Maker =>
  (words) =>
    announcing({ name: `node_${number}`, host: 10 + number }, words, [words.blockOf(number)]);

const tor: Maker = (words) =>
  announcing({ name: 'tor', host: 20, as: 65001 }, words, [words.outside(1), words.anywhere], {
    through: [65100],
    med: 50,
    communities: [community(65001, 7)],
  });

const rack: Maker = (words) => announcing({ name: 'rack', host: 21, as: 65002 }, words, [words.outside(2)]);

export const SITUATIONS: readonly Situation[] = [
  {
    name: 'a mesh',
    node: (words) => ({
      peers: [announcing(meshNode(1)(words), words, [words.visitor], ELEVATED), meshNode(2)(words), rack(words)],
      statics: `route ${words.services} blackhole;`,
    }),
    told: {
      node_1: 'block, borrowed, moving, outside 2, services',
      node_2: 'block, borrowed, moving, outside 2, services',
      rack: 'block, borrowed, moving, node 1, node 2, services, tunnelled, visitor',
    },
    programmed: 'block, hiddenBlock, node 1, node 2, outside 2, services, visitor',
  },
  {
    name: 'a node whose cluster routes are Felix’s',
    node: (words) => ({
      peers: [meshNode(1)(words), tor(words)],
      kernel: `if ( net ~ ${words.pool} ) then { reject; }
        if ( net ~ ${words.hiddenPool} ) then reject;
        if ( source = RTS_BGP && defined(bgp_med) ) then krt_metric = 700 + bgp_med;`,
    }),
    told: {
      node_1: 'anywhere, block, borrowed, moving, outside 1',
      tor: 'block, borrowed, moving, node 1, tunnelled',
    },
    programmed: 'anywhere, outside 1',
  },
  {
    name: 'a reflector',
    node: (words) => ({
      peers: [
        { ...meshNode(1)(words), options: 'rr client; rr cluster id 224.0.0.1;' },
        { ...meshNode(2)(words), options: 'rr client; rr cluster id 224.0.0.1;' },
        {
          ...announcing(meshNode(3)(words), words, [words.blockOf(33)], {
            originatorId: 0x0a0a0a0a,
            clusterList: [0xe0000003, 0xe0000002],
          }),
        },
        rack(words),
      ],
    }),
    told: {
      node_1: 'block, borrowed, moving, node 2, node 3, node 33, outside 2',
      node_2: 'block, borrowed, moving, node 1, node 3, node 33, outside 2',
      node_3: 'block, borrowed, moving, node 1, node 2, outside 2',
      rack: 'block, borrowed, moving, node 1, node 2, node 3, node 33, tunnelled',
    },
    programmed: 'block, hiddenBlock, node 1, node 2, node 3, node 33, outside 2',
  },
  {
    name: 'next hops',
    node: (words) => ({
      peers: [
        tor(words),
        { ...rack(words), options: 'next hop keep;' },
        { ...meshNode(1)(words), options: 'next hop self; rr client;' },
        { ...meshNode(2)(words), options: 'rr client;' },
        announcing({ name: 'far', host: 22, as: 65003, options: 'next hop keep;' }, words, [words.outside(3)], {
          nextHop: words.host(29),
        }),
      ],
    }),
    told: {
      tor: 'block, borrowed, moving, node 1, node 2, outside 2, outside 3, tunnelled',
      rack: 'anywhere, block, borrowed, moving, node 1, node 2, outside 1, outside 3, tunnelled',
      node_1: 'anywhere, block, borrowed, moving, node 2, outside 1, outside 2, outside 3',
      node_2: 'anywhere, block, borrowed, moving, node 1, outside 1, outside 2, outside 3',
      far: 'anywhere, block, borrowed, moving, node 1, node 2, outside 1, outside 2, tunnelled',
    },
    programmed: 'anywhere, block, hiddenBlock, node 1, node 2, outside 1, outside 2, outside 3',
  },
  {
    name: 'filters with communities, paths and priorities',
    node: (words) => ({
      peers: [
        tor(words),
        {
          ...rack(words),
          exporting: `if ( (65001, 7) ~ bgp_community ) then { bgp_community.add((${AS}, 200)); bgp_large_community.add((${AS}, 1, 2)); bgp_med = 17; accept; }
            if ( net ~ ${words.block} ) then { bgp_community.add((65535, 65281)); bgp_path.prepend(${AS}); bgp_path.prepend(${AS}); }`,
        },
        {
          ...announcing({ name: 'edge', host: 23, as: 65004 }, words, [words.outside(40), words.outside(41)], {
            through: [65200, 65201],
            largeCommunities: [[64512, 3, 4]],
          }),
          importing: `if ( bgp_path ~ [= 65004 65200 * =] ) then { bgp_local_pref = 350; bgp_community.add((${AS}, 1)); }
            if ( (64512, 3, 4) ~ bgp_large_community ) then { bgp_large_community.add((64512, 5, 6)); }
            if ( net = ${words.outside(41)} ) then reject;`,
        },
        {
          ...meshNode(1)(words),
          exporting: `if ( source ~ [ RTS_BGP ] ) then { if ( bgp_path ~ [= * 65201 =] ) then { bgp_local_pref = 77; accept; } reject; }`,
        },
        {
          ...announcing(meshNode(2)(words), words, [words.outside(42)], {
            ...ELEVATED,
            communities: [community(AS, 9)],
          }),
          importing: `bgp_community.delete([(${AS}, *)]); bgp_path.prepend(64999);`,
          exporting: `if ( ifname ~ "cali*" ) then { bgp_local_pref = bgp_local_pref - 1; reject; }`,
        },
      ],
    }),
    told: {
      tor: 'block, borrowed, moving, node 1, node 2, outside 2, outside 40, outside 42, tunnelled',
      rack: 'anywhere, block, borrowed, moving, node 1, node 2, outside 1, outside 40, outside 42, tunnelled',
      edge: 'anywhere, block, borrowed, moving, node 1, node 2, outside 1, outside 2, outside 42, tunnelled',
      node_1: 'block, borrowed, moving, outside 40',
      node_2: 'anywhere, block, outside 1, outside 2, outside 40',
    },
    programmed: 'anywhere, block, hiddenBlock, node 1, node 2, outside 1, outside 2, outside 40, outside 42',
  },
  {
    name: 'the language of filters',
    node: (words) => ({
      peers: [
        {
          ...meshNode(1)(words),
          exporting: `if ( net ~ [ ${words.pool}{${words.bits - 6},${words.bits - 6}}, ${words.outside(50)}- ] ) then accept; reject;`,
        },
        {
          ...meshNode(2)(words),
          exporting: `case source { RTS_STATIC: if net ~ ${words.pool} then accept; RTS_BGP: if low_med() then accept; else: reject; } reject;`,
        },
        {
          ...meshNode(3)(words),
          exporting: 'if true || false && false then reject; accept;',
        },
        {
          ...announcing({ name: 'source', host: 24, as: 65005 }, words, [words.outside(50)], { med: 5 }),
          importing: 'keep_some();',
          announce: [
            announcement(words, { host: 24, as: 65005 }, [words.outside(50)], { med: 5 }),
            announcement(words, { host: 24, as: 65005 }, [words.outside(51)], {
              med: 500,
              communities: [community(1, 1), community(2, 5)],
            }),
            announcement(words, { host: 24, as: 65005 }, [words.outside(52)], { origin: 2, through: [1, 2, 3] }),
          ],
        },
        {
          ...rack(words),
          exporting: `if krt_metric < 1024 then { bgp_community.add((9, 9)); accept; }
            if bgp_path.len > 3 then { bgp_med = bgp_path.first; accept; }
            if bgp_community ~ [ (2, 3..7) ] then { unset(bgp_med); bgp_community.delete([(1, *)]); accept; }
            reject;`,
        },
      ],
      more: `define BOUND = 100;
        function low_med() { return defined(bgp_med) && bgp_med <= BOUND; }
        function keep_some() int i; { i = bgp_path.len; if i = 0 then reject; if i > 3 then bgp_local_pref = 10 + i; }`,
    }),
    told: {
      node_1: 'block, outside 50, tunnelled',
      node_2: 'block, outside 50',
      node_3:
        'block, borrowed, hiddenBlock, link, moving, outside 2, outside 50, outside 51, outside 52, tunnelled, workload, world',
      source: 'block, borrowed, moving, node 1, node 2, node 3, outside 2, tunnelled',
      rack: 'block, hiddenBlock, link, moving, node 1, node 2, node 3, outside 50, outside 51, outside 52',
    },
    programmed: 'block, hiddenBlock, node 1, node 2, node 3, outside 2, outside 50, outside 51, outside 52',
  },
  {
    name: 'equal paths',
    node: (words) => ({
      session: 'add paths on;',
      peers: [
        announcing({ name: 'tor', host: 20, as: 65001 }, words, [words.outside(1), words.anywhere]),
        announcing({ name: 'twin', host: 25, as: 65001 }, words, [words.outside(1), words.anywhere]),
        announcing({ name: 'longer', host: 26, as: 65001 }, words, [words.outside(1)], { through: [65100] }),
        { name: 'collector', host: 27, config: { addPath: { send: [words.family], receive: [words.family] } } },
        {
          ...announcing(meshNode(1)(words), words, [words.anywhere, words.outside(6)], { localPref: 100 }),
          options: 'rr client;',
        },
        {
          ...announcing(meshNode(2)(words), words, [words.outside(6)], { localPref: 100 }),
          options: 'rr client;',
        },
      ],
    }),
    told: {
      tor: 'anywhere, block, borrowed, moving, node 1, node 2, outside 6, tunnelled',
      twin: 'anywhere, block, borrowed, moving, node 1, node 2, outside 1, outside 6, tunnelled',
      longer: 'anywhere, block, borrowed, moving, node 1, node 2, outside 1, outside 6, tunnelled',
      collector: 'anywhere, block, borrowed, moving, node 1, node 2, outside 1, outside 6',
      node_1: 'block, borrowed, moving, node 2, outside 1',
      node_2: 'anywhere, block, borrowed, moving, node 1, outside 1, outside 6',
    },
    programmed: 'anywhere, block, hiddenBlock, node 1, node 2, outside 1, outside 6',
  },
  {
    name: 'next hops that lead somewhere else, and nowhere',
    node: (words) => ({
      statics: `route ${words.outside(9)} via ${words.host(20)};`,
      peers: [
        announcing(meshNode(1)(words), words, [words.outside(4)], { nextHop: words.behind }),
        announcing(meshNode(2)(words), words, [words.outside(5)], { nextHop: words.nowhere }),
        { ...rack(words), exporting: `if ( source = RTS_STATIC || net ~ ${words.world} ) then accept;` },
      ],
    }),
    told: {
      node_1: 'block, borrowed, moving, outside 2',
      node_2: 'block, borrowed, moving, outside 2',
      rack: 'block, borrowed, hiddenBlock, moving, node 1, node 2, outside 4, outside 5, outside 9, tunnelled, world',
    },
    programmed: 'block, hiddenBlock, node 1, node 2, outside 2, outside 4, outside 5, outside 9',
  },
  {
    name: 'sessions of all kinds',
    node: (words) => ({
      settings: 'listen bgp port 1790;',
      peers: [
        { ...tor(words), port: 1790, options: 'hold time 90; keepalive time 20; add paths on;' },
        { ...rack(words), port: 1790, ourAs: 65010, options: 'local as 65010; graceful restart time 33;' },
        {
          ...announcing({ name: 'loop', host: 28, as: 65006, ourAs: 65010 }, words, [words.outside(59)], {
            through: [65010],
          }),
          port: 1790,
          options: 'local as 65010; allow local as 1;',
        },
        { ...meshNode(1)(words), port: 1790, options: 'enable as4 on; preference 150; next hop self;' },
        {
          name: 'large',
          host: 30,
          as: 4200000000,
          port: 1790,
          options: 'graceful restart aware;',
        },
      ],
    }),
    told: {
      tor: 'block, borrowed, moving, node 1, outside 2, outside 59, tunnelled',
      rack: 'anywhere, block, borrowed, moving, node 1, outside 1, outside 59, tunnelled',
      loop: 'anywhere, block, borrowed, moving, node 1, outside 1, outside 2, tunnelled',
      node_1: 'anywhere, block, borrowed, moving, outside 1, outside 2, outside 59',
      large: 'anywhere, block, borrowed, moving, node 1, outside 1, outside 2, outside 59, tunnelled',
    },
    programmed: 'anywhere, block, hiddenBlock, node 1, outside 1, outside 2, outside 59',
  },
  {
    name: 'a configuration that changes',
    node: (words) => ({ peers: changing(words) }),
    told: {
      tor: 'block, borrowed, moving, node 1, outside 2, tunnelled',
      rack: 'anywhere, block, borrowed, moving, node 1, outside 1, tunnelled',
      node_1: 'anywhere, block, borrowed, moving, outside 1, outside 2',
    },
    programmed: 'anywhere, block, hiddenBlock, node 1, outside 1, outside 2',
    later: [
      {
        name: 'filters are other ones, and no session notices',
        node: (words) => ({
          peers: changing(words, {
            exporting: `if ( net ~ ${words.world} ) then accept; if ( source = RTS_BGP ) then reject;`,
          }),
        }),
        told: {
          tor: 'block, borrowed, moving, node 1, outside 2, tunnelled',
          rack: 'block, borrowed, moving, tunnelled, world',
          node_1: 'anywhere, block, borrowed, moving, outside 1, outside 2',
        },
        sessions: { tor: 1, rack: 1, node_1: 1 },
      },
      {
        name: 'comments, names of templates and descriptions change nothing',
        node: (words) => ({ settings: '# a comment', session: 'description "other";', peers: changing(words) }),
        told: {
          tor: 'block, borrowed, moving, node 1, outside 2, tunnelled',
          rack: 'anywhere, block, borrowed, moving, node 1, outside 1, tunnelled',
          node_1: 'anywhere, block, borrowed, moving, outside 1, outside 2',
        },
        sessions: { tor: 1, rack: 1, node_1: 1 },
      },
      {
        name: 'a peer takes its routes back',
        node: (words) => ({ peers: changing(words) }),
        told: {
          tor: 'block, borrowed, moving, node 1, outside 2, tunnelled',
          rack: 'anywhere, block, borrowed, moving, node 1, tunnelled',
          node_1: 'anywhere, block, borrowed, moving, outside 2',
        },
        sessions: { tor: 1, rack: 1, node_1: 1 },
        withdraw: (words) => ({ tor: [words.outside(1)] }),
      },
      {
        name: 'another hold time takes a new session, for that peer only',
        node: (words) => ({ peers: changing(words, { options: 'hold time 60;' }) }),
        told: {
          tor: 'block, borrowed, moving, node 1, outside 2, tunnelled',
          rack: 'anywhere, block, borrowed, moving, node 1, tunnelled',
          node_1: 'anywhere, block, borrowed, moving, outside 2',
        },
        sessions: { tor: 1, rack: 2, node_1: 1 },
      },
      {
        name: 'static routes come and go, and the kernel is told less',
        node: (words) => ({
          statics: `route ${words.services} blackhole;`,
          kernel: `if ( net = ${words.outside(2)} ) then reject;`,
          peers: changing(words, { options: 'hold time 60;' }),
        }),
        told: {
          tor: 'block, borrowed, moving, node 1, outside 2, services, tunnelled',
          rack: 'anywhere, block, borrowed, moving, node 1, services, tunnelled',
          node_1: 'anywhere, block, borrowed, moving, outside 2, services',
        },
        sessions: { tor: 1, rack: 2, node_1: 1 },
      },
    ],
  },
];

function changing(words: Words, ofRack: Partial<Peer> = {}): readonly Peer[] {
  return [tor(words), { ...rack(words), ...ofRack }, meshNode(1)(words)];
}
