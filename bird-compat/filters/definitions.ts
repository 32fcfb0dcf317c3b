// Constants of a configuration, and terms that are worked out while it is read.

import { fail, type Item, type Term } from '../language/index.ts';
import { fold, requireValue } from './constants.ts';
import { globalEnvironment, type Unit } from './environment.ts';
import { compileTerm } from './terms.ts';

type Define = Extract<Item, { readonly type: 'define' }>;

/** A path mask has no value of its own and stays what it is. */
export function defineConstant({ name, value, end }: Define, unit: Unit): void {
  const env = globalEnvironment(unit);
  const compiled = compileTerm(value, env);
  const isMask = compiled.isConstant && compiled.expression.type === 'pathMask';
  const expression = isMask ? compiled.expression : requireValue(compiled, end, unit);
  unit.global.define(name, { type: 'constant', expression, of: compiled.of }, end, unit.dialect);
}

/** `eval` in a configuration says nothing and must only make sense. */
export function evaluateTerm(term: Term, unit: Unit): void {
  const compiled = compileTerm(term, globalEnvironment(unit));
  if (!fold(compiled, term.end, globalEnvironment(unit)).isConstant) fail(term.end, 'Constant expression expected');
}
