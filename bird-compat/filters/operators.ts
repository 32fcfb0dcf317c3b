// Terms of two sides: what BIRD's operators mean, and which types BIRD 2 takes.

import { parseRouterId } from 'node-bgp';
import {
  type CompareOperator,
  type Expression,
  equals,
  field,
  not,
  type SetItem,
  string,
} from '../../src/policy/index.ts';
import type { BinaryOperator, Term } from '../language/index.ts';
import type { Compiled, CompileTerm } from './constants.ts';
import type { Environment } from './environment.ts';
import { enumOf } from './literals.ts';
import { type BirdType, checkArgument, fits, typeError } from './types.ts';

type Binary = Extract<Term, { readonly type: 'binary' }>;

const ARITHMETIC = { '+': 'ADD', '-': 'SUBTRACT', '*': 'MULTIPLY', '/': 'DIVIDE' } as const;
const ORDER = { '<': 'LT', '<=': 'LTE', '>': 'LT', '>=': 'LTE' } as const;

export function compileBinary(term: Binary, env: Environment, compileTerm: CompileTerm): Compiled {
  const { operator } = term;
  if (operator === '&&' || operator === '||') return compileLogical(term, env, compileTerm);
  const special = compileFamilyTest(term) ?? compileUnicastTest(term);
  if (special !== undefined) return { expression: special, of: 'bool', isConstant: false };
  const left = compileTerm(term.left, env);
  const right = compileTerm(term.right, env);
  const isConstant = left.isConstant && right.isConstant;
  if (operator in ARITHMETIC) {
    const arithmetic = operator as keyof typeof ARITHMETIC;
    const instruction = ARITHMETIC[arithmetic];
    checkArgument(env, term.end, { instruction, index: 1 }, 'int', left.of);
    checkArgument(env, term.end, { instruction, index: 2 }, 'int', right.of);
    const operands = { left: left.expression, right: right.expression };
    return { expression: { type: 'arithmetic', operator: arithmetic, ...operands }, of: 'int', isConstant };
  }
  if (operator in ORDER && left.of !== undefined && right.of !== undefined) {
    const areAlike = fits(left.of, right.of) || fits(right.of, left.of);
    if (!areAlike) {
      const instruction = ORDER[operator as keyof typeof ORDER];
      typeError(env, term.end, `Arguments 1 and 2 of ${instruction} must be of the same type`);
    }
  }
  return { expression: comparison(operator, left, right), of: 'bool', isConstant };
}

function comparison(operator: BinaryOperator, left: Compiled, right: Compiled): Expression {
  if (operator === '~' || operator === '!~') {
    const set = isQuadLike(left.of) ? asQuads(right.expression) : right.expression;
    const match: Expression = { type: 'match', left: left.expression, right: set };
    return operator === '~' ? match : not(match);
  }
  return { type: 'compare', operator: operator as CompareOperator, left: left.expression, right: right.expression };
}

/** Members of a cluster list are router IDs, which in a set look like addresses. */
function isQuadLike(of: BirdType | undefined): boolean {
  return of === 'quad' || of === 'clist';
}

function asQuads(expression: Expression): Expression {
  if (expression.type !== 'set' || !expression.items.every((item) => item.type === 'ip')) return expression;
  const items = expression.items.map((item): SetItem => {
    if (item.type !== 'ip') return item;
    const [from, to] = [parseRouterId(item.from), parseRouterId(item.to)];
    return from === undefined || to === undefined ? item : { type: 'quad', from, to };
  });
  return { type: 'set', items };
}

/** Both operators have one precedence, so `a || b && c` is `(a || b) && c`; runs of one operator stay flat. */
function compileLogical(term: Binary, env: Environment, compileTerm: CompileTerm): Compiled {
  const links: Binary[] = [];
  let first: Term = term;
  while (first.type === 'binary' && (first.operator === '&&' || first.operator === '||')) {
    links.unshift(first);
    first = first.left;
  }
  let so: Compiled = compileTerm(first, env);
  let index = 1;
  for (let i = 0; i < links.length; ) {
    const { operator } = links[i]!;
    const instruction = operator === '&&' ? 'AND' : 'OR';
    checkArgument(env, links[i]!.end, { instruction, index }, 'bool', so.of);
    const operands = [so];
    for (; links[i]?.operator === operator; i++) {
      const operand = compileTerm(links[i]!.right, env);
      checkArgument(env, links[i]!.end, { instruction, index: 2 }, 'bool', operand.of);
      operands.push(operand);
    }
    so = {
      expression: { type: operator === '&&' ? 'and' : 'or', operands: operands.map(({ expression }) => expression) },
      of: 'bool',
      isConstant: operands.every(({ isConstant }) => isConstant),
    };
    index = 1;
  }
  return so;
}

/** `net.type = NET_IP4` of BIRD 2. */
function compileFamilyTest({ operator, left, right }: Binary): Expression | undefined {
  if (operator !== '=' && operator !== '!=') return undefined;
  if (left.type !== 'part' || left.name !== 'type' || right.type !== 'enum') return undefined;
  if (left.of.type !== 'attribute' || left.of.name !== 'net') return undefined;
  const family = { NET_IP4: 'ipv4', NET_IP6: 'ipv6' }[right.name] ?? '';
  const test = equals(field('family'), string(family));
  return operator === '=' ? test : not(test);
}

/** `dest = RTD_UNICAST` of BIRD 2: whatever leads somewhere. */
function compileUnicastTest({ operator, left, right }: Binary): Expression | undefined {
  if (operator !== '=' && operator !== '!=') return undefined;
  if (left.type !== 'attribute' || left.name !== 'dest') return undefined;
  if (right.type !== 'enum' || right.name !== 'RTD_UNICAST') return undefined;
  const items = ['RTD_ROUTER', 'RTD_DEVICE', 'RTD_MULTIPATH'].map((name): SetItem => {
    const { value } = enumOf(name)!;
    return { type: 'enum', of: 'dest', from: value, to: value };
  });
  const test: Expression = { type: 'match', left: { type: 'attribute', name: 'dest' }, right: { type: 'set', items } };
  return operator === '=' ? test : not(test);
}
