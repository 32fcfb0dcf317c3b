// Set literals and path masks, and the items of both; a `case` has the same items as its labels. Terms inside them are
// read by the parser that is given.

import { ecKind, isEnum, isPrefix, prefixLiteral } from './literals.ts';
import type { Place } from './place.ts';
import type { Reader } from './reader.ts';
import type { Component, MaskElement, PrefixPattern, SetElement, Term } from './tree.ts';

type ParseTerm = (reader: Reader) => Term;

/** `[ ... ]`: of prefixes where the first item is one, else of anything. */
export function setLiteral(reader: Reader, term: ParseTerm): Term {
  const at = reader.here;
  reader.operator('[');
  if (reader.dialect.bird === 2 && reader.acceptOperator(']')) return { type: 'set', items: [], at, end: reader.last };
  if (isPrefix(reader)) {
    const items = listOf(reader, prefixPattern);
    reader.operator(']');
    return { type: 'prefixSet', items, at, end: reader.last };
  }
  const items = setElements(reader, term);
  reader.operator(']');
  return { type: 'set', items, at, end: reader.last };
}

function listOf<T>(reader: Reader, parse: (reader: Reader) => T): readonly T[] {
  const items = [parse(reader)];
  while (reader.acceptOperator(',')) items.push(parse(reader));
  return items;
}

function prefixPattern(reader: Reader): PrefixPattern {
  const prefix = prefixLiteral(reader);
  if (reader.acceptOperator('+')) return { prefix, range: '+', end: reader.last };
  if (reader.acceptOperator('-')) return { prefix, range: '-', end: reader.last };
  if (!reader.acceptOperator('{')) return { prefix, end: reader.last };
  const low = reader.number();
  reader.operator(',');
  const high = reader.number();
  reader.operator('}');
  return { prefix, range: [low, high], end: reader.last };
}

/** `1, 2..5, (1,*)` */
export function setElements(reader: Reader, term: ParseTerm): readonly SetElement[] {
  return listOf(reader, () => setElement(reader, term));
}

/** The labels of one branch of `case`. BIRD 1.6 has names there in parentheses only. */
export function caseLabels(reader: Reader, term: ParseTerm): readonly SetElement[] {
  return listOf(reader, () => {
    if (reader.dialect.bird === 1 && reader.isSymbol()) reader.unexpected();
    return setElement(reader, term);
  });
}

function setElement(reader: Reader, term: ParseTerm): SetElement {
  const at = reader.here;
  if (reader.isOperator('(')) return parenthesised(reader, term, at);
  return span(reader, constant(reader), term, at);
}

/** `from`, or `from..to` */
function span(reader: Reader, from: Term, term: ParseTerm, at: Place): SetElement {
  if (!reader.acceptOperator('..')) return { type: 'value', from, at, end: reader.last };
  const to = reader.isOperator('(') ? inParentheses(reader, term) : constant(reader);
  return { type: 'value', from, to, at, end: reader.last };
}

function inParentheses(reader: Reader, term: ParseTerm): Term {
  reader.operator('(');
  const inner = term(reader);
  reader.operator(')');
  return inner;
}

function constant(reader: Reader): Term {
  const { type, text, value, place: at } = reader.peek();
  if (reader.isSymbol() || isEnum(reader)) {
    const kind = reader.isSymbol() ? 'symbol' : 'enum';
    reader.next();
    return { type: kind, name: text, at, end: reader.last };
  }
  if (type !== 'number' && type !== 'ip4' && type !== 'ip6') reader.unexpected();
  reader.next();
  const end = reader.last;
  return type === 'number' ? { type: 'number', value, at, end } : { type: 'address', value: text, at, end };
}

/** `(constant)`, or a pattern of a pair, an extended or a large community. */
function parenthesised(reader: Reader, term: ParseTerm, at: Place): SetElement {
  reader.operator('(');
  const kind = ecKind(reader);
  if (kind !== undefined) {
    const key = term(reader);
    const keyEnd = reader.here;
    reader.operator(',');
    const value = component(reader, term);
    reader.operator(')');
    return { type: 'ec', kind, key, keyEnd, value, at, end: reader.last };
  }
  const first = component(reader, term);
  if (isSingle(first) && reader.acceptOperator(')')) return span(reader, first.from, term, at);
  reader.operator(',');
  const second = component(reader, term);
  if (reader.acceptOperator(')')) return pairElement(reader, term, [first, second], at);
  // BIRD stores large communities by their beginning: what follows a pattern is any.
  if (!isSingle(first) && second !== '*') reader.unexpected();
  reader.operator(',');
  if (!isSingle(second) && !reader.isOperator('*')) reader.unexpected();
  const third = component(reader, term);
  reader.operator(')');
  return largeElement(reader, term, [first, second, third], at);
}

type Single = { readonly from: Term; readonly to?: never; readonly end: Place };

function isSingle(part: Component): part is Single {
  return part !== '*' && part.to === undefined;
}

function component(reader: Reader, term: ParseTerm): Component {
  if (reader.acceptOperator('*')) return '*';
  const from = term(reader);
  const to = reader.acceptOperator('..') ? { to: term(reader) } : {};
  return { from, ...to, end: reader.here };
}

function pairElement(reader: Reader, term: ParseTerm, parts: readonly [Component, Component], at: Place): SetElement {
  const [first, second] = parts;
  if (!isSingle(first) || !isSingle(second)) return { type: 'pair', parts, at, end: reader.last };
  if (!reader.acceptOperator('..')) return { type: 'pair', parts, at, end: reader.here };
  reader.operator('(');
  const to = [term(reader), comma(reader, term)] as const;
  reader.operator(')');
  return { type: 'pairSpan', from: [first.from, second.from], to, at, end: reader.last };
}

function largeElement(
  reader: Reader,
  term: ParseTerm,
  parts: readonly [Component, Component, Component],
  at: Place,
): SetElement {
  const [first, second, third] = parts;
  const isPlain = isSingle(first) && isSingle(second) && isSingle(third);
  if (!isPlain || !reader.acceptOperator('..')) return { type: 'lc', parts, at, end: reader.last };
  reader.operator('(');
  const to = [term(reader), comma(reader, term), comma(reader, term)] as const;
  reader.operator(')');
  return { type: 'lcSpan', from: [first.from, second.from, third.from], to, at, end: reader.last };
}

function comma(reader: Reader, term: ParseTerm): Term {
  reader.operator(',');
  return term(reader);
}

/** `[= 1 2..5 * ? NAME (1 + 2) =]` */
export function pathMask(reader: Reader, term: ParseTerm): Term {
  const at = reader.here;
  reader.operator('[=');
  const items: MaskElement[] = [];
  while (!reader.isOperator('=]')) items.push(maskElement(reader, term));
  reader.operator('=]');
  return { type: 'pathMask', items, at, end: reader.last };
}

function maskElement(reader: Reader, term: ParseTerm): MaskElement {
  const at = reader.here;
  if (reader.acceptOperator('*')) return { type: 'any', at, end: at };
  if (reader.acceptOperator('?')) return { type: 'one', at, end: at };
  if (reader.isSymbol()) {
    const { name } = reader.symbol();
    return { type: 'term', term: { type: 'symbol', name, at, end: at }, at, end: at };
  }
  if (reader.isOperator('(')) return { type: 'term', term: inParentheses(reader, term), at, end: reader.last };
  if (reader.dialect.bird === 2 && reader.isOperator('[')) {
    return { type: 'term', term: setLiteral(reader, term), at, end: reader.last };
  }
  const from = reader.number();
  const to = reader.acceptOperator('..') ? reader.number() : from;
  return { type: 'asn', from, to, at, end: reader.last };
}

/** `/ 1 ? 2 /`, where the question mark is any run of AS numbers. BIRD 1.6 only. */
export function oldPathMask(reader: Reader): Term {
  const at = reader.here;
  reader.operator('/');
  const items: MaskElement[] = [];
  while (!reader.isOperator('/')) {
    const start = reader.here;
    if (reader.acceptOperator('?')) {
      items.push({ type: 'any', at: start, end: start });
    } else {
      const asn = reader.number();
      items.push({ type: 'asn', from: asn, to: asn, at: start, end: start });
    }
  }
  reader.operator('/');
  return { type: 'pathMask', items, at, end: reader.last };
}
