// Terms that have one value whatever the route: worked out once, by the engine that also runs the rest.

import { type Expression, evaluateConstant, type Value } from '../../src/policy/index.ts';
import { fail, type Place, type Term } from '../language/index.ts';
import type { Environment, Unit } from './environment.ts';
import type { BirdType } from './types.ts';

/** A term as an expression. */
export interface Compiled {
  readonly expression: Expression;
  /** Undefined: only a route shows it. */
  readonly of: BirdType | undefined;
  /** The same for every route. */
  readonly isConstant: boolean;
}

export type CompileTerm = (term: Term, env: Environment) => Compiled;

export const known = (expression: Expression, of: BirdType): Compiled => ({ expression, of, isConstant: true });

/** The value of a constant term, in place of the expression that makes it. Errors are for BIRD 1.6 those of a route. */
export function fold(compiled: Compiled, place: Place, env: Environment): Compiled {
  const value = compiled.isConstant ? foldedValue(compiled, place, env) : undefined;
  return value === undefined ? compiled : { ...compiled, expression: value };
}

function foldedValue({ expression }: Compiled, place: Place, env: Environment): Value | undefined {
  if (hasPathMask(expression)) return undefined;
  const constant = evaluateConstant(expression);
  if (constant.type === 'value') return constant.value;
  if (constant.type === 'fault' && env.unit.dialect.bird === 2) {
    fail(place, `filter preevaluation, line ${place.line}: ${constant.text}`);
  }
  return undefined;
}

/** A mask is no value, but what it is compared with may be one. */
function hasPathMask(expression: Expression): boolean {
  return expression.type === 'pathMask';
}

/** The value of a term that must have one. */
export function requireValue(compiled: Pick<Compiled, 'expression' | 'isConstant'>, place: Place, unit: Unit): Value {
  if (compiled.isConstant && !hasPathMask(compiled.expression)) {
    const constant = evaluateConstant(compiled.expression);
    if (constant.type === 'value') return constant.value;
  }
  return fail(place, unit.dialect.bird === 1 ? 'Runtime error' : 'Constant expression expected');
}
