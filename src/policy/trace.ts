// What explain records: a statement wrapped so that it tells what it did. Not here: what statements do.

import { ACCEPT, CONTINUE, type Context, type Evaluator, REJECT, type Signal, type Step } from './context.ts';
import { statementHead } from './print.ts';
import type { Origin, Statement, TraceStep } from './types.ts';
import { asBool } from './values.ts';

/** Statements that contain or call others are told before them, all others afterwards. */
export function tracing(statement: Statement, origin: Origin | undefined, step: Step): Step {
  const text = statementHead(statement);
  if (statement.type === 'case' || statement.type === 'call') {
    return (context) => {
      arriveAt(context, origin);
      record(context, text, 'done');
      return step(context);
    };
  }
  return (context) => {
    arriveAt(context, origin);
    const { changes } = context;
    const signal = step(context);
    record(context, text, outcomeOf(statement, signal, context.changes !== changes));
    if (signal === ACCEPT || signal === REJECT) context.decidedBy = context.at;
    return signal;
  };
}

export function tracingIf(
  statement: Statement,
  origin: Origin | undefined,
  condition: Evaluator,
  then: Step,
  otherwise: Step | undefined,
): Step {
  const text = statementHead(statement);
  return (context) => {
    arriveAt(context, origin);
    const matched = asBool(condition(context), 'if');
    record(context, text, matched ? 'matched' : 'notMatched');
    if (matched) return then(context);
    return otherwise === undefined ? CONTINUE : otherwise(context);
  };
}

/** A statement of a function without an origin of its own belongs to whoever called the function. */
function arriveAt(context: Context, origin: Origin | undefined): void {
  context.at = origin ?? context.caller;
}

function record(context: Context, text: string, outcome: TraceStep['outcome']): void {
  context.trace?.push({ origin: context.at, text, outcome });
}

function outcomeOf(statement: Statement, signal: Signal, changed: boolean): TraceStep['outcome'] {
  if (signal === ACCEPT) return 'accepted';
  if (signal === REJECT) return 'rejected';
  switch (statement.type) {
    case 'set':
    case 'unset':
    case 'change':
    case 'prepend':
      return changed ? 'changed' : 'unchanged';
    default:
      return 'done';
  }
}
