// The door of filters: BIRD's filter language to policies. Evaluating them is for src/policy, the only engine.

import type { Expression } from '../../src/policy/index.ts';
import type { Term } from '../language/index.ts';
import { globalEnvironment, type Unit } from './environment.ts';
import { compileTerm } from './terms.ts';

export { requireValue } from './constants.ts';
export { defineConstant, evaluateTerm } from './definitions.ts';
export { type FilterSymbol, newUnit, type Remark, type Unit } from './environment.ts';
export {
  ACCEPT,
  compileEval,
  compileFilterSpec,
  compileRouteCommands,
  defineFilter,
  defineFunction,
  REJECT,
} from './filters.ts';
export { prefixOf } from './literals.ts';

/** A term among the names of a configuration, as `eval` has it. */
export function compileGlobalTerm(
  term: Term,
  unit: Unit,
): { readonly expression: Expression; readonly isConstant: boolean } {
  return compileTerm(term, globalEnvironment(unit));
}
