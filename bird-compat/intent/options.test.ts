// Options: that every one which can be read has a meaning, and which meaning it has.

import { describe, expect, test } from 'vitest';
import type { PeerIntent } from '../../src/intent/types.ts';
import { answer, FRAME, read, type TextOptions } from '../bird.fixture.ts';
import { birdIntent } from '../index.ts';
import { CHANNEL_NAMES, optionsOf, type Row, settingsOf } from '../language/options.ts';
import { BGP_OPTIONS } from './bgp-options.ts';
import { hasSetting } from './compile.ts';
import type { ProtocolKind } from './configuration.ts';
import { hasMeaning } from './protocol-options.ts';
import { BGP_CHANNEL_OPTIONS, ROUTE_OPTIONS } from './route-options.ts';

const KINDS: readonly ProtocolKind[] = ['bgp', 'kernel', 'device', 'direct', 'static', 'pipe', 'bfd'];
const nameOf = ({ words }: Row) => words.join(' ');

describe('every option that is read has a meaning', () => {
  const dialects = [{ bird: 1, family: 'ipv4' } as const, { bird: 2 } as const];

  test.each(KINDS.flatMap((kind) => dialects.map((dialect) => ({ kind, dialect }))))(
    '$kind $dialect',
    ({ kind, dialect }) => {
      const rows = optionsOf(kind, dialect)!;
      expect(rows.map(nameOf).filter((name) => !hasMeaning(kind, name))).toEqual([]);
    },
  );

  test.each(['bgp', 'static'] as const)('channels of %s', (kind) => {
    const channel = optionsOf(kind, { bird: 2 })!.find((row) => nameOf(row) === CHANNEL_NAMES[0])!;
    const handlers = kind === 'bgp' ? BGP_CHANNEL_OPTIONS : { ...ROUTE_OPTIONS, debug: 0, 'rpki reload': 0 };
    expect(channel.block!.map(nameOf).filter((name) => !(name in handlers))).toEqual([]);
  });

  test.each(dialects)('settings of %j', (dialect) => {
    expect(
      settingsOf(dialect)
        .map(nameOf)
        .filter((name) => !hasSetting(name)),
    ).toEqual([]);
  });

  test('and no BGP option has a meaning that nobody can write', () => {
    const written = new Set(dialects.flatMap((dialect) => optionsOf('bgp', dialect)!.map(nameOf)));
    expect(Object.keys(BGP_OPTIONS).filter((name) => !written.has(name))).toEqual([]);
  });
});

const peerOf = (options: string, language: TextOptions = {}): PeerIntent => {
  const text = `${FRAME}protocol bgp p { local as 64512; neighbor 10.0.0.2 as 64512; ${options} }`;
  return [...birdIntent(read(text, { bird: 1, ...language }), { node: 'n' }).peers.values()][0]!;
};

const PLAIN = {
  name: 'p',
  kind: 'static',
  description: '',
  origin: ['bird.conf:2'],
  families: ['ipv4'],
  address: '10.0.0.2',
  port: 179,
  remoteAs: 64512,
  localAs: 64512,
  passive: false,
  holdTime: 240,
  restartTime: 120,
  allowedLocalAs: 0,
  nextHopMode: 'auto',
  routeReflectorClient: false,
  addPath: 'off',
  gracefulRestart: 'aware',
  importPolicy: { name: 'ACCEPT', default: 'accept', body: [] },
  exportPolicy: { name: 'REJECT', default: 'reject', body: [] },
};

describe('a BGP protocol', () => {
  test('has the defaults of BIRD', () => {
    expect(peerOf('')).toEqual(PLAIN);
  });

  test.each<[string, object]>([
    ['description "x";', { description: 'x' }],
    ['source address 10.0.0.1;', { localAddress: '10.0.0.1' }],
    ['local 10.0.0.1 as 64513;', { localAddress: '10.0.0.1', localAs: 64513, direct: true }],
    ['hold time 90; keepalive time 30;', { holdTime: 90, keepaliveTime: 30 }],
    ['connect retry time 5; connect delay time 2;', { timers: { connectRetry: 5, connectDelay: 2 } }],
    ['error wait time 5,30; error forget time 60;', { timers: { errorWait: [5, 30], errorForget: 60 } }],
    ['graceful restart; graceful restart time 60;', { gracefulRestart: undefined, restartTime: 60 }],
    ['graceful restart off;', { gracefulRestart: 'off' }],
    ['long lived graceful restart;', { longLivedGracefulRestart: { staleTime: 3600 } }],
    ['long lived graceful restart on; long lived stale time 60;', { longLivedGracefulRestart: { staleTime: 60 } }],
    ['long lived graceful restart aware; long lived stale time 60;', {}],
    ['long lived graceful restart off;', { longLivedGracefulRestart: 'off' }],
    ['passive;', { passive: true }],
    ['passive off;', {}],
    ['passive no; passive (1);', { passive: true }],
    ['password "secret";', { password: 'secret' }],
    ['ttl security; multihop 3;', { ttlSecurity: 3 }],
    ['ttl security on;', { ttlSecurity: 64 }],
    ['direct; ttl security;', { direct: true, ttlSecurity: 1 }],
    ['allow local as 2;', { allowedLocalAs: 2 }],
    ['allow local as;', { allowedLocalAs: 255 }],
    ['add paths;', { addPath: 'both' }],
    ['add paths rx;', { addPath: 'receive' }],
    ['add paths tx;', { addPath: 'send' }],
    ['add paths off;', {}],
    ['next hop self;', { nextHopMode: 'self' }],
    ['next hop keep;', { nextHopMode: 'keep' }],
    ['rr client; rr cluster id 1.2.3.4;', { routeReflectorClient: true }],
    [
      'import limit 10; export limit 5 action warn; receive limit off;',
      {
        limits: { import: { count: 10, action: 'disable' }, export: { count: 5, action: 'warn' } },
      },
    ],
    ['route limit 7;', { limits: { import: { count: 7, action: 'restart' } } }],
    ['import limit 10; import limit off;', {}],
    ['preference 90;', { preference: 90 }],
    ['import none; export all;', { importPolicy: PLAIN.exportPolicy, exportPolicy: PLAIN.importPolicy }],
  ])('%s', (options, changes) => {
    const { gracefulRestart, ...rest } = { ...PLAIN, ...changes } as Partial<PeerIntent>;
    expect(peerOf(options)).toEqual(gracefulRestart === undefined ? rest : { ...rest, gracefulRestart });
  });

  test('external neighbours are one hop away, unless it says otherwise', () => {
    const external = (options: string) => {
      const text = `${FRAME}protocol bgp p { local as 1; neighbor 10.0.0.2 port 1179 as 2; ${options} }`;
      const peer = birdIntent(read(text, { bird: 1 }), { node: 'n' }).peers.get('p')!;
      return [peer.direct, peer.port];
    };
    expect([external(''), external('multihop;'), external('direct;')]).toEqual([
      [true, 1179],
      [undefined, 1179],
      [true, 1179],
    ]);
  });

  test('templates give what their copies do not say', () => {
    const text = `${FRAME}
      template bgp common { local as 64512; rr client; hold time 90; import all; description "base"; }
      template bgp slow from common { hold time 900; }
      protocol bgp a from slow { neighbor 10.0.0.2 as 64512; }
      protocol bgp b from a { description "b"; disabled; }
      protocol bgp from common { neighbor 10.0.0.3 as 64512; rr client off; }`;
    const { protocols } = read(text, { bird: 1 });
    const shown = protocols.flatMap(({ name, kind, description, isDisabled, bgp }) =>
      kind === 'bgp' ? [[name, description, isDisabled, bgp.holdTime, bgp.isClient, bgp.neighbor]] : [],
    );
    expect(shown).toEqual([
      ['a', 'base', false, 900, true, '10.0.0.2'],
      ['b', 'b', true, 900, true, '10.0.0.2'],
      ['bgp1', 'base', false, 90, false, '10.0.0.3'],
    ]);
  });

  test('filters stand for what they were when they were named', () => {
    const text = `${FRAME}
      filter one { accept; }
      protocol bgp p { local as 1; neighbor 10.0.0.2 as 1; import filter one; export where net ~ 10.0.0.0/8; }`;
    const { importPolicy, exportPolicy } = birdIntent(read(text), { node: 'n' }).peers.get('p')!;
    expect([importPolicy.name, exportPolicy.name]).toEqual(['one', '(unnamed)']);
  });

  test('peers with equal filters share one policy, wherever these stand', () => {
    const peer = (n: number) =>
      `protocol bgp p${n} { local as 1; neighbor 10.0.0.${n} as 1; export filter {\n# ${n}\n if net ~ 10.0.0.0/8 then accept; }; }\n`;
    const { peers } = birdIntent(read(FRAME + peer(2) + peer(3)), { node: 'n' });
    expect(peers.get('p2')!.exportPolicy).toBe(peers.get('p3')!.exportPolicy);
  });
});

describe('what has no effect is told', () => {
  const remarks = (options: string) =>
    birdIntent(read(`${FRAME}protocol bgp p {\n local as 1; neighbor 10.0.0.2 as 1;\n ${options}\n}`, { bird: 1 }), {
      node: 'n',
    }).problems;

  test('where, and what happens instead', () => {
    expect(remarks('path metric off;')).toEqual([
      {
        kind: 'File',
        name: 'bird.conf',
        path: '',
        text: 'path metric has no effect: shorter paths are better',
        place: 'bird.conf:4:2',
        severity: 'warning',
      },
    ]);
  });

  test.each([
    'path metric on; med metric off; prefer older off; igp metric yes;',
    'default bgp_med 0; default bgp_local_pref 100; interpret communities on;',
    'capabilities on; enable as4 on; enable route refresh on; enable extended messages off;',
    'debug all; setkey on; check link off; bfd off; secondary off; deterministic med off;',
  ])('but not where it is as usual: %s', (options) => {
    expect(remarks(options)).toEqual([]);
  });

  test.each([
    ...['med metric;', 'igp metric off;', 'prefer older on;', 'default bgp_med 5;', 'default bgp_local_pref 50;'],
    ...['allow bgp_local_pref;', 'enable route refresh off;', 'capabilities off;'],
    ...['interpret communities off;', 'bfd; source address 10.0.0.1;', 'disable after error;', 'hold time 1;'],
    ...['router id 9.9.9.9;'],
  ])('%s', (options) => {
    expect(remarks(options).map(({ severity }) => severity)).toEqual(['warning']);
  });
});

describe('what Caracal does not do is refused', () => {
  test.each([
    ['protocol ospf { }', '2:10 Caracal does not do OSPF'],
    ['protocol rip r { }', '2:10 Caracal does not do RIP'],
    ['protocol babel { }', '2:10 Caracal does not do Babel'],
    ['protocol radv { }', '2:10 Caracal does not do router advertisements (radv)'],
    ['protocol mrt { }', '2:10 Caracal does not do MRT dumps'],
    ['protocol rpki { }', '2:10 Caracal does not do RPKI-to-router (rpki); give ROAs as a table'],
    ['template ospf o { }', '2:10 Caracal does not do OSPF'],
    ['mrtdump "x";', '2:12 Caracal does not do MRT dumps (mrtdump)'],
    ['protocol bgp { mrtdump all; }', '2:27 Caracal does not do MRT dumps (mrtdump)'],
    [
      'protocol bgp { local as 1; neighbor 10.0.0.2 as 2; rs client; }',
      '2:63 Caracal does not do route server clients (rs client)',
    ],
    ['protocol static { vrf "red"; }', '2:30 Caracal does not do VRFs'],
    ['protocol direct { interface 10.0.0.0/8; }', '2:39 Caracal chooses interfaces by name, not by network'],
    ['filter f { quitbird; }', '2:12 Caracal does not let a filter end the daemon (quitbird)'],
    ['filter f { from = 10.0.0.1; }', '2:27 Caracal does not change from in filters'],
  ])('%s', (text, expected) => {
    expect(answer(FRAME + text, { bird: 1 })).toBe(expected);
  });

  test.each([
    ['protocol bgp { ipv4 multicast { }; }', '2:16 Caracal does not do the channel ipv4 multicast'],
    ['protocol bgp { vpn4 mpls { }; }', '2:16 Caracal does not do the channel vpn4 mpls'],
    ['flow4 table f;', '2:1 Caracal does not do tables of this kind'],
    ['attribute int mine;', '2:1 Caracal does not do attributes of your own'],
    ['filter f { for int i in bgp_path do accept; }', '2:12 Caracal does not do loops (for) in filters'],
    ['protocol bgp { confederation 5; }', '2:31 Caracal does not do confederations (confederation)'],
    [
      'protocol bgp { ipv4 { next hop address 10.0.0.1; }; }',
      '2:48 Caracal does not do a next hop of your own (next hop address)',
    ],
    ['protocol bgp { ipv4 { next hop self ebgp; }; }', '2:41 Caracal does not do next hop self for ebgp routes alone'],
    ['protocol l3vpn { }', '2:10 Caracal does not do L3VPN'],
  ])('%s of BIRD 2', (text, expected) => {
    expect(answer(FRAME + text, { bird: 2 })).toBe(expected);
  });
});

describe('what is told in the log', () => {
  test('goes where the configuration says', () => {
    const text = `${FRAME}log syslog name "edge" { info, remote }; log stderr all; log "/var/log/bird.log" 1000 "old" all;
      protocol kernel { ipv4 { export all; }; }`;
    expect(read(text).logs.map(({ place: _, ...log }) => log)).toEqual([
      { type: 'syslog', name: 'edge', classes: ['info', 'remote'] },
      { type: 'stderr', classes: 'all' },
      { type: 'file', path: '/var/log/bird.log', rotation: { size: 1000, backup: 'old' }, classes: 'all' },
    ]);
  });

  test('of a protocol is what it says itself, else what was said for all before it', () => {
    const text = `${FRAME}protocol direct { } debug protocols all; protocol static { }
      template kernel k { debug { states, events }; } debug protocols off;
      protocol kernel from k { } protocol bgp p { local as 1; neighbor 10.0.0.2 as 1; }`;
    expect(read(text, { bird: 1 }).protocols.map(({ name, debug }) => [name, debug])).toEqual([
      ['device1', []],
      ['direct1', []],
      ['static1', 'all'],
      ['kernel1', ['states', 'events']],
      ['p', []],
    ]);
  });
});
