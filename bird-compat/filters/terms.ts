// Terms as expressions of the policy engine. What is constant is worked out here, once; what BIRD 2 would refuse for its
// types is refused here.

import { type Expression, not } from '../../src/policy/index.ts';
import { fail, type Place, type Term } from '../language/index.ts';
import { attributeRow } from './attributes.ts';
import { type Compiled, fold, known, requireValue } from './constants.ts';
import type { Environment, FunctionSymbol } from './environment.ts';
import { addressValue, enumOf, prefixOf } from './literals.ts';
import { compileBinary } from './operators.ts';
import { prefixRange, setItems } from './sets.ts';
import { birdTypeOf, checkArgument, fits, typeError } from './types.ts';
import {
  compileChanged,
  compileCommunity,
  compileMask,
  compilePart,
  compilePathMask,
  compileRoaCheck,
} from './values.ts';

type Of<T extends Term['type']> = Extract<Term, { readonly type: T }>;

export function compileTerm(term: Term, env: Environment): Compiled {
  const compiled = compile(term, env);
  return fold(compiled, term.end, env);
}

function compile(term: Term, env: Environment): Compiled {
  switch (term.type) {
    case 'number':
      return known({ type: 'int', value: term.value }, 'int');
    case 'bool':
      return known({ type: 'bool', value: term.value }, 'bool');
    case 'string':
      return known({ type: 'string', value: term.value }, 'string');
    case 'address': {
      const value = addressValue(term.value, env.unit.dialect);
      return known(value, birdTypeOf(value));
    }
    case 'prefix':
      return known({ type: 'prefix', value: prefixOf(term.value, env.unit.dialect) }, 'prefix');
    case 'enum': {
      const value = enumOf(term.name) ?? fail(term.at, `Caracal does not know ${term.name} here`);
      return known(value, birdTypeOf(value));
    }
    case 'symbol':
      return compileSymbol(term, env);
    case 'attribute': {
      const row = attributeRow(term.name) ?? fail(term.at, `Caracal does not do ${term.name}`);
      return { expression: row.read, of: row.of, isConstant: false };
    }
    case 'call':
      return compileCallTerm(term, env);
    case 'defined': {
      const { expression, isConstant } = compileTerm(term.of, env);
      return { expression: { type: 'defined', value: expression }, of: 'bool', isConstant };
    }
    case 'not': {
      const { expression, of, isConstant } = compileTerm(term.of, env);
      checkArgument(env, term.end, { instruction: 'NOT', index: 1 }, 'bool', of);
      return { expression: not(expression), of: 'bool', isConstant };
    }
    case 'binary':
      return compileBinary(term, env, compileTerm);
    case 'pair':
    case 'ec':
    case 'lc':
      return compileCommunity(term, env, compileTerm);
    case 'set': {
      const constant = (inner: Term, place: Place) => constantItem(inner, place, env);
      return known({ type: 'set', items: term.items.flatMap((item) => setItems(item, constant)) }, 'set');
    }
    case 'prefixSet':
      return known({ type: 'prefixSet', items: term.items.map((item) => prefixRange(item, env)) }, 'prefix set');
    case 'pathMask':
      return compilePathMask(term, env, compileTerm);
    case 'empty':
      return known({ type: term.of, value: [] }, term.of === 'path' ? 'bgppath' : term.of);
    case 'part':
      return compilePart(term, env, compileTerm);
    case 'mask':
      return compileMask(term, env, compileTerm);
    case 'changed':
      return compileChanged(term, env, compileTerm);
    case 'roaCheck':
      return compileRoaCheck(term, env, compileTerm);
  }
}

// --- names

function compileSymbol({ name, at, end }: Of<'symbol'>, env: Environment): Compiled {
  const symbol = env.scope.find(name);
  if (symbol?.type === 'constant') return { expression: symbol.expression, of: symbol.of, isConstant: true };
  if (symbol?.type === 'variable') {
    return { expression: { type: 'variable', name }, of: symbol.of, isConstant: false };
  }
  if (env.unit.dialect.bird === 1) return fail(end, `${name}: variable expected.`);
  return fail(
    at,
    symbol === undefined ? 'syntax error, unexpected CF_SYM_UNDEFINED' : `Can't get value of symbol ${name}`,
  );
}

/** The value of something that must be constant, in a set. */
function constantItem(term: Term, place: Place, env: Environment) {
  if (term.type === 'symbol' && env.scope.find(term.name)?.type !== 'constant') {
    if (env.unit.dialect.bird === 1) fail(place, `${term.name}: constant expected`);
    const isKnown = env.scope.find(term.name) !== undefined;
    fail(isKnown ? place : term.at, isKnown ? 'Constant name required' : 'syntax error, unexpected CF_SYM_UNDEFINED');
  }
  return requireValue(compileTerm(term, env), place, env.unit);
}

/** The function and its arguments, checked. */
export function compileCall(
  { name, arguments: terms, at, end }: { name: string; arguments: readonly Term[]; at: Place; end: Place },
  env: Environment,
): { readonly function: FunctionSymbol; readonly arguments: readonly Expression[] } {
  const { dialect } = env.unit;
  const symbol = env.scope.find(name);
  if (symbol === undefined && dialect.bird === 2) fail(at, 'syntax error, unexpected CF_SYM_UNDEFINED');
  const values = terms.map((term) => compileTerm(term, env));
  if (symbol?.type !== 'function') fail(end, "You can't call something which is not a function. Really.");
  const called = symbol.function;
  const { parameters } = called;
  // While its body is read, a function of BIRD 1.6 has no parameters yet, which is how it refuses to call itself.
  const isOpen = called.compiled === undefined && dialect.bird === 1;
  if (parameters.length !== values.length || (isOpen && parameters.length > 0)) {
    const bird2 = `Function '${name}' expects ${parameters.length} arguments, got ${values.length} arguments`;
    fail(end, dialect.bird === 1 ? `Wrong number of arguments for function ${name}.` : bird2);
  }
  if (isOpen) fail(end, `Caracal does not do functions that call themselves (${name})`);
  parameters.forEach(({ of }, index) => {
    const actual = values[index]!.of;
    if (!fits(of, actual)) typeError(env, end, `Argument ${index + 1} of '${name}' must be ${of}, got ${actual}`);
  });
  env.uses.add(called);
  return { function: called, arguments: values.map(({ expression }) => expression) };
}

function compileCallTerm(term: Of<'call'>, env: Environment): Compiled {
  const call = compileCall(term, env);
  const expression: Expression = { type: 'call', function: call.function.name, arguments: call.arguments };
  return { expression, of: undefined, isConstant: false };
}
