// What each cause looks like from both ends.

import { expect, test } from 'vitest';
import type { LastErrorReport } from '../types.ts';
import { EARLIER, NOW, nodeReport, sessionTo } from './cluster.fixture.ts';
import type { SessionReport, SessionsReport } from './types.ts';
import { type End, verdictOf } from './verdict.ts';

type Side = {
  readonly said?: 'none' | 'up' | 'unknown' | Partial<SessionReport>;
  readonly report?: Partial<SessionsReport>;
};

function end(own: number, other: number, { said = {}, report = {} }: Side): End {
  const { node, ...known } = { ...nodeReport(own, 2), ...report };
  const told = typeof said === 'object' ? sessionTo(other, said) : said;
  return { node, said: told, ...(said !== 'unknown' && { report: { node, ...known } }) };
}

const error = (change: Partial<LastErrorReport>, at = NOW): { readonly lastError: LastErrorReport } => ({
  lastError: { at, text: 'it said so', help: 'do this', ...change },
});
const sent = (code: number, subcode: number, at = NOW) =>
  error({ direction: 'sent', code, subcode, text: 'sent X' }, at);
const received = (code: number, subcode: number, at = NOW) =>
  error({ direction: 'received', code, subcode, text: 'received X' }, at);
const failed = (failure: NonNullable<LastErrorReport['failure']>, at = NOW) => error({ failure }, at);
const UP = { state: 'Established' } as const;

/** What it is -> what n1 says, what n2 says -> cause, direction, text. */
const CASES: readonly [string, Side, Side, string][] = [
  ['all is well', { said: 'up' }, { said: 'up' }, 'nothing'],
  [
    'the other end has no such session',
    { said: failed('closedAtOnce') },
    { said: 'none' },
    'unconfigured n1->n2: n2 has no session with n1',
  ],
  [
    'the other end has no such session since it does not see its datastore',
    { said: { sourceAddress: '10.0.0.1' } },
    { said: 'none', report: { datastore: { synced: false, detail: 'refused' } } },
    'unconfigured n1->n2: n2 has no session with n1 (10.0.0.1); it does not see its datastore (refused)',
  ],
  [
    'both ends expect another AS, and say so in NOTIFICATIONs',
    { said: { ...sent(2, 2), asNumber: 64513 } },
    { said: received(2, 2) },
    'as: n1 expects AS 64513 of n2, which is AS 64512 towards it',
  ],
  [
    'the AS of this end is not what the other expects, as only the other knows',
    { said: failed('closedAtOnce') },
    { said: { ...sent(2, 2), asNumber: 64599 } },
    'as: n2 expects AS 64599 of n1, which is AS 64512 towards it',
  ],
  ['an AS that somebody outside refuses', { said: received(2, 2) }, { said: 'unknown' }, 'as: n1 received X'],
  [
    'a password at one end',
    { said: failed('unanswered') },
    { said: { password: true, passive: true } },
    'password: n2 has a password for this session, and n1 has none',
  ],
  [
    'two passwords, and a kernel that drops what is signed with another one',
    { said: { ...failed('unanswered'), password: true } },
    { said: { password: true, passive: true }, report: { md5Drops: { wrong: 3, unsigned: 0, unexpected: 0 } } },
    'password: the passwords seem to differ: the kernel of n2 drops packets that are signed with another one',
  ],
  [
    'two passwords, and silence',
    { said: { ...failed('unanswered'), password: true } },
    { said: { password: true, passive: true } },
    'firewall n1->n2: n2 does not answer n1 at 10.0.0.2:179',
  ],
  [
    'one router ID for two',
    { said: sent(2, 3), report: { routerID: '1.1.1.1' } },
    { said: received(2, 3), report: { routerID: '1.1.1.1' } },
    'routerID: n1 and n2 have one router ID, 1.1.1.1',
  ],
  ['another version of BGP', { said: sent(2, 1) }, { said: received(2, 1) }, 'version: n1 sent X'],
  ['roles that do not go together', { said: sent(2, 11) }, { said: received(2, 11) }, 'role: n1 sent X'],
  ['a family that is refused', { said: received(2, 7) }, { said: sent(2, 7) }, 'family: n1 received X'],
  [
    'a family that the other end does not offer',
    { said: { ...UP, families: ['ipv4', 'ipv6'], missing: ['ipv6'] } },
    { said: 'up' },
    'family: the session is up without IPv6: n1 wants it, n2 does not offer it',
  ],
  [
    'silence in answer to the one that dials',
    { said: failed('unanswered') },
    { said: { passive: true } },
    'firewall n1->n2: n2 does not answer n1 at 10.0.0.2:179',
  ],
  [
    'silence, and the other end hears it knock',
    { said: failed('unanswered') },
    { said: { passive: true, halfOpen: true } },
    'firewall n2->n1: n2 hears n1 connect, and n1 does not hear the answer',
  ],
  [
    'a session that one end did not hear any more, which the other was told',
    { said: received(4, 0) },
    { said: sent(4, 0) },
    'firewall n1->n2: n2 has not heard n1 any more (hold timer), so packets from n1 to n2 get lost',
  ],
  [
    'the same, long after, when the end that dials only meets silence',
    { said: failed('unanswered') },
    { said: { ...received(4, 0, EARLIER), passive: true } },
    'firewall n2->n1: n1 has not heard n2 any more (hold timer), so packets from n2 to n1 get lost',
  ],
  [
    'a session that neither end heard any more',
    { said: sent(4, 0) },
    { said: sent(4, 0, EARLIER) },
    'firewall: n1 and n2 do not hear each other any more (hold timer)',
  ],
  [
    'a connection that is refused',
    { said: failed('refused') },
    { said: { passive: true } },
    'refused n1->n2: 10.0.0.2:179 refuses n1: n2 runs, so it listens elsewhere, or a firewall refuses',
  ],
  [
    'a connection that is refused by somebody outside',
    { said: failed('refused') },
    { said: 'unknown' },
    'refused n1->n2: 10.0.0.2:179 refuses n1',
  ],
  [
    'refused, after it was silence once',
    { said: failed('refused') },
    { said: { ...sent(4, 0, EARLIER), passive: true } },
    'refused n1->n2: 10.0.0.2:179 refuses n1: n2 runs, so it listens elsewhere, or a firewall refuses',
  ],
  ['no way to the host', { said: failed('unreachable') }, { said: {} }, 'unroutable n1->n2: n1 says of n2: it said so'],
  ['no way at all', { said: {} }, { said: failed('noRoute') }, 'unroutable n2->n1: n2 says of n1: it said so'],
  [
    'a source address that is gone',
    { said: failed('noSourceAddress') },
    { said: {} },
    'unroutable n1->n2: n1 says of n2: it said so',
  ],
  ['taken and closed', { said: failed('closedAtOnce') }, { said: {} }, 'closed n1->n2: n1 says of n2: it said so'],
  ['broken', { said: failed('broken') }, { said: failed('broken', EARLIER) }, 'lost: n1 says of n2: it said so'],
  ['shut down', { said: received(6, 2) }, { said: { state: 'Idle' } }, 'shutdown: n1 received X'],
  ['too many prefixes', { said: sent(6, 1) }, { said: received(6, 1) }, 'limit: n1 sent X'],
  ['turned away', { said: received(6, 5) }, { said: 'unknown' }, 'unconfigured n1->n2: n1 received X'],
  ['another NOTIFICATION', { said: received(3, 1) }, { said: sent(3, 1, EARLIER) }, 'other: n1 received X'],
  ['BFD', { said: sent(6, 10) }, { said: {} }, 'other: n1 sent X'],
  [
    'an older NOTIFICATION',
    { said: failed('refused') },
    { said: sent(6, 2, EARLIER) },
    'refused n1->n2: 10.0.0.2:179 refuses n1: n2 runs, so it listens elsewhere, or a firewall refuses',
  ],
  [
    'up at one end',
    { said: 'up' },
    { said: { ...failed('unanswered'), info: 'Connect: no answer' } },
    'halfUp: n1 says Established, n2 says Connect: no answer',
  ],
  [
    'a Node that is away',
    { said: { absent: 'its Node n2 is NotReady' } },
    { said: {} },
    'away: its Node n2 is NotReady',
  ],
  [
    'the beginning',
    { said: { info: 'Connect: no answer yet' } },
    { said: {} },
    'pending: n1 says Connect: no answer yet',
  ],
];

const described = (a: End, b: End) => {
  const verdict = verdictOf(a, b);
  if (verdict === undefined) return 'nothing';
  const { cause, oneWay, text } = verdict;
  return `${cause}${oneWay === undefined ? '' : ` ${oneWay.from}->${oneWay.to}`}: ${text}`;
};

test.each(CASES)('%s', (_name, one, other, expected) => {
  const [a, b] = [end(1, 2, one), end(2, 1, other)];
  expect(described(a, b)).toBe(expected);
});

test.each(CASES)('%s, looked at from the other end', (_name, one, other, expected) => {
  const [a, b] = [end(1, 2, one), end(2, 1, other)];
  const turned = described(b, a);
  // Where both ends know it equally well, either may be the one who tells it.
  const isEqual = /^(?:version|role|family|limit|other|routerID|pending|firewall: n1 and n2)/.test(expected);
  if (!isEqual) expect(turned).toBe(expected);
  else expect(turned.split(/[ :]/)[0]).toBe(expected.split(/[ :]/)[0]);
});

test('what would help names the ends and the resources that say so', () => {
  const help = (one: Side, other: Side) => verdictOf(end(1, 2, one), end(2, 1, other))?.help;
  expect(help({ said: { asNumber: 1 } }, { said: {} })).toBe('change one of them (by BGPConfiguration default)');
  expect(help({ said: { ...failed('unanswered'), password: true } }, { said: { password: true } })).toBe(
    'look for a firewall between them that drops packets from n1 to port 179; a wrong password looks the same',
  );
  expect(help({ said: received(6, 2) }, { said: {} })).toBe('do this');
});
