// What one evaluation carries along: the route as it came, what has been changed so far, variables and limits.

import type { Attributes } from 'node-bgp';
import { fault } from './fault.ts';
import type { PolicyRoute } from './route.ts';
import type { Origin, TraceStep } from './types.ts';
import type { RuntimeValue } from './values.ts';

export type MutableAttributes = { -readonly [K in keyof Attributes]: Attributes[K] };

export interface Context {
  route: PolicyRoute;
  /** The prefix again: every condition reads it, and objects of one shape are read faster than callers' routes. */
  word0: number;
  word1: number;
  word2: number;
  word3: number;
  length: number;
  attributes: Attributes;
  /** `attributes` is a copy of ours that may be written to. */
  owned: boolean;
  preference: number;
  metric: number | undefined;
  tunnel: string | undefined;
  other: Map<string, RuntimeValue> | undefined;
  /** How many times something was really changed. */
  changes: number;
  /** Variables of the function that runs. */
  frame: RuntimeValue[];
  /** Value of the last `return`. */
  returned: RuntimeValue;
  depth: number;
  calls: number;
  printed: string[] | undefined;
  /** Text of `printn` that waits for the end of its line. */
  line: string;
  trace: TraceStep[] | undefined;
  decidedBy: Origin | undefined;
  /** Origin of the statement that runs, and of the call that led to it; kept only for a trace. */
  at: Origin | undefined;
  caller: Origin | undefined;
}

/** How a statement ended. */
export type Signal = 0 | 1 | 2 | 3;
export const CONTINUE = 0;
export const ACCEPT = 1;
export const REJECT = 2;
export const RETURN = 3;

export type Evaluator = (context: Context) => RuntimeValue;
export type Step = (context: Context) => Signal;

/** A policy has no loops, so these two bound what it can do. */
export const DEPTH_LIMIT = 64;
export const CALL_LIMIT = 10_000;

export function makeContext(route: PolicyRoute, frame: RuntimeValue[]): Context {
  return {
    route,
    word0: route.word0 | 0,
    word1: route.word1 | 0,
    word2: route.word2 | 0,
    word3: route.word3 | 0,
    length: route.length,
    attributes: route.attributes,
    owned: false,
    preference: route.preference,
    metric: route.metric,
    tunnel: undefined,
    other: undefined,
    changes: 0,
    frame,
    returned: undefined,
    depth: 0,
    calls: 0,
    printed: undefined,
    line: '',
    trace: undefined,
    decidedBy: undefined,
    at: undefined,
    caller: undefined,
  };
}

/** The attributes to write to; the route's own are copied first. */
export function ownAttributes(context: Context): MutableAttributes {
  if (!context.owned) {
    context.attributes = { ...context.attributes };
    context.owned = true;
  }
  context.changes++;
  return context.attributes as MutableAttributes;
}

export function removeAttribute(context: Context, key: keyof Attributes): void {
  if (context.attributes[key] === undefined) return;
  const { [key]: _, ...rest } = context.attributes;
  context.attributes = rest as Attributes;
  context.owned = true;
  context.changes++;
}

export function setOther(context: Context, name: string, value: RuntimeValue): void {
  context.other ??= new Map();
  if (context.other.has(name) && context.other.get(name) === value) return;
  context.other.set(name, value);
  context.changes++;
}

/** Runs the body of a function with its variables, one call deeper. */
export function enterCall(context: Context, frame: RuntimeValue[], body: Step): Signal {
  if (++context.calls > CALL_LIMIT) fault(`more than ${CALL_LIMIT} function calls`);
  if (context.depth === DEPTH_LIMIT) fault(`functions nested deeper than ${DEPTH_LIMIT}`);
  const { frame: outer, caller } = context;
  context.frame = frame;
  context.caller = context.at;
  context.depth++;
  const signal = body(context);
  context.depth--;
  context.caller = caller;
  context.frame = outer;
  return signal;
}
