// Filters and functions as policies: named ones, those written where they are used, and `where`.

import { type Policy, policy, print, type Statement } from '../../src/policy/index.ts';
import type { FilterItem, FilterSpec, FunctionItem, Term } from '../language/index.ts';
import { fail } from '../language/index.ts';
import { compileBody, compileCommands, compileCondition, originOf } from './commands.ts';
import { type Environment, type FunctionSymbol, globalEnvironment, Scope, type Unit } from './environment.ts';
import { compileTerm } from './terms.ts';
import { declaredType, valueTypeOf } from './types.ts';

/** `import all` and `import none`, by the names under which BIRD shows them. */
export const ACCEPT: Policy = policy('ACCEPT', 'accept', []);
export const REJECT: Policy = policy('REJECT', 'reject', []);
const UNNAMED = '(unnamed)';

export function defineFunction(item: FunctionItem, unit: Unit): void {
  const { name, nameAt, parameters, body } = item;
  const symbol: FunctionSymbol = {
    name,
    parameters: parameters.map((parameter) => ({ name: parameter.name, of: declaredType(parameter.of) })),
  };
  unit.global.define(name, { type: 'function', function: symbol }, nameAt, unit.dialect);
  const env: Environment = { unit, scope: new Scope(unit.global), uses: new Set() };
  parameters.forEach((parameter, index) => {
    env.scope.define(
      parameter.name,
      { type: 'variable', of: symbol.parameters[index]!.of },
      parameter.end,
      unit.dialect,
    );
  });
  const compiled = compileBody(body, env);
  symbol.compiled = {
    function: {
      name,
      parameters: symbol.parameters.map((parameter) => ({ name: parameter.name, of: valueTypeOf(parameter.of) })),
      body: compiled,
    },
    uses: env.uses,
  };
}

export function defineFilter(item: FilterItem, unit: Unit): void {
  const env: Environment = { unit, scope: new Scope(unit.global), uses: new Set() };
  const taken = unit.global.find(item.name) !== undefined;
  // The name is taken before the body is read, so that a mistake in both is the one of the name.
  if (taken) unit.global.define(item.name, { type: 'filter', policy: REJECT }, item.nameAt, unit.dialect);
  const made = makePolicy(item.name, compileBody(item.body, env), env);
  unit.global.define(item.name, { type: 'filter', policy: made }, item.nameAt, unit.dialect);
}

/** The policy of what stands behind `import` or `export`. */
export function compileFilterSpec(spec: FilterSpec, unit: Unit, outer = globalEnvironment(unit)): Policy {
  const env: Environment = { unit, scope: new Scope(outer.scope), uses: new Set() };
  switch (spec.type) {
    case 'all':
      return ACCEPT;
    case 'none':
      return REJECT;
    case 'named': {
      const symbol = env.scope.find(spec.name);
      if (symbol?.type === 'filter') return symbol.policy;
      const isUndefined = symbol === undefined && unit.dialect.bird === 2;
      return fail(spec.end, isUndefined ? 'syntax error, unexpected CF_SYM_UNDEFINED' : 'No such filter.');
    }
    case 'inline':
      return makePolicy(UNNAMED, compileBody(spec.body, env), env);
    case 'where': {
      const condition = compileCondition(spec.condition, spec.end, env);
      const body: Statement[] = [{ type: 'accept', origin: originOf(spec.at) }];
      return makePolicy(UNNAMED, [{ type: 'if', condition, body, origin: originOf(spec.at) }], env);
    }
  }
}

/** The commands of a static route, which say nothing about whether it is there. */
export function compileRouteCommands(commands: Parameters<typeof compileCommands>[0], unit: Unit): Policy {
  const env: Environment = { unit, scope: new Scope(unit.global), uses: new Set() };
  const body = compileCommands(commands, env);
  return { ...makePolicy('route', body, env), default: 'accept' };
}

/** A policy that prints the value of a term, for `eval`. */
export function compileEval(term: Term, unit: Unit): Policy {
  const env = globalEnvironment(unit);
  return { ...makePolicy('eval', [print(compileTerm(term, env).expression)], env), default: 'accept' };
}

/** Whoever falls off the end of a filter is rejected. */
function makePolicy(name: string, body: readonly Statement[], env: Environment): Policy {
  const functions = [...reachable(env.uses)].map((symbol) => symbol.compiled!.function);
  const dialect = env.unit.dialect.bird === 1 ? 'bird1' : 'bird2';
  return env.unit.intern({ ...policy(name, 'reject', body, functions), dialect });
}

/** Called functions, and those that they call; the called before the caller. */
function reachable(uses: ReadonlySet<FunctionSymbol>, found = new Set<FunctionSymbol>()): ReadonlySet<FunctionSymbol> {
  for (const symbol of uses) {
    if (found.has(symbol)) continue;
    reachable(new Set([...symbol.compiled!.uses].filter((used) => used !== symbol)), found);
    found.add(symbol);
  }
  return found;
}
