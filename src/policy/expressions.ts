// Expressions to closures, once a policy. What can be checked beforehand (names, constants) throws TypeError here: such a policy
// is a mistake of the program that wrote it. What only a route can show is a run-time error of the filter.

import { prefixFromWords } from 'node-bgp';
import { compileMask, firstAsn, lastAsn, lastNonaggregatedAsn, type MaskStep, pathLength } from './as-path.ts';
import { attributeRow, FIELDS } from './attributes.ts';
import { extendedCommunity, pairNumber } from './communities.ts';
import { compileMatch, compileNetEquals } from './conditions.ts';
import { type Context, type Evaluator, enterCall, RETURN, type Signal, type Step } from './context.ts';
import { fault } from './fault.ts';
import { changeList } from './lists.ts';
import { matchValues } from './match.ts';
import { pathMaskText } from './print.ts';
import { findVariable, type Scope, type Unit } from './scope.ts';
import type { ArithmeticOperator, CompareOperator, Expression, PartName, PathMaskItem } from './types.ts';
import { valueSetMatcher } from './value-set.ts';
import {
  coerce,
  describeType,
  hostWords,
  isBoxed,
  isConstant,
  orderValues,
  type PathMaskValue,
  quadNumber,
  type RuntimeValue,
  runtimeOf,
  sameValue,
} from './values.ts';

type Of<T extends Expression['type']> = Extract<Expression, { readonly type: T }>;

/** Ends the whole policy from within an expression: a function that was called for its value accepted or rejected. */
export class Verdict {
  readonly signal: Signal;
  constructor(signal: Signal) {
    this.signal = signal;
  }
}

export function compileExpression(expression: Expression, unit: Unit, scope: Scope): Evaluator {
  const compile = (inner: Expression) => compileExpression(inner, unit, scope);
  switch (expression.type) {
    case 'field':
      return compileField(expression);
    case 'attribute':
      return attributeRow(expression.name, unit.dialect).read;
    case 'variable': {
      const { slot } = findVariable(scope, expression.name);
      return (context) => context.frame[slot];
    }
    case 'defined': {
      const value = compile(expression.value);
      return (context) => value(context) !== undefined;
    }
    case 'not': {
      const value = compile(expression.value);
      return (context) => !asBool(value(context), '!');
    }
    case 'and':
      return compileAll(expression.operands.map(compile), true);
    case 'or':
      return compileAll(expression.operands.map(compile), false);
    case 'compare':
      return compileCompare(expression, unit, scope);
    case 'match': {
      const fast = compileMatch(expression, unit.family);
      if (fast !== undefined) return fast;
      const left = compile(expression.left);
      const right = compile(expression.right);
      return (context) => matchValues(left(context), right(context));
    }
    case 'arithmetic': {
      const operation = ARITHMETIC[expression.operator];
      const left = compile(expression.left);
      const right = compile(expression.right);
      return (context) => operation(asInt(left(context), 'left operand'), asInt(right(context), 'right operand'));
    }
    case 'part':
      return compilePart(expression, compile(expression.of));
    case 'mask':
      return compileMaskOf(compile(expression.of), compile(expression.length));
    case 'makePair':
    case 'makeLarge':
    case 'makeExtended':
      return compileCommunity(expression, compile);
    case 'pathMask':
      return compilePathMask(expression, compile);
    case 'changed': {
      const of = compile(expression.of);
      const value = compile(expression.value);
      const { operation } = expression;
      return (context) => changeList(of(context), operation, value(context));
    }
    case 'call': {
      const call = compileCall(expression.function, expression.arguments, unit, scope);
      return (context) => {
        const signal = call(context);
        if (signal !== RETURN) throw new Verdict(signal);
        return context.returned;
      };
    }
    default: {
      if (!isConstant(expression)) throw new TypeError(`not an expression: ${JSON.stringify(expression)}`);
      const value = runtimeOf(expression);
      return () => value;
    }
  }
}

/** `net` as a value; where it is only compared or matched, no text is made (conditions.ts). */
function compileField({ name }: Of<'field'>): Evaluator {
  if (name === 'net') return ({ route }) => ({ type: 'prefix', value: netText(route) });
  const row = FIELDS[name];
  if (row === undefined) throw new TypeError(`not a field: ${name}`);
  return row.read;
}

function netText(route: Context['route']): string {
  return prefixFromWords(route.family, route.word0, route.word1, route.word2, route.word3, route.length);
}

export function asBool(value: RuntimeValue, what: string): boolean {
  return typeof value === 'boolean' ? value : fault(`${what} takes bool, not ${describeType(value)}`);
}

function asInt(value: RuntimeValue, what: string): number {
  return typeof value === 'number' ? value : fault(`${what} takes int, not ${describeType(value)}`);
}

/** `and` goes on while operands are true, `or` while they are false. */
function compileAll(operands: readonly Evaluator[], goesOn: boolean): Evaluator {
  const name = goesOn ? '&&' : '||';
  const [first, second] = operands;
  if (operands.length === 2 && first !== undefined && second !== undefined) {
    return (context) => (asBool(first(context), name) === goesOn ? asBool(second(context), name) : !goesOn);
  }
  return (context) => {
    for (let i = 0; i < operands.length; i++) {
      if (asBool(operands[i]!(context), name) !== goesOn) return !goesOn;
    }
    return goesOn;
  };
}

const ARITHMETIC: Readonly<Record<ArithmeticOperator, (left: number, right: number) => number>> = {
  '+': (left, right) => (left + right) >>> 0,
  '-': (left, right) => (left - right) >>> 0,
  '*': (left, right) => Math.imul(left, right) >>> 0,
  '/': (left, right) => (right === 0 ? fault('division by zero') : Math.floor(left / right)),
};

function compileCompare({ operator, left, right }: Of<'compare'>, unit: Unit, scope: Scope): Evaluator {
  if (operator === '=' || operator === '!=') {
    const same = compileSame(left, right, unit, scope);
    return operator === '=' ? same : (context) => !same(context);
  }
  const order = ORDER[operator];
  const leftValue = compileExpression(left, unit, scope);
  const rightValue = compileExpression(right, unit, scope);
  return (context) => order(orderValues(leftValue(context), rightValue(context)));
}

const ORDER: Readonly<Record<Exclude<CompareOperator, '=' | '!='>, (order: number) => boolean>> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

function compileSame(left: Expression, right: Expression, unit: Unit, scope: Scope): Evaluator {
  if (left.type === 'field' && left.name === 'net') {
    const fast = compileNetEquals(right, unit.family);
    if (fast !== undefined) return fast;
  }
  const leftValue = compileExpression(left, unit, scope);
  if (right.type === 'enum') {
    const { of, value } = right;
    return (context) => {
      const found = leftValue(context);
      return isBoxed(found, 'enum') && found.value === value && found.of === of;
    };
  }
  const rightValue = compileExpression(right, unit, scope);
  return (context) => sameValue(leftValue(context), rightValue(context));
}

const PATH_PARTS: Readonly<Record<Exclude<PartName, 'ip'>, typeof pathLength>> = {
  len: pathLength,
  first: firstAsn,
  last: lastAsn,
  lastNonaggregated: lastNonaggregatedAsn,
};

function compilePart({ name, of }: Of<'part'>, value: Evaluator): Evaluator {
  if (name === 'len' && of.type === 'field' && of.name === 'net') return (context) => context.length;
  return (context) => partOf(name, value(context));
}

function partOf(name: PartName, value: RuntimeValue): RuntimeValue {
  if (isBoxed(value, 'prefix')) {
    const slash = value.value.indexOf('/');
    if (name === 'ip') return { type: 'ip', value: value.value.slice(0, slash) };
    if (name === 'len') return Number(value.value.slice(slash + 1));
  } else if (isBoxed(value, 'path')) {
    if (name !== 'ip') return PATH_PARTS[name](value.value);
  } else if (name === 'len' && (isBoxed(value, 'clist') || isBoxed(value, 'eclist') || isBoxed(value, 'lclist'))) {
    return value.value.length;
  }
  return fault(`.${name} of ${describeType(value)}`);
}

/** The address with all bits behind the first `length` cleared. */
function compileMaskOf(of: Evaluator, length: Evaluator): Evaluator {
  return (context) => {
    const value = of(context);
    const bits = asInt(length(context), '.mask');
    if (!isBoxed(value, 'ip')) return fault(`.mask of ${describeType(value)}`);
    const words = hostWords(value.value);
    const kept = Math.min(bits, words.length);
    const prefix = prefixFromWords(words.family, words.word0, words.word1, words.word2, words.word3, kept);
    return { type: 'ip', value: prefix.slice(0, prefix.indexOf('/')) };
  };
}

type Compile = (expression: Expression) => Evaluator;

function compileCommunity(expression: Of<'makePair' | 'makeLarge' | 'makeExtended'>, compile: Compile): Evaluator {
  switch (expression.type) {
    case 'makePair': {
      const first = compile(expression.first);
      const second = compile(expression.second);
      return (context) => {
        const high = asInt(first(context), 'pair');
        const low = asInt(second(context), 'pair');
        if (high > 0xffff || low > 0xffff) fault('a number of a pair is at most 65535');
        return { type: 'pair', value: pairNumber(high, low) };
      };
    }
    case 'makeLarge': {
      const parts = [expression.first, expression.second, expression.third].map(compile);
      return (context) => {
        const [a, b, c] = parts.map((part) => asInt(part(context), 'large community'));
        return { type: 'lc', value: [a!, b!, c!] };
      };
    }
    case 'makeExtended': {
      const key = compile(expression.key);
      const local = compile(expression.value);
      return (context) => {
        const keyValue = key(context);
        const quad = quadNumber(keyValue);
        const value = asInt(local(context), 'extended community');
        const number = quad ?? asInt(keyValue, 'extended community');
        const hex = extendedCommunity(expression.kind, number, quad !== undefined, value);
        return hex === undefined ? fault(`extended community value ${value} is too large`) : { type: 'ec', value: hex };
      };
    }
  }
}

/** A mask without expressions is made once. */
function compilePathMask({ items }: Of<'pathMask'>, compile: Compile): Evaluator {
  if (items.every((item) => item.type !== 'expression')) {
    const mask = makeMask(items);
    return () => mask;
  }
  const resolvers = items.map((item): ((context: Context) => PathMaskItem) => {
    if (item.type !== 'expression') return () => item;
    const value = compile(item.value);
    return (context) => maskItemOf(value(context));
  });
  return (context) => makeMask(resolvers.map((resolve) => resolve(context)));
}

function maskItemOf(value: RuntimeValue): PathMaskItem {
  if (typeof value === 'number') return { type: 'asn', from: value, to: value };
  if (isBoxed(value, 'set')) return { type: 'set', items: value.items };
  return fault(`path mask takes int, not ${describeType(value)}`);
}

function makeMask(items: readonly PathMaskItem[]): PathMaskValue {
  return { type: 'pathMask', matches: compileMask(items.map(maskStep)), text: pathMaskText(items) };
}

function maskStep(item: PathMaskItem): MaskStep {
  switch (item.type) {
    case 'any':
      return 'any';
    case 'one':
      return () => true;
    case 'asn':
      return (asn) => asn >= item.from && asn <= item.to;
    case 'set':
      return valueSetMatcher(item.items);
    case 'expression':
      throw new TypeError('an expression in a path mask that is not worked out');
  }
}

/**
 * A call as a statement: accept and reject of the function come out as they are, else `RETURN`, with the value in
 * `context.returned`. Throws TypeError for a function that is not there or takes other arguments.
 */
export function compileCall(name: string, args: readonly Expression[], unit: Unit, scope: Scope): Step {
  const called = unit.functions.get(name);
  if (called === undefined) throw new TypeError(`no such function: ${name}`);
  if (called.parameters.length !== args.length) throw new TypeError(`wrong number of arguments for function ${name}`);
  const values = args.map((argument) => compileExpression(argument, unit, scope));
  return (context) => {
    const frame: RuntimeValue[] = [];
    for (let i = 0; i < values.length; i++) {
      frame.push(coerce(values[i]!(context), called.parameters[i]!.of, `argument ${i + 1} of ${name}`));
    }
    return enterCall(context, frame, called.step);
  };
}
