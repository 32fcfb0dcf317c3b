// Routes and random policies for the tests of this room.

import fc from 'fast-check';
import { type Attributes, type Prefix, prefixWords } from 'node-bgp';
import type { PolicyPeer, PolicyRoute } from './route.ts';
import type { AttributeName, Expression, FieldName, Origin, Policy, PrefixRange, Statement } from './types.ts';

export const IBGP: PolicyPeer = {
  name: 'Mesh_10_0_0_2',
  type: 'ibgp',
  localAs: 64512,
  remoteAs: 64512,
  address: '10.0.0.2',
};

export const EBGP: PolicyPeer = {
  name: 'Global_10_0_0_9',
  type: 'ebgp',
  localAs: 64512,
  remoteAs: 65001,
  address: '10.0.0.9',
};

export function route(prefix: Prefix, changes: Partial<PolicyRoute> = {}): PolicyRoute {
  const { family, word0, word1, word2, word3, length } = prefixWords(prefix);
  return {
    family,
    word0,
    word1,
    word2,
    word3,
    length,
    attributes: attributes(),
    source: 'bgp',
    protocol: 'Mesh_10_0_0_2',
    from: IBGP,
    peer: EBGP,
    interface: 'eth0',
    gateway: '10.0.0.2',
    metric: undefined,
    preference: 100,
    ...changes,
  };
}

export function attributes(changes: Partial<Attributes> = {}): Attributes {
  return {
    origin: 0,
    asPath: [{ type: 'sequence', asns: [64512, 65001] }],
    nextHop: '10.0.0.2',
    localPref: 100,
    ...changes,
  };
}

// --- random ones; few different values, so that conditions are met now and then

const PREFIXES = ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.0/24', '0.0.0.0/0', '192.168.0.0/16', '2001:db8::/32', '::/0'];
const ATTRIBUTE_NAMES: readonly AttributeName[] = [
  'localPref',
  'med',
  'preference',
  'metric',
  'tunnel',
  'origin',
  'nextHop',
  'communities',
  'largeCommunities',
  'extendedCommunities',
  'asPath',
  'interface',
  'dest',
  'krt_prefsrc',
];
const FIELD_NAMES: readonly FieldName[] = [
  'net',
  'family',
  'source',
  'protocol',
  'from',
  'peerType',
  'peerAs',
  'localAs',
];

const prefixRange: fc.Arbitrary<PrefixRange> = fc.constantFrom(...PREFIXES).chain((prefix) =>
  fc.record({
    prefix: fc.constant(prefix),
    min: fc.integer({ min: 0, max: 24 }),
    max: fc.integer({ min: 8, max: 32 }),
  }),
);

const int = fc.constantFrom(0, 1, 100, 1024, 64512, 65001, 2147483647, 4294967295);

const constant: fc.Arbitrary<Expression> = fc.oneof(
  fc.boolean().map((value): Expression => ({ type: 'bool', value })),
  int.map((value): Expression => ({ type: 'int', value })),
  fc.constantFrom('', 'eth0', 'eth*', 'ipv4', 'ebgp', '"').map((value): Expression => ({ type: 'string', value })),
  fc.constantFrom('10.0.0.2', '2001:db8::1').map((value): Expression => ({ type: 'ip', value })),
  fc.constantFrom(...PREFIXES).map((value): Expression => ({ type: 'prefix', value })),
  int.map((value): Expression => ({ type: 'pair', value })),
  fc.constantFrom(0, 1, 2, 11).map((value): Expression => ({ type: 'enum', of: 'source', value })),
  fc.array(prefixRange, { maxLength: 4 }).map((items): Expression => ({ type: 'prefixSet', items })),
  fc.tuple(int, int).map(([from, to]): Expression => ({ type: 'set', items: [{ type: 'int', from, to }] })),
  fc.array(int, { maxLength: 3 }).map((value): Expression => ({ type: 'clist', value })),
);

const leaf: fc.Arbitrary<Expression> = fc.oneof(
  constant,
  fc.constantFrom(...ATTRIBUTE_NAMES).map((name): Expression => ({ type: 'attribute', name })),
  fc.constantFrom(...FIELD_NAMES).map((name): Expression => ({ type: 'field', name })),
);

export const expression: fc.Arbitrary<Expression> = fc.letrec<{ any: Expression }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    condition(tie('any')),
    tie('any').map((value): Expression => ({ type: 'defined', value })),
    fc
      .tuple(fc.constantFrom('+', '-', '*', '/'), tie('any'), tie('any'))
      .map(([operator, left, right]): Expression => ({ type: 'arithmetic', operator, left, right })),
    fc
      .tuple(fc.constantFrom('ip', 'len', 'first', 'last'), tie('any'))
      .map(([name, of]): Expression => ({ type: 'part', name, of })),
  ),
})).any;

function condition(inner: fc.Arbitrary<Expression>): fc.Arbitrary<Expression> {
  const net: Expression = { type: 'field', name: 'net' };
  return fc.oneof(
    fc
      .array(prefixRange, { minLength: 1, maxLength: 4 })
      .map((items): Expression => ({ type: 'match', left: net, right: { type: 'prefixSet', items } })),
    fc
      .tuple(fc.constantFrom('=', '!=', '<', '<=', '>', '>='), inner, inner)
      .map(([operator, left, right]): Expression => ({ type: 'compare', operator, left, right })),
    fc.tuple(inner, inner).map(([left, right]): Expression => ({ type: 'match', left, right })),
    inner.map((value): Expression => ({ type: 'not', value })),
    fc.array(inner, { minLength: 2, maxLength: 3 }).map((operands): Expression => ({ type: 'and', operands })),
    fc.array(inner, { minLength: 2, maxLength: 3 }).map((operands): Expression => ({ type: 'or', operands })),
  );
}

const origin: fc.Arbitrary<Origin> = fc.record({ step: fc.constantFrom('one', 'two', 'three') });

const statement: fc.Arbitrary<Statement> = fc.letrec<{ any: Statement; body: Statement[] }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<Statement>({ type: 'accept' }, { type: 'reject' }),
    origin.map((from): Statement => ({ type: 'accept', origin: from })),
    fc
      .tuple(fc.constantFrom(...ATTRIBUTE_NAMES), expression)
      .map(([attribute, value]): Statement => ({ type: 'set', attribute, value })),
    fc.constantFrom(...ATTRIBUTE_NAMES).map((attribute): Statement => ({ type: 'unset', attribute })),
    int.map(
      (value): Statement => ({
        type: 'change',
        attribute: 'communities',
        operation: 'add',
        value: { type: 'pair', value },
      }),
    ),
    int.map((value): Statement => ({ type: 'prepend', asns: [{ type: 'int', value }] })),
    expression.map((value): Statement => ({ type: 'print', items: [value], newline: true })),
    fc
      .tuple(condition(leaf), tie('body'), origin)
      .map(([test, body, from]): Statement => ({ type: 'if', condition: test, body, origin: from })),
    fc
      .tuple(condition(leaf), tie('body'), tie('body'))
      .map(([test, body, otherwise]): Statement => ({ type: 'if', condition: test, body, else: otherwise })),
    fc.tuple(int, int, tie('body'), tie('body')).map(
      ([from, to, body, otherwise]): Statement => ({
        type: 'case',
        of: { type: 'attribute', name: 'localPref' },
        arms: [{ items: [{ type: 'int', from, to }], body }],
        else: otherwise,
      }),
    ),
  ),
  body: fc.array(tie('any'), { maxLength: 4 }),
})).any;

export const randomPolicy: fc.Arbitrary<Policy> = fc.record({
  name: fc.constantFrom('export', 'import'),
  default: fc.constantFrom('accept', 'reject'),
  body: fc.array(statement, { maxLength: 6 }),
});

export const randomRoute: fc.Arbitrary<PolicyRoute> = fc
  .record({
    prefix: fc.constantFrom(...PREFIXES, '10.1.2.3/32', '172.16.0.0/12', '2001:db8::1/128'),
    source: fc.constantFrom('bgp', 'kernel', 'static', 'direct'),
    peer: fc.constantFrom(IBGP, EBGP, undefined),
    interface: fc.constantFrom('', 'eth0', 'cali1'),
    metric: fc.constantFrom(undefined, 0, 1024),
    attributes: fc.constantFrom(attributes(), attributes({ communities: [1, 100], med: 5 }), {
      origin: 0,
      asPath: [],
    } satisfies Attributes),
  })
  .map(({ prefix, ...changes }) => route(prefix, changes));
