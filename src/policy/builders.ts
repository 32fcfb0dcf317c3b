// Short functions that make statements and expressions, so that a policy reads like prose where it is written. They only
// build data; whatever they build can be written by hand or read from JSON just as well.

import { type Address, type Asn, type Family, familyOf, maxLength, type Prefix, prefixLength } from 'node-bgp';
import { communityFromText } from './communities.ts';
import { ENUMS, SOURCE_NUMBERS } from './enums.ts';
import type { RouteSource } from './route.ts';
import type {
  AttributeName,
  CompareOperator,
  Expression,
  FieldName,
  ListAttribute,
  Origin,
  PathMaskItem,
  Policy,
  PolicyFunction,
  PrefixRange,
  SetItem,
  Statement,
  StatementBody,
  Value,
  ValueType,
} from './types.ts';

// --- policies

export function policy(
  name: string,
  verdictByDefault: 'accept' | 'reject',
  body: readonly Statement[],
  functions: readonly PolicyFunction[] = [],
): Policy {
  return functions.length === 0
    ? { name, default: verdictByDefault, body }
    : { name, default: verdictByDefault, body, functions };
}

// --- statements

function statement(body: StatementBody, origin: Origin | undefined): Statement {
  return origin === undefined ? body : { ...body, origin };
}

export const accept = (origin?: Origin): Statement => statement({ type: 'accept' }, origin);
export const reject = (origin?: Origin): Statement => statement({ type: 'reject' }, origin);

/** `when(prefixIn(['10.0.0.0/8']), addCommunity('65000:1'), accept())` */
export function when(condition: Expression, ...body: readonly Statement[]): Statement {
  return { type: 'if', condition, body };
}

export function either(condition: Expression, body: readonly Statement[], otherwise: readonly Statement[]): Statement {
  return { type: 'if', condition, body, else: otherwise };
}

/** The statement with an origin; those inside it that have their own keep it. */
export function withOrigin(origin: Origin, inner: Statement): Statement {
  return { ...inner, origin };
}

export function declare(name: string, of: ValueType, value?: Expression, origin?: Origin): Statement {
  return statement(value === undefined ? { type: 'declare', name, of } : { type: 'declare', name, of, value }, origin);
}

export const assign = (name: string, value: Expression, origin?: Origin): Statement =>
  statement({ type: 'assign', name, value }, origin);

export const set = (name: AttributeName, value: Expression, origin?: Origin): Statement =>
  statement({ type: 'set', attribute: name, value }, origin);

export const unset = (name: AttributeName, origin?: Origin): Statement =>
  statement({ type: 'unset', attribute: name }, origin);

export const setLocalPref = (value: number | Expression, origin?: Origin): Statement =>
  set('localPref', number(value), origin);

export const setMed = (value: number | Expression, origin?: Origin): Statement => set('med', number(value), origin);

export const setPreference = (value: number | Expression, origin?: Origin): Statement =>
  set('preference', number(value), origin);

/** Kernel metric (krt_metric). */
export const setMetric = (value: number | Expression, origin?: Origin): Statement =>
  set('metric', number(value), origin);

/** Tunnel device (krt_tunnel); '' is none. */
export const setTunnel = (device: string, origin?: Origin): Statement => set('tunnel', string(device), origin);

export const setNextHop = (address: Address, origin?: Origin): Statement => set('nextHop', ip(address), origin);

export function change(
  attributeName: ListAttribute,
  operation: 'add' | 'delete' | 'filter',
  value: Expression,
  origin?: Origin,
): Statement {
  return statement({ type: 'change', attribute: attributeName, operation, value }, origin);
}

/** `aa:nn` or `aa:nn:mm`; throws where the text is neither. */
export const addCommunity = (text: string, origin?: Origin): Statement => changeCommunity('add', text, origin);
export const deleteCommunity = (text: string, origin?: Origin): Statement => changeCommunity('delete', text, origin);

function changeCommunity(operation: 'add' | 'delete', text: string, origin: Origin | undefined): Statement {
  const value = community(text);
  return change(value.type === 'lc' ? 'largeCommunities' : 'communities', operation, value, origin);
}

export const prependAsPath = (asns: readonly Asn[], origin?: Origin): Statement =>
  statement({ type: 'prepend', asns: asns.map(int) }, origin);

/** Runs a function of the policy for its effects. */
export const run = (name: string, args: readonly Expression[] = [], origin?: Origin): Statement =>
  statement({ type: 'call', function: name, arguments: args }, origin);

export const print = (...items: readonly Expression[]): Statement => ({ type: 'print', items, newline: true });

export const returns = (value?: Expression): Statement =>
  value === undefined ? { type: 'return' } : { type: 'return', value };

// --- values

export const bool = (value: boolean): Expression => ({ type: 'bool', value });
export const int = (value: number): Expression => ({ type: 'int', value });
export const string = (value: string): Expression => ({ type: 'string', value });
export const ip = (value: Address): Expression => ({ type: 'ip', value });
export const prefix = (value: Prefix): Expression => ({ type: 'prefix', value });

const number = (value: number | Expression): Expression => (typeof value === 'number' ? int(value) : value);

/** A standard or large community from its text; throws where the text is neither. */
export function community(text: string): Value & { readonly type: 'pair' | 'lc' } {
  const value = communityFromText(text);
  if (value === undefined) throw new TypeError(`not a community: ${text}`);
  return value;
}

/** Of `setOf`: ints, enum values and so on; see SetItem. */
export const setOf = (items: readonly SetItem[]): Expression => ({ type: 'set', items });

// --- what a policy looks at

export const field = (name: FieldName): Expression => ({ type: 'field', name });
export const attribute = (name: AttributeName): Expression => ({ type: 'attribute', name });
export const variable = (name: string): Expression => ({ type: 'variable', name });
export const call = (name: string, ...args: readonly Expression[]): Expression => ({
  type: 'call',
  function: name,
  arguments: args,
});

// --- conditions

export const all = (...operands: readonly Expression[]): Expression =>
  operands.length === 1 ? operands[0]! : { type: 'and', operands };
export const any = (...operands: readonly Expression[]): Expression =>
  operands.length === 1 ? operands[0]! : { type: 'or', operands };
export const not = (value: Expression): Expression => ({ type: 'not', value });
export const defined = (value: Expression): Expression => ({ type: 'defined', value });

export function compare(left: Expression, operator: CompareOperator, right: number | Expression): Expression {
  return { type: 'compare', operator, left, right: number(right) };
}

export const equals = (left: Expression, right: number | Expression): Expression => compare(left, '=', right);
export const lessThan = (left: Expression, right: number | Expression): Expression => compare(left, '<', right);
export const greaterThan = (left: Expression, right: number | Expression): Expression => compare(left, '>', right);

/** The `~` of filters. */
export const matches = (left: Expression, right: Expression): Expression => ({ type: 'match', left, right });

export const plus = (left: Expression, right: number | Expression): Expression => ({
  type: 'arithmetic',
  operator: '+',
  left,
  right: number(right),
});

export const minus = (left: number | Expression, right: number | Expression): Expression => ({
  type: 'arithmetic',
  operator: '-',
  left: number(left),
  right: number(right),
});

/** `{ prefix, min, max }` for a prefix and everything inside it. */
export function within(value: Prefix): PrefixRange {
  return { prefix: value, min: prefixLength(value), max: maxLength(familyOf(value)) };
}

/** The prefix is one of these or inside one of them. */
export const prefixIn = (prefixes: readonly Prefix[]): Expression => prefixMatches(prefixes.map(within));

/** The prefix is one of these. */
export const prefixIs = (...prefixes: readonly Prefix[]): Expression =>
  prefixMatches(prefixes.map((value) => ({ prefix: value, min: prefixLength(value), max: prefixLength(value) })));

export const prefixMatches = (items: readonly PrefixRange[]): Expression =>
  matches(field('net'), { type: 'prefixSet', items });

export const familyIs = (family: Family): Expression => equals(field('family'), string(family));

export const sourceIs = (source: RouteSource): Expression =>
  equals(field('source'), { type: 'enum', of: 'source', value: SOURCE_NUMBERS[source] });

/** Shell pattern on the name of the outgoing interface, '' where there is none: `*` any run, `?` one character. */
export const interfaceMatches = (pattern: string): Expression => matches(attribute('interface'), string(pattern));

export const peerTypeIs = (type: 'ebgp' | 'ibgp'): Expression => equals(field('peerType'), string(type));

/** `aa:nn` or `aa:nn:mm`; throws where the text is neither. */
export function hasCommunity(text: string): Expression {
  const value = community(text);
  return matches(value, attribute(value.type === 'lc' ? 'largeCommunities' : 'communities'));
}

/** AS_PATH begins with these AS numbers: `[= a b * =]`. */
export function asPathStartsWith(asns: readonly Asn[]): Expression {
  const items: readonly PathMaskItem[] = asns.map((asn) => ({ type: 'asn', from: asn, to: asn }));
  return matches(attribute('asPath'), { type: 'pathMask', items: [...items, { type: 'any' }] });
}

/** The NEXT_HOP attribute is inside the prefix; false where there is none. */
export const nextHopIn = (value: Prefix): Expression =>
  all(defined(attribute('nextHop')), matches(attribute('nextHop'), prefix(value)));

/** The NEXT_HOP attribute is one of these; false where there is none. */
export const nextHopIs = (addresses: readonly Address[]): Expression =>
  all(
    defined(attribute('nextHop')),
    matches(attribute('nextHop'), setOf(addresses.map((address) => ({ type: 'ip', from: address, to: address })))),
  );

/** A named number of BIRD: `RTS_BGP`, `ORIGIN_IGP`, `SCOPE_HOST` ...; throws where there is none of this name. */
export function enumValue(name: string): Expression {
  const value = ENUMS[name];
  if (value === undefined) throw new TypeError(`not an enum value: ${name}`);
  return value;
}
