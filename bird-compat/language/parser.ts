// A whole configuration as a tree. A syntax error ends it; what stands before the error is in the tree all the same, so
// that an earlier mistake of another kind can be told first.

import { EXPRESSION } from './arguments.ts';
import { body, declaration } from './commands.ts';
import type { Dialect } from './dialect.ts';
import type { Token } from './lexer.ts';
import { prefixLiteral } from './literals.ts';
import { BirdError, fail, type Place } from './place.ts';
import { protocol, setting } from './protocols.ts';
import { Reader } from './reader.ts';
import { term } from './terms.ts';
import type { Declaration, Item, RoaRecord, TableFamily, Term, Tree } from './tree.ts';

/** There without being defined. */
const MAIN_TABLES = ['master4', 'master6'];

export function parseConfiguration(file: string, tokens: readonly Token[], dialect: Dialect): Tree {
  const reader = new Reader(tokens, dialect, new Set(MAIN_TABLES));
  const items: Item[] = [];
  try {
    while (!reader.atEnd) if (!reader.acceptOperator(';')) items.push(item(reader));
  } catch (error) {
    if (error instanceof BirdError) return { file, items, error, ...reader.unfinished };
    throw error;
  }
  return { file, items };
}

function item(reader: Reader): Item {
  const at = reader.here;
  if (reader.acceptWord('define')) return define(reader, at);
  if (reader.acceptWord('filter')) {
    const { name, at: nameAt } = reader.symbol();
    reader.known?.add(name);
    const content = body(reader);
    return { type: 'filter', name, nameAt, body: content, at, end: reader.last };
  }
  if (reader.acceptWord('function')) return functionItem(reader, at);
  if (reader.isWord('protocol', 'template')) return protocol(reader, at);
  if (reader.acceptWord('eval')) {
    const value = term(reader);
    reader.operator(';');
    return { type: 'eval', value, at, end: reader.last };
  }
  const table = tableItem(reader, at);
  if (table !== undefined) return table;
  if (reader.isWord('attribute')) fail(at, 'Caracal does not do attributes of your own');
  const option = setting(reader);
  return { type: 'setting', option, at, end: option.end };
}

function define(reader: Reader, at: Place): Item {
  const { name, at: nameAt } = reader.symbol();
  reader.operator('=');
  const value = term(reader);
  reader.operator(';');
  reader.known?.add(name);
  return { type: 'define', name, nameAt, value, at, end: reader.last };
}

function functionItem(reader: Reader, at: Place): Item {
  const { name, at: nameAt } = reader.symbol();
  reader.known?.add(name);
  reader.operator('(');
  const parameters: Declaration[] = [];
  if (!reader.isOperator(')')) {
    do parameters.push(declaration(reader));
    while (reader.acceptOperator(';'));
  }
  reader.operator(')');
  const content = body(reader);
  return { type: 'function', name, nameAt, parameters, body: content, at, end: reader.last };
}

const TABLE_FAMILIES: Readonly<Record<string, TableFamily>> = {
  ipv4: 'ipv4',
  ipv6: 'ipv6',
  roa4: 'roa4',
  roa6: 'roa6',
  vpn4: 'other',
  vpn6: 'other',
  flow4: 'other',
  flow6: 'other',
  mpls: 'other',
};

/** Undefined where no table begins here. */
function tableItem(reader: Reader, at: Place): Item | undefined {
  if (reader.dialect.bird === 2) {
    if (!reader.isWord(...Object.keys(TABLE_FAMILIES))) return undefined;
    const family = TABLE_FAMILIES[reader.next().text]!;
    if (family === 'other') fail(at, 'Caracal does not do tables of this kind');
    reader.word('table');
    return namedTable(reader, at, family);
  }
  if (reader.acceptWord('roa')) {
    reader.word('table');
    return roaTable(reader, at);
  }
  return reader.acceptWord('table') ? namedTable(reader, at, 'any') : undefined;
}

function namedTable(reader: Reader, at: Place, family: TableFamily): Item {
  const { name } = reader.symbol();
  const nameAt = reader.here;
  reader.known?.add(name);
  let isSorted = false;
  while (reader.isWord('sorted', 'trie')) isSorted = reader.next().text === 'sorted' || isSorted;
  if (family === 'roa4' || family === 'roa6') return { type: 'roaTable', name, nameAt, records: [], at, end: nameAt };
  return { type: 'table', name, nameAt, family, isSorted, at, end: reader.last };
}

/** `roa table r { roa 10.0.0.0/8 max 24 as 64512; }` of BIRD 1.6. */
function roaTable(reader: Reader, at: Place): Item {
  const { name } = reader.symbol();
  const nameAt = reader.here;
  const records: RoaRecord[] = [];
  if (reader.acceptOperator('{')) {
    while (!reader.acceptOperator('}')) {
      const start = reader.here;
      reader.word('roa');
      const prefix = prefixLiteral(reader);
      reader.word('max');
      const max = number(reader);
      reader.word('as');
      const asn = number(reader);
      reader.operator(';');
      records.push({ prefix, max, asn, at: start, end: reader.last });
    }
  }
  return { type: 'roaTable', name, nameAt, records, at, end: reader.last };
}

function number(reader: Reader): Term {
  const argument = EXPRESSION(reader);
  return argument?.type === 'term' ? argument.term : reader.unexpected();
}
