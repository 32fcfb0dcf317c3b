// What a new configuration does to a session that is up, option by option: on the wire, and beside it what BIRD 1.6.8 does.

import { describe, expect, test } from 'vitest';
import { SECOND } from '../../bird-compat/control/control.fixture.ts';
import { notified, SimulatedBird, session } from './simulated-bird.ts';

/** `goesOn`: nothing is heard of it. Codes of Cease: the session ends with that. */
type Effect = 'goes on' | '6.3' | '6.6';

const KERNEL = (options: string) => `protocol kernel { scan time 9; persist; export all; ${options} } `;
const STATIC = (prefix: string) => `protocol static { route ${prefix} blackhole; } `;
const TEMPLATE = (options: string) =>
  `template bgp t { local as 64512; ${options} } protocol bgp p from t { neighbor 10.0.0.2 as 64512; }`;

/** Options of the session before and after. */
const OPTIONS: readonly (readonly [before: string, after: string, bird: Effect, caracal: Effect])[] = [
  // What BIRD does not reset a session for either.
  ['', 'description "x";', 'goes on', 'goes on'],
  ['', 'debug all;', 'goes on', 'goes on'],
  ['', 'import limit 5;', 'goes on', 'goes on'],
  ['', 'import keep filtered;', 'goes on', 'goes on'],
  ['', 'hold time 240; passive off; import all; export none;', 'goes on', 'goes on'],
  ['', 'import none;', 'goes on', 'goes on'],
  ['', 'import filter { accept; };', 'goes on', 'goes on'],
  ['', 'export all;', 'goes on', 'goes on'],
  ['', 'preference 90;', 'goes on', 'goes on'],
  ['source address 10.0.0.1;', 'source address 10.0.0.1; bfd;', 'goes on', 'goes on'],
  ['direct;', 'direct; check link;', 'goes on', 'goes on'],
  // What the protocol demands a new session for.
  ['', 'hold time 90;', '6.6', '6.6'],
  ['', 'add paths;', '6.6', '6.6'],
  ['', 'password "x";', '6.6', '6.6'],
  ['', 'source address 10.0.0.1;', '6.6', '6.6'],
  ['', 'direct;', '6.6', '6.6'],
  ['', 'ttl security;', '6.6', '6.6'],
  ['', 'local as 64513;', '6.6', '6.6'],
  ['', 'disabled;', '6.3', '6.3'],
  ['', 'table t;', '6.6', '6.3'],
  // What BIRD resets it for, and Caracal does not.
  ['', 'keepalive time 10;', '6.6', 'goes on'],
  ['', 'graceful restart off;', '6.6', 'goes on'],
  ['', 'graceful restart time 60;', '6.6', 'goes on'],
  ['', 'next hop self;', '6.6', 'goes on'],
  ['', 'next hop keep;', '6.6', 'goes on'],
  ['', 'rr client;', '6.6', 'goes on'],
  ['rr client;', 'rr client; rr cluster id 0.0.0.9;', '6.6', 'goes on'],
  ['', 'passive;', '6.6', 'goes on'],
  ['', 'connect delay time 2; connect retry time 9; error wait time 1, 9;', '6.6', 'goes on'],
  ['', 'allow local as;', '6.6', 'goes on'],
  ['', 'default bgp_local_pref 90;', '6.6', 'goes on'],
  ['', 'deterministic med;', '6.6', 'goes on'],
  ['', 'router id 9.9.9.9;', '6.6', 'goes on'],
];

/** What is around the session. */
const SURROUNDINGS: readonly (readonly [before: string, after: string, bird: Effect, caracal: Effect])[] = [
  ['/* a comment */', '', 'goes on', 'goes on'],
  ['', 'router id 9.9.9.9;', '6.6', '6.6'],
  ['', session('', 'q', '10.0.0.3').trim(), 'goes on', 'goes on'],
  [STATIC('10.9.0.0/24'), STATIC('10.8.0.0/24'), 'goes on', 'goes on'],
  [KERNEL(''), KERNEL('export none;'), 'goes on', 'goes on'],
  [KERNEL(''), KERNEL('graceful restart;'), 'goes on', 'goes on'],
  [KERNEL(''), KERNEL('persist off;'), 'goes on', 'goes on'],
  [KERNEL(''), KERNEL('scan time 2; learn; merge paths; metric 7; device routes;'), 'goes on', 'goes on'],
  ['protocol direct { interface "eth*"; }', 'protocol direct { interface "x*"; }', 'goes on', 'goes on'],
];

function effectOf(before: string, after: string): { effect: string; sessions: number } {
  const bird = new SimulatedBird(before);
  const neighbour = bird.meet('10.0.0.2');
  bird.configure(after);
  bird.lab.run(60 * SECOND);
  return { effect: notified(neighbour)[0] ?? 'goes on', sessions: neighbour.established };
}

describe('a new configuration', () => {
  const tables = 'table t;\n';

  test.each(OPTIONS)('from "%s" to "%s": BIRD %s, Caracal %s', (before, after, _, expected) => {
    expect(effectOf(tables + session(before), tables + session(after)).effect).toBe(expected);
  });

  test.each(SURROUNDINGS)('around a session, from "%s" to "%s": BIRD %s, Caracal %s', (before, after, _, expected) => {
    const end = expected === 'goes on' ? { effect: expected, sessions: 1 } : { effect: expected, sessions: 2 };
    expect(effectOf(before + session(), after + session())).toEqual(end);
  });

  test('of the port concerns the next connection; BIRD ends the session', () => {
    const before = 'protocol bgp p { local as 64512; neighbor 10.0.0.2 as 64512; }';
    expect(effectOf(before, before.replace('10.0.0.2', '10.0.0.2 port 1790'))).toEqual({
      effect: 'goes on',
      sessions: 1,
    });
  });

  test('of a template concerns what is made of it, and only what it changes there', () => {
    expect(effectOf(TEMPLATE(''), TEMPLATE('hold time 90;'))).toEqual({ effect: '6.6', sessions: 2 });
    expect(effectOf(TEMPLATE(''), session())).toEqual({ effect: 'goes on', sessions: 1 });
  });

  test('without the session ends it', () => {
    expect(effectOf(session(), '')).toEqual({ effect: '6.3', sessions: 1 });
  });
});
