import { describe, expect, test } from 'vitest';
import { backOff } from '../back-off.ts';
import { LineSplitter } from '../lines.ts';
import { connectionError, refusal, type Target } from './api-error.ts';

const PEERS: Target = { verb: 'watch', resource: 'bgppeers', group: 'crd.projectcalico.org' };
const SECRETS: Target = { verb: 'list', resource: 'secrets', group: '', namespace: 'kube-system' };
const STATUS: Target = { ...PEERS, verb: 'update', resource: 'caliconodestatuses/status' };

describe('an answer that is none is one sentence', () => {
  test.each<[number, string, Target, string, string]>([
    [
      403,
      'bgppeers is forbidden: User "system:serviceaccount:a:b" cannot watch resource "bgppeers"',
      PEERS,
      'forbidden',
      'system:serviceaccount:a:b may not watch bgppeers of crd.projectcalico.org: its ClusterRole needs the rule {"apiGroups":["crd.projectcalico.org"],"resources":["bgppeers"],"verbs":["get","list","watch"]}',
    ],
    [
      403,
      '',
      SECRETS,
      'forbidden',
      'this user may not list secrets in namespace kube-system: its Role in namespace kube-system needs the rule {"apiGroups":[""],"resources":["secrets"],"verbs":["get","list","watch"]}',
    ],
    [
      403,
      'User "x"',
      STATUS,
      'forbidden',
      'x may not update caliconodestatuses/status of crd.projectcalico.org: its ClusterRole needs the rule {"apiGroups":["crd.projectcalico.org"],"resources":["caliconodestatuses/status"],"verbs":["update"]}',
    ],
    [
      401,
      'Unauthorized',
      PEERS,
      'unauthorized',
      'the API server does not accept the credentials (401): the token is wrong, revoked or expired',
    ],
    [
      410,
      'too old',
      PEERS,
      'gone',
      'the API server no longer has what is needed to watch bgppeers of crd.projectcalico.org (410)',
    ],
    [404, '', SECRETS, 'absent', 'the API server answers 404 to list secrets in namespace kube-system'],
    [
      409,
      'changed',
      STATUS,
      'conflict',
      'the API server answers 409 to update caliconodestatuses/status of crd.projectcalico.org: changed',
    ],
    [
      500,
      'x'.repeat(300),
      { verb: 'get', resource: '', group: '' },
      'refused',
      `the API server answers 500 to ask for the API groups: ${'x'.repeat(200)}...`,
    ],
  ])('%d %j', (status, message, target, code, text) => {
    expect(refusal({ status, message }, target)).toMatchObject({ code, message: text });
  });

  test.each([
    ['ECONNREFUSED', 'h:1 refuses connections'],
    ['ENOTFOUND', 'h:1 has no address in DNS'],
    ['EHOSTUNREACH', 'h:1 cannot be reached (EHOSTUNREACH)'],
    ['CERT_HAS_EXPIRED', 'the certificate of h:1 has expired'],
  ])('%s', (code, message) => {
    expect(connectionError('h:1', Object.assign(new Error('?'), { code }))).toMatchObject({
      code: 'unreachable',
      message,
    });
  });

  test('but for what is no failure of a connection', () => {
    expect(() => connectionError('h:1', new TypeError('a mistake of ours'))).toThrow(TypeError);
  });
});

test('pauses double to half a minute, between half of that and all of it', () => {
  const pauses = (random: () => number) => [1, 2, 3, 6, 7, 8, 1_000].map((failures) => backOff(failures, random));
  expect(pauses(() => 0)).toEqual([250, 500, 1_000, 8_000, 15_000, 15_000, 15_000]);
  expect(pauses(() => 1)).toEqual([500, 1_000, 2_000, 16_000, 30_000, 30_000, 30_000]);
});

describe('lines', () => {
  const text = '{"a":"ä"}\n\n{"b":1}\nhalf';

  test.each(Array.from({ length: Buffer.byteLength(text) + 1 }, (_, cut) => cut))(
    'wherever they are cut (%d)',
    (cut) => {
      const lines = new LineSplitter(100);
      const bytes = Buffer.from(text);
      const all = [...(lines.push(bytes.subarray(0, cut)) ?? []), ...(lines.push(bytes.subarray(cut)) ?? [])];
      expect(all).toEqual(['{"a":"ä"}', '{"b":1}']);
      expect(lines.push(Buffer.from('\n'))).toEqual(['half']);
    },
  );

  test('none is longer than is said', () => {
    const lines = new LineSplitter(10);
    expect(lines.push(Buffer.from('0123456789'))).toEqual([]);
    expect(lines.push(Buffer.from('0'))).toBeUndefined();
  });
});
