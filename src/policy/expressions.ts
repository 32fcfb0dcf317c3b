// Expressions to closures, once a policy. What can be checked beforehand (names, constants) throws TypeError here: such a policy
// is a mistake of the program that wrote it. What only a route can show is a run-time error of the filter.

import { prefixFromWords } from 'node-bgp';
import { firstAsn, lastAsn, lastNonaggregatedAsn, pathLength } from './as-path.ts';
import { attributeRow } from './attributes.ts';
import { compileMatch, compileNetEquals } from './conditions.ts';
import { compileCommunity, compileMaskOf, compilePathMask } from './constructors.ts';
import { type Context, type Evaluator, enterCall, RETURN, type Signal, type Step } from './context.ts';
import { fault } from './fault.ts';
import { FIELDS } from './fields.ts';
import { changeList } from './lists.ts';
import { matchValues } from './match.ts';
import { compileRoaCheck } from './roa.ts';
import { findVariable, type Scope, type Unit } from './scope.ts';
import type { ArithmeticOperator, CompareOperator, Expression, PartName } from './types.ts';
import {
  asBool,
  asInt,
  coerce,
  describeType,
  isBoxed,
  isConstant,
  orderValues,
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
    case 'roaCheck': {
      const net: Expression = expression.prefix ?? { type: 'field', name: 'net' };
      const last: Expression = { type: 'part', name: 'last', of: { type: 'attribute', name: 'asPath' } };
      return compileRoaCheck(expression.table, compile(net), compile(expression.asn ?? last));
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
