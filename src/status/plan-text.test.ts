import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Plan, SessionChange } from '../speaker/planning.ts';
import { planText } from './plan-text.ts';

const lines = (...texts: readonly string[]): string => `${texts.join('\n')}\n`;

const EMPTY: Plan = {
  node: 'node-1',
  sessions: [],
  nodeChanges: [],
  advertisements: [],
  kernelRoutes: [],
  dangers: [],
  problems: [],
};

const session = (n: number, change: SessionChange['change'], ...causes: readonly string[]): SessionChange => ({
  name: `Mesh_10_0_0_${n}`,
  address: `10.0.0.${n}`,
  change,
  causes,
  origin: ['BGPConfiguration default', `Node node-${n}`],
});

const attributes = { asPath: '', origin: 'IGP', communities: [] } as const;

const PLAN: Plan = {
  node: 'node-1',
  sessions: [
    session(2, 'added'),
    session(3, 'removed'),
    session(4, 'reset', 'password', 'ttlSecurity'),
    ...[5, 6, 7, 8].map((n) => session(n, 'updated', 'exportPolicy')),
  ],
  nodeChanges: ['router ID 10.0.0.1 becomes 10.0.0.9'],
  advertisements: [
    {
      peers: ['Mesh_10_0_0_5', 'Mesh_10_0_0_6'],
      changes: [
        { prefix: '10.65.1.0/26', after: attributes, reason: 'accepted by IPPool pods (pools)' },
        { prefix: '10.65.2.0/26', before: attributes, reason: 'rejected by BGPFilter lab, exportV4[0]' },
        {
          prefix: '10.65.3.0/26',
          before: { ...attributes, localPref: 100 },
          after: { ...attributes, localPref: 200, communities: ['1:1', '1:2'] },
          reason: 'accepted by IPPool pods (pools)',
        },
      ],
    },
  ],
  kernelRoutes: [
    { prefix: '10.65.1.0/26', after: 'blackhole', reason: 'accepted by a' },
    { prefix: '10.65.2.0/26', before: 'via 10.0.0.2', reason: 'rejected by b' },
    { prefix: '10.65.3.0/26', before: 'via 10.0.0.2', after: 'via 10.0.0.2 dev tunl0', reason: 'accepted by c' },
  ],
  dangers: [{ kind: 'BGPPeer', name: 'tor', path: '', text: 'would take the last session of node-1 away (a)' }],
  problems: [{ kind: 'BGPPeer', name: 'rack', path: 'spec.filters[0]', text: 'is odd', place: 'a.yaml:3' }],
};

test('everything that would change is told, what costs most first', () => {
  expect(planText(PLAN)).toBe(
    lines(
      'Plan for node-1: 1 session added, 1 session removed, 1 session reset, 4 sessions updated in place, 3 prefixes told differently, 3 kernel routes changed',
      '',
      'Sessions',
      '  - Mesh_10_0_0_3 (10.0.0.3): removed (BGPConfiguration default, Node node-3)',
      '  ! Mesh_10_0_0_4 (10.0.0.4): reset by password, ttlSecurity',
      '  + Mesh_10_0_0_2 (10.0.0.2): added (BGPConfiguration default, Node node-2)',
      '  ~ Mesh_10_0_0_5, Mesh_10_0_0_6, Mesh_10_0_0_7 and 1 more: stays, with a new exportPolicy',
      '',
      'Node',
      '  router ID 10.0.0.1 becomes 10.0.0.9',
      '',
      'Told to peers',
      '  Mesh_10_0_0_5, Mesh_10_0_0_6',
      '    + 10.65.1.0/26: accepted by IPPool pods (pools)',
      '    - 10.65.2.0/26: rejected by BGPFilter lab, exportV4[0]',
      '    ~ 10.65.3.0/26: localPref 100 becomes 200; communities none becomes 1:1 1:2',
      '',
      'Kernel routes',
      '  + 10.65.1.0/26 blackhole: accepted by a',
      '  - 10.65.2.0/26 via 10.0.0.2: rejected by b',
      '  ~ 10.65.3.0/26 via 10.0.0.2 becomes via 10.0.0.2 dev tunl0: accepted by c',
      '',
      'Stopped by --guard hold',
      '  BGPPeer tor: would take the last session of node-1 away (a)',
      '',
      'New problems',
      '  BGPPeer rack, spec.filters[0]: is odd (a.yaml:3)',
    ),
  );
});

test('nothing is one line', () => {
  expect(planText(EMPTY)).toBe('Plan for node-1: nothing changes\n');
  expect(planText({ ...EMPTY, nodeChanges: ['log level info becomes debug'] })).toBe(
    lines('Plan for node-1: the node alone changes', '', 'Node', '  log level info becomes debug'),
  );
});

test('long lists are cut', () => {
  const kernelRoutes = Array.from({ length: 30 }, (_, n) => ({
    prefix: `10.65.${n}.0/24`,
    after: 'blackhole',
    reason: 'a',
  }));
  const shown = planText({ ...EMPTY, kernelRoutes }).split('\n');
  expect([shown.length, shown.at(-2)]).toEqual([24, '  and 11 more (--json has them all)']);
});

test('docs/plan.md names every field of a plan', () => {
  const document = readFileSync(new URL('../../docs/plan.md', import.meta.url), 'utf8');
  const known = new Set([...document.matchAll(/`(\w+)`/g)].map(([, name = '']) => name));
  expect([...new Set(fieldNames(PLAN)).difference(known)]).toEqual([]);
});

function fieldNames(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(fieldNames);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...fieldNames(inner)]);
}
