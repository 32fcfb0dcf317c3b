// Values while a policy runs, and how they compare. Bools, ints and strings are themselves, void is undefined, all else is the
// tagged constant of types.ts. Not here: `~` (match.ts) and text (text.ts).

import { addressBytes, type PrefixWords, prefixWords } from 'node-bgp';
import { equalPaths, type PathMatcher } from './as-path.ts';
import { compareLarge, equalLarge } from './communities.ts';
import { fault } from './fault.ts';
import type { Expression, Value, ValueType } from './types.ts';

/** A path mask whose expressions have been worked out. */
export interface PathMaskValue {
  readonly type: 'pathMask';
  readonly matches: PathMatcher;
  readonly text: string;
}

/** An attribute that can only be asked whether it is there. */
export interface OpaqueValue {
  readonly type: 'opaque';
}

export type Constant = Exclude<Value, { readonly type: 'bool' | 'int' | 'string' }>;

export type Boxed = Constant | PathMaskValue | OpaqueValue;

export type RuntimeValue = undefined | boolean | number | string | Boxed;

export const OPAQUE: OpaqueValue = { type: 'opaque' };

export function runtimeOf(value: Value): Exclude<RuntimeValue, undefined> {
  return value.type === 'bool' || value.type === 'int' || value.type === 'string' ? value.value : value;
}

export function isBoxed<T extends Boxed['type']>(
  value: RuntimeValue,
  type: T,
): value is Extract<Boxed, { readonly type: T }> {
  return typeof value === 'object' && value.type === type;
}

const CONSTANT_TYPES: ReadonlySet<string> = new Set<Value['type']>([
  'bool',
  'int',
  'string',
  'ip',
  'prefix',
  'pair',
  'quad',
  'ec',
  'lc',
  'enum',
  'path',
  'clist',
  'eclist',
  'lclist',
  'set',
  'prefixSet',
]);

export function isConstant(expression: Expression): expression is Value {
  return CONSTANT_TYPES.has(expression.type);
}

export function describeType(value: RuntimeValue): ValueType | 'void' | 'opaque' {
  if (value === undefined) return 'void';
  if (typeof value === 'object') return value.type;
  if (typeof value === 'number') return 'int';
  return typeof value === 'boolean' ? 'bool' : 'string';
}

/** An IPv4 address stands for a quad wherever one is asked for. */
export function quadNumber(value: RuntimeValue): number | undefined {
  if (isBoxed(value, 'quad')) return value.value;
  if (isBoxed(value, 'ip') && !value.value.includes(':')) return wordsOf(`${value.value}/32`).word0 >>> 0;
  return undefined;
}

/** The value as a variable, parameter or attribute of this type takes it; void stays void. */
export function coerce(value: RuntimeValue, type: ValueType, what: string): RuntimeValue {
  if (value === undefined || describeType(value) === type) return value;
  if (type === 'quad') {
    const quad = quadNumber(value);
    if (quad !== undefined) return { type: 'quad', value: quad };
  }
  return fault(`${what} takes ${type}, not ${describeType(value)}`);
}

export function asBool(value: RuntimeValue, what: string): boolean {
  return typeof value === 'boolean' ? value : fault(`${what} takes bool, not ${describeType(value)}`);
}

export function asInt(value: RuntimeValue, what: string): number {
  return typeof value === 'number' ? value : fault(`${what} takes int, not ${describeType(value)}`);
}

export function sameValue(a: RuntimeValue, b: RuntimeValue): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  if (a.type !== b.type) {
    const left = quadNumber(a);
    return left !== undefined && left === quadNumber(b);
  }
  switch (a.type) {
    case 'enum':
      return a.of === (b as typeof a).of && a.value === (b as typeof a).value;
    case 'lc':
      return equalLarge(a.value, (b as typeof a).value);
    case 'path':
      return equalPaths(a.value, (b as typeof a).value);
    case 'clist':
    case 'eclist':
      return equalLists<number | string>(a.value, (b as typeof a).value, Object.is);
    case 'lclist':
      return equalLists(a.value, (b as typeof a).value, equalLarge);
    case 'set':
    case 'prefixSet':
      return JSON.stringify(a.items) === JSON.stringify((b as typeof a).items);
    case 'pathMask':
      return a.text === (b as typeof a).text;
    case 'opaque':
      return true;
    default:
      return a.value === (b as typeof a).value;
  }
}

export function equalLists<T>(a: readonly T[], b: readonly T[], same: (x: T, y: T) => boolean): boolean {
  return a.length === b.length && a.every((x, i) => same(x, b[i]!));
}

/** Less than 0, 0 or more than 0. Void comes before everything; values of different types have no order. */
export function orderValues(a: RuntimeValue, b: RuntimeValue): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  if (typeof a !== 'object') return typeof a === typeof b ? orderPrimitives(a, b as typeof a) : unordered(a, b);
  if (typeof b !== 'object') return unordered(a, b);
  const left = quadNumber(a);
  const right = quadNumber(b);
  if (left !== undefined && right !== undefined) return left - right;
  if (a.type !== b.type) return unordered(a, b);
  switch (a.type) {
    case 'pair':
      return a.value - (b as typeof a).value;
    case 'enum':
      return a.of === (b as typeof a).of ? a.value - (b as typeof a).value : unordered(a, b);
    case 'ec':
      return orderPrimitives(a.value, (b as typeof a).value);
    case 'lc':
      return compareLarge(a.value, (b as typeof a).value);
    case 'ip':
      return orderWords(hostWords(a.value), hostWords((b as typeof a).value));
    case 'prefix':
      return orderWords(wordsOf(a.value), wordsOf((b as typeof a).value));
    default:
      return unordered(a, b);
  }
}

function unordered(a: RuntimeValue, b: RuntimeValue): never {
  return fault(`no order between ${describeType(a)} and ${describeType(b)}`);
}

function orderPrimitives<T extends boolean | number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** IPv4 before IPv6, then the address, then the length. */
function orderWords(a: PrefixWords, b: PrefixWords): number {
  return (
    orderPrimitives(a.family, b.family) ||
    (a.word0 >>> 0) - (b.word0 >>> 0) ||
    (a.word1 >>> 0) - (b.word1 >>> 0) ||
    (a.word2 >>> 0) - (b.word2 >>> 0) ||
    (a.word3 >>> 0) - (b.word3 >>> 0) ||
    a.length - b.length
  );
}

/** Texts that were read lately; next hops and gateways are few, and asked for with every route. */
const RECENT = new Map<string, PrefixWords>();
const RECENT_LIMIT = 4096;

/** The words of a prefix text. */
export function wordsOf(prefix: string): PrefixWords {
  let words = RECENT.get(prefix);
  if (words === undefined) {
    words = prefixWords(prefix);
    if (RECENT.size === RECENT_LIMIT) RECENT.clear();
    RECENT.set(prefix, words);
  }
  return words;
}

/** The words of an address, as of the prefix that holds it alone. */
export function hostWords(address: string): PrefixWords {
  let words = RECENT.get(address);
  if (words === undefined) {
    words = prefixWords(`${address}/${address.includes(':') ? 128 : 32}`);
    if (RECENT.size === RECENT_LIMIT) RECENT.clear();
    RECENT.set(address, words);
  }
  return words;
}

/** All octets in hex with a digit for the family in front, so that order of texts is order of addresses. */
export function addressHex(address: string): string {
  const bytes = addressBytes(address);
  let text = bytes.length === 4 ? '4' : '6';
  for (const octet of bytes) text += octet.toString(16).padStart(2, '0');
  return text;
}
