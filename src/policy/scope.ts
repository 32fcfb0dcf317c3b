// Names at compile time: which place in the frame a variable has, and the functions of the policy.

import type { Family } from 'node-bgp';
import type { Step } from './context.ts';
import type { Parameter, Policy, ValueType } from './types.ts';

export interface Variable {
  readonly slot: number;
  readonly of: ValueType;
}

/** Variables of one block; those of the blocks around it are seen through it. All blocks of a function share a frame. */
export interface Scope {
  readonly variables: Map<string, Variable>;
  readonly outer: Scope | undefined;
  readonly frame: { size: number };
}

/** A function under its name; `step` is there once all functions are compiled, so that they may call each other. */
export interface CompiledFunction {
  readonly parameters: readonly Parameter[];
  step: Step;
}

/** What the whole of one compilation shares. */
export interface Unit {
  readonly family: Family;
  readonly dialect: Policy['dialect'];
  readonly traced: boolean;
  readonly functions: ReadonlyMap<string, CompiledFunction>;
}

export function newScope(outer?: Scope): Scope {
  return { variables: new Map(), outer, frame: outer?.frame ?? { size: 0 } };
}

/** Throws TypeError where the block has a variable of this name already. */
export function declareVariable(scope: Scope, name: string, of: ValueType): Variable {
  if (scope.variables.has(name)) throw new TypeError(`variable declared twice: ${name}`);
  const variable = { slot: scope.frame.size++, of };
  scope.variables.set(name, variable);
  return variable;
}

/** Throws TypeError where there is no such variable. */
export function findVariable(scope: Scope, name: string): Variable {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const variable = at.variables.get(name);
    if (variable !== undefined) return variable;
  }
  throw new TypeError(`no such variable: ${name}`);
}
