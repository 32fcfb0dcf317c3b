// Running a policy on a route: for the verdict alone, or with the reasons. Policies are compiled once per address family and
// kept as long as the policy object lives; a policy must therefore not be changed after its first use.

import type { Family } from 'node-bgp';
import { ACCEPT, CONTINUE, type Context, makeContext, RETURN, type Signal, type Step } from './context.ts';
import { Verdict } from './expressions.ts';
import { PolicyFault } from './fault.ts';
import type { PolicyResult, PolicyRoute } from './route.ts';
import { type CompiledFunction, declareVariable, newScope, type Unit } from './scope.ts';
import { compileBody } from './statements.ts';
import type { Origin, Policy, PolicyFunction, Statement, TraceStep } from './types.ts';
import type { RuntimeValue } from './values.ts';

export interface Explanation extends PolicyResult {
  /** Who wrote the statement that decided; undefined where none did, and the default of the policy counts. */
  readonly decidedBy: Origin | undefined;
  readonly trace: readonly TraceStep[];
}

/** Throws TypeError for a policy that makes no sense (an unknown name, a text that is no prefix), never because of a route. */
export function evaluate(policy: Policy, route: PolicyRoute): PolicyResult {
  const { step, hasVariables } = compiled(policy, route.family, false);
  const context = makeContext(route, hasVariables ? [] : NO_VARIABLES);
  return conclude(policy, context, run(step, context));
}

/** `evaluate` with the reasons. The result is the same. */
export function explain(policy: Policy, route: PolicyRoute): Explanation {
  const { step } = compiled(policy, route.family, true);
  const context = makeContext(route, []);
  const trace: TraceStep[] = [];
  context.trace = trace;
  const outcome = run(step, context);
  if (typeof outcome === 'string') {
    trace.push({ origin: context.at, text: outcome, outcome: 'error' });
    context.decidedBy = context.at;
  }
  return { ...conclude(policy, context, outcome), decidedBy: context.decidedBy, trace };
}

const NO_VARIABLES: RuntimeValue[] = [];

/** How the policy ended, or the text of its run-time error. */
function run(step: Step, context: Context): Signal | string {
  try {
    return step(context);
  } catch (error) {
    if (error instanceof PolicyFault) return error.message;
    if (error instanceof Verdict) return error.signal;
    throw error;
  }
}

type MutableResult = { -readonly [K in keyof PolicyResult]: PolicyResult[K] };

function conclude(policy: Policy, context: Context, outcome: Signal | string): PolicyResult {
  const undecided = outcome === CONTINUE || outcome === RETURN;
  const accepted = undecided ? policy.default === 'accept' : outcome === ACCEPT;
  const { route } = context;
  const result: MutableResult = accepted
    ? {
        accepted,
        attributes: context.owned ? Object.freeze(context.attributes) : context.attributes,
        preference: context.preference,
        metric: context.metric,
        tunnel: context.tunnel === '' ? undefined : context.tunnel,
      }
    : { accepted, attributes: route.attributes, preference: route.preference, metric: route.metric, tunnel: undefined };
  if (typeof outcome === 'string') result.error = outcome;
  if (context.line !== '') context.printed = [...(context.printed ?? []), context.line];
  if (context.printed !== undefined) result.printed = context.printed;
  if (accepted && context.other !== undefined) result.other = otherRecord(context.other);
  return result;
}

function otherRecord(other: ReadonlyMap<string, RuntimeValue>): Record<string, number | string | null> {
  const plain = (value: RuntimeValue) => (typeof value === 'object' && value.type === 'enum' ? value.value : value);
  return Object.fromEntries(
    [...other].map(([name, value]) => [name, (plain(value) ?? null) as number | string | null]),
  );
}

interface CompiledPolicy {
  readonly step: Step;
  readonly hasVariables: boolean;
}

type Variants = Partial<Record<Family | `traced ${Family}`, CompiledPolicy>>;

const CACHE = new WeakMap<Policy, Variants>();

function compiled(policy: Policy, family: Family, traced: boolean): CompiledPolicy {
  let variants = CACHE.get(policy);
  if (variants === undefined) {
    variants = {};
    CACHE.set(policy, variants);
  }
  const variant = traced ? (`traced ${family}` as const) : family;
  variants[variant] ??= compilePolicy(policy, family, traced);
  return variants[variant];
}

function compilePolicy(policy: Policy, family: Family, traced: boolean): CompiledPolicy {
  const functions = new Map<string, CompiledFunction>();
  const unit: Unit = { family, dialect: policy.dialect, traced, functions };
  const sources = policy.functions ?? [];
  for (const { name, parameters } of sources) {
    if (functions.has(name)) throw new TypeError(`function defined twice: ${name}`);
    functions.set(name, { parameters, step: () => CONTINUE });
  }
  for (const source of sources) functions.get(source.name)!.step = compileFunction(source, unit);
  const scope = newScope();
  return { step: compileBody(policy.body, unit, scope), hasVariables: scope.frame.size > 0 };
}

/** Ends with accept, reject or return; parameters are the first variables. */
function compileFunction({ parameters, body }: PolicyFunction, unit: Unit): Step {
  const scope = newScope();
  for (const parameter of parameters) declareVariable(scope, parameter.name, parameter.of);
  const step = compileBody(unit.dialect === 'bird1' ? withValueOfLastIf(body) : body, unit, scope);
  return (context) => {
    const signal = step(context);
    if (signal !== CONTINUE) return signal;
    context.returned = undefined;
    return RETURN;
  };
}

/** BIRD 1.6: an `if` has a value (whether it was passed by; with `else`, whether it was taken), and a function its last one. */
function withValueOfLastIf(body: readonly Statement[]): readonly Statement[] {
  const last = body.at(-1);
  if (last?.type !== 'if') return body;
  const ends = (value: boolean): Statement => ({ type: 'return', value: { type: 'bool', value } });
  const hasElse = last.else !== undefined;
  const valued = { ...last, body: [...last.body, ends(hasElse)], else: [...(last.else ?? []), ends(!hasElse)] };
  return [...body.slice(0, -1), valued];
}
