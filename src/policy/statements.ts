// Statements to closures, once a policy. Compiled for a trace, each statement also tells what it did; both kinds run the same
// code, so that what explain says is what evaluate does.

import { attributeRow } from './attributes.ts';
import { prefixMatches, when } from './builders.ts';
import { asPrefixRanges, foldCondition } from './conditions.ts';
import { ACCEPT, CONTINUE, type Evaluator, REJECT, RETURN, type Step } from './context.ts';
import { compileCall, compileExpression } from './expressions.ts';
import { fault } from './fault.ts';
import { changeList } from './lists.ts';
import { declareVariable, findVariable, newScope, type Scope, type Unit } from './scope.ts';
import { valueText } from './text.ts';
import { tracing, tracingIf } from './trace.ts';
import type { Origin, PrefixRange, Statement } from './types.ts';
import { valueSetMatcher } from './value-set.ts';
import { asBool, coerce, type RuntimeValue } from './values.ts';

type Of<T extends Statement['type']> = Extract<Statement, { readonly type: T }>;

/** Where a statement stands: the names it sees, and the origin of what encloses it. */
interface Place {
  readonly unit: Unit;
  readonly scope: Scope;
  readonly origin: Origin | undefined;
}

export function compileBody(body: readonly Statement[], unit: Unit, scope: Scope, origin?: Origin): Step {
  return compileBlock(body, { unit, scope, origin });
}

function compileBlock(body: readonly Statement[], place: Place): Step {
  const steps = (place.unit.traced ? body : mergeNeighbours(body))
    .map((statement) => compileStatement(statement, place))
    .filter((step) => step !== undefined);
  if (steps.length === 1) return steps[0]!;
  return (context) => {
    for (let i = 0; i < steps.length; i++) {
      const signal = steps[i]!(context);
      if (signal !== CONTINUE) return signal;
    }
    return CONTINUE;
  };
}

/**
 * Neighbours that ask the prefix the same kind of question and give the same verdict become one: a thousand pools are one
 * look-up. A trace needs them apart.
 */
function mergeNeighbours(body: readonly Statement[]): readonly Statement[] {
  const merged: Statement[] = [];
  let items: PrefixRange[] = [];
  let verdict: 'accept' | 'reject' | undefined;
  for (const statement of body) {
    const own = prefixVerdict(statement);
    if (own === undefined) {
      merged.push(statement);
    } else if (own.verdict === verdict) {
      items.push(...own.items);
    } else {
      items = [...own.items];
      merged.push(when(prefixMatches(items), { type: own.verdict }));
    }
    verdict = own?.verdict;
  }
  return merged;
}

/** `if net ~ [...] then accept` or `reject`, and nothing else. */
function prefixVerdict(statement: Statement) {
  if (statement.type !== 'if' || statement.else !== undefined || statement.body.length !== 1) return undefined;
  const { condition, body } = statement;
  const verdict = body[0]!.type;
  if (verdict !== 'accept' && verdict !== 'reject') return undefined;
  if (condition.type !== 'match' || condition.left.type !== 'field' || condition.left.name !== 'net') return undefined;
  const items = asPrefixRanges(condition.right);
  return items === undefined ? undefined : { verdict, items };
}

/** Variables of an inner block are its own. */
function compileInner(body: readonly Statement[], place: Place): Step {
  return compileBlock(body, { ...place, scope: newScope(place.scope) });
}

/** Undefined where the statement can do nothing in this address family. */
function compileStatement(statement: Statement, outer: Place): Step | undefined {
  const place = statement.origin === undefined ? outer : { ...outer, origin: statement.origin };
  if (statement.type === 'if') return compileIf(statement, place);
  const step = compileSimple(statement, place);
  return place.unit.traced ? tracing(statement, place.origin, step) : step;
}

function compileIf(statement: Of<'if'>, place: Place): Step | undefined {
  const { unit, scope } = place;
  const known = foldCondition(statement.condition, unit.family);
  if (known === false && statement.else === undefined) return undefined;
  const condition = compileExpression(statement.condition, unit, scope);
  const then = compileInner(statement.body, place);
  const otherwise = statement.else === undefined ? undefined : compileInner(statement.else, place);
  if (unit.traced) return tracingIf(statement, place.origin, condition, then, otherwise);
  if (known !== undefined) return known ? then : otherwise;
  if (otherwise === undefined) {
    return (context) => (asBool(condition(context), 'if') ? then(context) : CONTINUE);
  }
  return (context) => (asBool(condition(context), 'if') ? then(context) : otherwise(context));
}

function compileSimple(statement: Exclude<Statement, Of<'if'>>, place: Place): Step {
  const { unit, scope } = place;
  const compile = (expression: Parameters<typeof compileExpression>[0]) => compileExpression(expression, unit, scope);
  switch (statement.type) {
    case 'accept':
      return () => ACCEPT;
    case 'reject':
      return () => REJECT;
    case 'case':
      return compileCase(statement, place);
    case 'declare': {
      const value = statement.value === undefined ? () => undefined : compile(statement.value);
      const { slot, of } = declareVariable(scope, statement.name, statement.of);
      return assignTo(slot, of, statement.name, value);
    }
    case 'assign': {
      const { slot, of } = findVariable(scope, statement.name);
      return assignTo(slot, of, statement.name, compile(statement.value));
    }
    case 'set': {
      const { write } = attributeRow(statement.attribute, unit.dialect);
      const value = compile(statement.value);
      return (context) => {
        write(context, value(context));
        return CONTINUE;
      };
    }
    case 'unset': {
      const { unset } = attributeRow(statement.attribute, unit.dialect);
      return (context) => {
        unset(context);
        return CONTINUE;
      };
    }
    case 'change': {
      const { read, write } = attributeRow(statement.attribute, unit.dialect);
      const value = compile(statement.value);
      const { operation } = statement;
      return (context) => {
        const old = read(context);
        const changed = changeList(old, operation, value(context));
        if (changed !== old) write(context, changed);
        return CONTINUE;
      };
    }
    case 'prepend':
      return compilePrepend(statement.asns.map(compile), unit);
    case 'call': {
      const call = compileCall(statement.function, statement.arguments, unit, scope);
      return (context) => {
        const signal = call(context);
        return signal === RETURN ? CONTINUE : signal;
      };
    }
    case 'return': {
      const value = statement.value === undefined ? () => undefined : compile(statement.value);
      return (context) => {
        context.returned = value(context);
        return RETURN;
      };
    }
    case 'print':
      return compilePrint(statement.items.map(compile), statement.newline);
  }
}

function assignTo(slot: number, of: Of<'declare'>['of'], name: string, value: Evaluator): Step {
  return (context) => {
    context.frame[slot] = coerce(value(context), of, name);
    return CONTINUE;
  };
}

function compileCase({ of, arms, else: otherwise }: Of<'case'>, place: Place): Step {
  const value = compileExpression(of, place.unit, place.scope);
  const compiled = arms.map((arm) => ({ matches: valueSetMatcher(arm.items), body: compileInner(arm.body, place) }));
  const fallback = otherwise === undefined ? undefined : compileInner(otherwise, place);
  return (context) => {
    const chosen = value(context);
    // Void has no arm, and that is no error.
    if (chosen !== undefined) for (const { matches, body } of compiled) if (matches(chosen)) return body(context);
    return fallback === undefined ? CONTINUE : fallback(context);
  };
}

/** In listed order in front of the path; the last one is therefore prepended first. */
function compilePrepend(asns: readonly Evaluator[], unit: Unit): Step {
  const { read, write } = attributeRow('asPath', unit.dialect);
  return (context) => {
    const path = read(context);
    if (path === undefined) return fault('prepend to void');
    let longer: RuntimeValue = path;
    for (let i = asns.length - 1; i >= 0; i--) longer = changeList(longer, 'prepend', asns[i]!(context));
    write(context, longer);
    return CONTINUE;
  };
}

/** Everything is worked out before anything is printed. */
function compilePrint(items: readonly Evaluator[], newline: boolean): Step {
  return (context) => {
    const text = items.map((item) => valueText(item(context))).join('');
    context.line += text;
    if (!newline) return CONTINUE;
    context.printed ??= [];
    context.printed.push(context.line);
    context.line = '';
    return CONTINUE;
  };
}
