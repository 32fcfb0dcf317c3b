// Terms that make values of others: communities, path masks, parts, changed lists, origin validation.

import type { Expression, PartName, PathMaskItem } from '../../src/policy/index.ts';
import { fail, type MaskElement, type Place, type Term } from '../language/index.ts';
import type { Compiled, CompileTerm } from './constants.ts';
import type { Environment } from './environment.ts';
import { type BirdType, checkArgument } from './types.ts';

type Of<T extends Term['type']> = Extract<Term, { readonly type: T }>;

const HALF = 0xffff;

export function compileCommunity(term: Of<'pair' | 'ec' | 'lc'>, env: Environment, compileTerm: CompileTerm): Compiled {
  const parts = (term.type === 'ec' ? [term.key, term.value] : term.parts).map((part) => compileTerm(part, env));
  const [a, b, c] = parts.map(({ expression }) => expression);
  const isConstant = parts.every((part) => part.isConstant);
  for (const [index, part] of parts.entries()) checkPart(term, part, index, env);
  if (isConstant && env.unit.dialect.bird === 1) checkBounds(term, parts);
  switch (term.type) {
    case 'pair':
      return { expression: { type: 'makePair', first: a!, second: b! }, of: 'pair', isConstant };
    case 'ec':
      return { expression: { type: 'makeExtended', kind: term.kind, key: a!, value: b! }, of: 'ec', isConstant };
    case 'lc':
      return { expression: { type: 'makeLarge', first: a!, second: b!, third: c! }, of: 'lc', isConstant };
  }
}

const INSTRUCTIONS = { pair: 'PAIR_CONSTRUCT', ec: 'EC_CONSTRUCT', lc: 'LC_CONSTRUCT' } as const;
const BIRD1_TEXTS = {
  pair: "Can't operate with value of non-integer type in pair constructor",
  ec: "Can't operate with key of non-integer/IPv4 type in EC constructor",
  lc: "LC - Can't operate with value of non-integer type in tuple constructor",
} as const;

function checkPart(term: Of<'pair' | 'ec' | 'lc'>, part: Compiled, index: number, env: Environment): void {
  const isKey = term.type === 'ec' && index === 0;
  if (isKey && (part.of === 'quad' || part.of === 'ip')) return;
  // What is constant BIRD 1.6 tries at once, and then it is a mistake of the configuration.
  const isRefused = part.isConstant && part.of !== undefined && part.of !== 'int';
  if (env.unit.dialect.bird === 1 && isRefused) fail(term.end, BIRD1_TEXTS[term.type]);
  checkArgument(env, term.end, { instruction: INSTRUCTIONS[term.type], index: index + 1 }, 'int', part.of);
}

function checkBounds(term: Of<'pair' | 'ec' | 'lc'>, parts: readonly Compiled[]): void {
  const numbers = parts.map(({ expression }) => (expression.type === 'int' ? expression.value : 0));
  if (term.type === 'pair') {
    for (const value of numbers) if (value > HALF) outOfRange(value, term.end);
  } else if (term.type === 'ec' && term.kind !== 'generic') {
    const isLongKey = parts[0]!.of !== 'int' || numbers[0]! > HALF;
    if (isLongKey && numbers[1]! > HALF) outOfRange(numbers[1]!, term.end);
  }
}

function outOfRange(value: number, place: Place): never {
  return fail(place, `Value ${value} out of range (0-${HALF})`);
}

export function compilePathMask(term: Of<'pathMask'>, env: Environment, compileTerm: CompileTerm): Compiled {
  const items = term.items.map((item) => maskItem(item, env, compileTerm));
  const isConstant = items.every((item) => item.type !== 'expression');
  return { expression: { type: 'pathMask', items }, of: 'bgpmask', isConstant };
}

function maskItem(item: MaskElement, env: Environment, compileTerm: CompileTerm): PathMaskItem {
  if (item.type === 'any' || item.type === 'one') return { type: item.type };
  if (item.type === 'asn') return { type: 'asn', from: item.from, to: item.to };
  const { expression } = compileTerm(item.term, env);
  if (expression.type === 'int') return { type: 'asn', from: expression.value, to: expression.value };
  if (expression.type === 'set') return { type: 'set', items: expression.items };
  return { type: 'expression', value: expression };
}

const PARTS: Readonly<Record<string, readonly [PartName, BirdType]>> = {
  ip: ['ip', 'ip'],
  len: ['len', 'int'],
  first: ['first', 'int'],
  last: ['last', 'int'],
  last_nonaggregated: ['lastNonaggregated', 'int'],
};

const PATH_INSTRUCTIONS: Readonly<Record<string, string>> = {
  first: 'AS_PATH_FIRST',
  last: 'AS_PATH_LAST',
  last_nonaggregated: 'AS_PATH_LAST_NAG',
};

export function compilePart(term: Of<'part'>, env: Environment, compileTerm: CompileTerm): Compiled {
  const row = PARTS[term.name] ?? fail(term.end, `Caracal does not do .${term.name}`);
  const of = compileTerm(term.of, env);
  const instruction = PATH_INSTRUCTIONS[term.name];
  if (instruction !== undefined) checkArgument(env, term.end, { instruction, index: 1 }, 'bgppath', of.of);
  const [name, type] = row;
  return { expression: { type: 'part', name, of: of.expression }, of: type, isConstant: of.isConstant };
}

export function compileMask(term: Of<'mask'>, env: Environment, compileTerm: CompileTerm): Compiled {
  const of = compileTerm(term.of, env);
  const length = compileTerm(term.length, env);
  checkArgument(env, term.end, { instruction: 'IP_MASK', index: 1 }, 'ip', of.of);
  checkArgument(env, term.end, { instruction: 'IP_MASK', index: 2 }, 'int', length.of);
  const expression: Expression = { type: 'mask', of: of.expression, length: length.expression };
  return { expression, of: 'ip', isConstant: of.isConstant && length.isConstant };
}

export function compileChanged(term: Of<'changed'>, env: Environment, compileTerm: CompileTerm): Compiled {
  const of = compileTerm(term.of, env);
  const value = compileTerm(term.value, env);
  if (term.operation === 'prepend') checkPrepend(env, term.end, of.of, value.of);
  const operands = { of: of.expression, value: value.expression };
  const expression: Expression = { type: 'changed', operation: term.operation, ...operands };
  return { expression, of: of.of, isConstant: of.isConstant && value.isConstant };
}

export function checkPrepend(
  env: Environment,
  place: Place,
  of: BirdType | undefined,
  value: BirdType | undefined,
): void {
  checkArgument(env, place, { instruction: 'PATH_PREPEND', index: 1 }, 'bgppath', of);
  checkArgument(env, place, { instruction: 'PATH_PREPEND', index: 2 }, 'int', value);
}

export function compileRoaCheck(term: Of<'roaCheck'>, env: Environment, compileTerm: CompileTerm): Compiled {
  const symbol = env.scope.find(term.table);
  if (symbol === undefined && env.unit.dialect.bird === 2) {
    fail(term.tableAt, 'syntax error, unexpected CF_SYM_UNDEFINED');
  }
  if (symbol?.type !== 'roaTable') return fail(term.end, `${term.table} is not a ROA table`);
  const [prefix, asn] = (term.operands ?? []).map((operand) => compileTerm(operand, env).expression);
  const operands = prefix === undefined || asn === undefined ? {} : { prefix, asn };
  return { expression: { type: 'roaCheck', table: symbol.entries, ...operands }, of: 'enum roa', isConstant: false };
}
