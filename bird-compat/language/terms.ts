// Terms: what filters compute with. Binary operators by precedence, then what stands before and behind a value.

import { ecKind, isAttribute, isEnum, isPrefix, prefixLiteral } from './literals.ts';
import type { Place } from './place.ts';
import type { Reader } from './reader.ts';
import { oldPathMask, pathMask, setLiteral } from './sets.ts';
import type { BinaryOperator, ListOperation, Term } from './tree.ts';

/** Weakest first. Both logical operators have one precedence, as they always had in BIRD. */
const LEVELS: readonly (readonly BinaryOperator[])[] = [
  ['&&', '||'],
  ['=', '!=', '<', '>', '<=', '>=', '~', '!~'],
  ['+', '-'],
  ['*', '/'],
];
const LOGICAL = 0;
const COMPARISON = 1;

export function term(reader: Reader): Term {
  return reader.nestedTerm(() => binary(reader, 0));
}

function binary(reader: Reader, level: number): Term {
  const operators = LEVELS[level];
  if (operators === undefined) return unary(reader);
  let left = binary(reader, level + 1);
  let height = 0;
  let last = '';
  while (reader.isOperator(...operators)) {
    const { text } = reader.peek();
    // Comparisons do not associate, and a run of one logical operator is no higher for being long.
    if (level === COMPARISON && height > 0) reader.unexpected();
    if (level !== LOGICAL || text !== last) height++;
    if (height > 1) reader.countLink();
    last = text;
    const operator = reader.next().text as BinaryOperator;
    const right = binary(reader, level + 1);
    left = { type: 'binary', operator, left, right, at: left.at, end: reader.here };
  }
  return left;
}

function unary(reader: Reader): Term {
  if (!reader.isOperator('!')) return parts(reader, primary(reader));
  const at = reader.next().place;
  const of = reader.nested(() => unary(reader));
  return { type: 'not', of, at, end: reader.here };
}

/** `.len`, `.mask(8)` ... behind a term. */
function parts(reader: Reader, first: Term): Term {
  let of = first;
  while (reader.acceptOperator('.')) {
    reader.countLink();
    const name = reader.word(...PARTS[reader.dialect.bird]);
    if (name !== 'mask') {
      of = { type: 'part', name, of, at: first.at, end: reader.last };
    } else {
      reader.operator('(');
      const width = term(reader);
      reader.operator(')');
      of = { type: 'mask', of, length: width, at: first.at, end: reader.last };
    }
  }
  return of;
}

const PARTS_OF_BOTH = ['ip', 'len', 'mask', 'first', 'last', 'last_nonaggregated'];
const PARTS = {
  1: PARTS_OF_BOTH,
  2: [...PARTS_OF_BOTH, 'type', 'src', 'dst', 'rd', 'maxlen', 'asn', 'data', 'data1', 'data2', 'is_v4', 'empty'],
} as const;

const LIST_OPERATIONS: readonly string[] = ['prepend', 'add', 'delete', 'filter'] satisfies ListOperation[];

function primary(reader: Reader): Term {
  const token = reader.peek();
  const at = token.place;
  switch (token.type) {
    case 'number':
      reader.next();
      return { type: 'number', value: token.value, at, end: reader.last };
    case 'string':
      reader.next();
      return { type: 'string', value: token.text, at, end: reader.last };
    case 'ip4':
    case 'ip6':
      return addressOrPrefix(reader, at);
    case 'name':
      return named(reader, at);
    case 'operator':
      return opened(reader, at);
    default:
      return reader.unexpected();
  }
}

function addressOrPrefix(reader: Reader, at: Place): Term {
  if (isPrefix(reader)) {
    const value = prefixLiteral(reader);
    return { type: 'prefix', value, at, end: reader.last };
  }
  const value = reader.next().text;
  return { type: 'address', value, at, end: reader.last };
}

function named(reader: Reader, at: Place): Term {
  if (reader.isSymbol()) return symbolOrCall(reader, at);
  const { text } = reader.peek();
  if (isAttribute(reader)) {
    reader.next();
    return { type: 'attribute', name: text, at, end: reader.last };
  }
  if (isEnum(reader)) {
    reader.next();
    return { type: 'enum', name: text, at, end: reader.last };
  }
  if (reader.acceptWord('true', 'false')) return { type: 'bool', value: text === 'true', at, end: reader.last };
  if (reader.acceptWord('defined')) {
    reader.operator('(');
    const of = term(reader);
    reader.operator(')');
    return { type: 'defined', of, at, end: reader.last };
  }
  if (reader.acceptWord('roa_check')) return roaCheck(reader, at);
  if (LIST_OPERATIONS.includes(text)) {
    reader.next();
    reader.operator('(');
    const of = term(reader);
    reader.operator(',');
    const value = term(reader);
    reader.operator(')');
    return { type: 'changed', operation: text as ListOperation, of, value, at, end: reader.last };
  }
  return reader.unexpected();
}

function symbolOrCall(reader: Reader, at: Place): Term {
  const { name } = reader.reference();
  if (!reader.isOperator('(')) {
    // BIRD 2 knows every name beforehand, BIRD 1.6 looks at what follows first.
    return { type: 'symbol', name, at, end: reader.dialect.bird === 1 ? reader.here : at };
  }
  return { type: 'call', name, arguments: callArguments(reader), at, end: reader.last };
}

/** `(a, b)` or `()` */
export function callArguments(reader: Reader): readonly Term[] {
  reader.operator('(');
  const values: Term[] = [];
  if (!reader.isOperator(')')) {
    do values.push(term(reader));
    while (reader.acceptOperator(','));
  }
  reader.operator(')');
  return values;
}

function roaCheck(reader: Reader, at: Place): Term {
  reader.operator('(');
  const { name: table, at: tableAt } = reader.reference();
  if (reader.acceptOperator(')')) return { type: 'roaCheck', table, tableAt, at, end: reader.last };
  reader.operator(',');
  const prefix = term(reader);
  reader.operator(',');
  const asn = term(reader);
  reader.operator(')');
  return { type: 'roaCheck', table, tableAt, operands: [prefix, asn], at, end: reader.last };
}

/** What begins with an operator: parentheses, sets, masks, empty lists. */
function opened(reader: Reader, at: Place): Term {
  if (reader.isOperator('(')) return parenthesised(reader, at);
  if (reader.isOperator('[')) return setLiteral(reader, term);
  if (reader.isOperator('[=')) return pathMask(reader, term);
  if (reader.isOperator('/') && reader.dialect.bird === 1) return oldPathMask(reader);
  if (reader.isOperator('+', '-')) return emptyList(reader, at);
  return reader.unexpected();
}

const EMPTY = { '+': 'path', '-': 'clist', '--': 'eclist', '---': 'lclist' } as const;

/** `+empty+`, `-empty-`, `--empty--`, `---empty---` */
function emptyList(reader: Reader, at: Place): Term {
  let marks = reader.operator('+', '-');
  while (marks[0] === '-' && marks.length < 3 && reader.acceptOperator('-')) marks += '-';
  reader.word('empty');
  for (const mark of marks) reader.operator(mark);
  return { type: 'empty', of: EMPTY[marks as keyof typeof EMPTY], at, end: reader.last };
}

function parenthesised(reader: Reader, at: Place): Term {
  reader.operator('(');
  const kind = ecKind(reader);
  if (kind !== undefined) {
    const key = term(reader);
    reader.operator(',');
    const value = term(reader);
    reader.operator(')');
    return { type: 'ec', kind, key, value, at, end: reader.last };
  }
  const first = term(reader);
  if (reader.acceptOperator(')')) return first;
  reader.operator(',');
  const second = term(reader);
  if (reader.acceptOperator(')')) return { type: 'pair', parts: [first, second], at, end: reader.last };
  reader.operator(',');
  const third = term(reader);
  reader.operator(')');
  return { type: 'lc', parts: [first, second, third], at, end: reader.last };
}
