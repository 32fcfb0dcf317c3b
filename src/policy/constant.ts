// The value of an expression that looks at no route: for languages that work out their constants before anything runs.

import { type Context, makeContext } from './context.ts';
import { compileExpression } from './expressions.ts';
import { PolicyFault } from './fault.ts';
import type { PolicyRoute } from './route.ts';
import { newScope, type Unit } from './scope.ts';
import type { Expression, Value } from './types.ts';
import type { RuntimeValue } from './values.ts';

/** `fault`: the run-time error that it always ends in. Path masks have no value; they stay expressions. */
export type Constant =
  | { readonly type: 'value'; readonly value: Value }
  | { readonly type: 'void' }
  | { readonly type: 'fault'; readonly text: string };

/** Throws TypeError for an expression with variables, functions or mistakes. What it says of a route is without meaning. */
export function evaluateConstant(expression: Expression): Constant {
  const evaluate = compileExpression(expression, UNIT, newScope());
  try {
    return constantOf(evaluate(anyContext()));
  } catch (error) {
    if (error instanceof PolicyFault) return { type: 'fault', text: error.message };
    throw error;
  }
}

const UNIT: Unit = { family: 'ipv4', dialect: undefined, traced: false, functions: new Map() };

const ANY_ROUTE: PolicyRoute = {
  ...{ family: 'ipv4', word0: 0, word1: 0, word2: 0, word3: 0, length: 0, attributes: { origin: 0, asPath: [] } },
  ...{ source: 'static', protocol: '', from: undefined, peer: undefined, interface: '', gateway: undefined },
  ...{ metric: undefined, preference: 0 },
};

const anyContext = (): Context => makeContext(ANY_ROUTE, []);

function constantOf(value: RuntimeValue): Constant {
  switch (typeof value) {
    case 'undefined':
      return { type: 'void' };
    case 'boolean':
      return { type: 'value', value: { type: 'bool', value } };
    case 'number':
      return { type: 'value', value: { type: 'int', value } };
    case 'string':
      return { type: 'value', value: { type: 'string', value } };
    default:
      if (value.type === 'pathMask' || value.type === 'opaque') throw new TypeError(`not a constant: ${value.type}`);
      return { type: 'value', value };
  }
}
