// `show symbols` and `show roa`: the names of the configuration and what they stand for.

import { contains, type Prefix } from 'node-bgp';
import type { RoaEntry } from '../../../src/policy/index.ts';
import { type FilterSymbol, prefixOf } from '../../filters/index.ts';
import { isPrefix, prefixLiteral, type Reader } from '../../language/index.ts';
import { DONE, last, type Reply, row } from '../replies.ts';
import type { CommandConfiguration } from '../types.ts';
import { endOf, PARSE_ERROR, Refusal } from './syntax.ts';
import type { Answer, CommandContext } from './types.ts';

const SYMBOL = 1010;
const ROA = 1019;

/** As BIRD 1.6 calls them; BIRD 2 has another word for templates. */
const CLASSES: Readonly<Record<FilterSymbol['type'], string>> = {
  constant: 'constant',
  variable: 'variable',
  function: 'function',
  filter: 'filter',
  roaTable: 'ROA table',
  table: 'routing table',
  protocol: 'protocol',
  template: 'protocol template',
};

const WORDS: Readonly<Record<string, FilterSymbol['type']>> = {
  table: 'table',
  filter: 'filter',
  function: 'function',
  protocol: 'protocol',
  template: 'template',
  roa: 'roaTable',
};

export function showSymbols(reader: Reader, { target }: CommandContext): Answer {
  const { unit } = target.configuration;
  if (reader.isWord(...Object.keys(WORDS))) {
    const type = WORDS[reader.next().text];
    endOf(reader);
    return symbolLines(unit, target.protocols(), type);
  }
  if (reader.atEnd) return symbolLines(unit, target.protocols(), undefined);
  const { name } = reader.symbol();
  endOf(reader);
  const symbol = unit.global.find(name);
  const isProtocol = symbol === undefined && target.protocols().some((protocol) => protocol.name === name);
  return [last(SYMBOL, symbolText(name, isProtocol ? 'protocol' : symbol?.type))];
}

function symbolText(name: string, type: FilterSymbol['type'] | undefined): string {
  return `${name.padEnd(8)}\t${type === undefined ? 'undefined' : CLASSES[type]}`;
}

/** Protocols that nobody wrote down, such as those of Calico's resources, have names all the same. */
function* symbolLines(
  unit: CommandConfiguration['unit'],
  protocols: readonly { readonly name: string }[],
  wanted: FilterSymbol['type'] | undefined,
): Generator<Reply> {
  const names = new Map<string, FilterSymbol['type']>();
  for (const [name, { type }] of unit.global.entries()) names.set(name, type);
  for (const { name } of protocols) if (!names.has(name)) names.set(name, 'protocol');
  for (const [name, type] of names) {
    if (wanted === undefined || wanted === type) yield row(SYMBOL, symbolText(name, type));
  }
  yield DONE;
}

export function showRoa(reader: Reader, { target }: CommandContext): Answer {
  const { unit, dialect } = target.configuration;
  // BIRD 2 has them in ordinary tables.
  if (dialect.bird === 2) return reader.unexpected();
  const tests: ((entry: RoaEntry) => boolean)[] = [];
  let table: string | undefined;
  while (!reader.atEnd) {
    if (reader.acceptWord('as')) {
      const asn = reader.number();
      tests.push((entry) => entry.asn === asn);
    } else if (reader.acceptWord('table')) table = reader.symbol().name;
    else tests.push(prefixTest(reader, dialect));
  }
  return roaLines(entriesOf(unit, table).filter((entry) => tests.every((test) => test(entry))));
}

function prefixTest(reader: Reader, dialect: CommandConfiguration['dialect']): (entry: RoaEntry) => boolean {
  const how = reader.acceptWord('in') ? 'in' : reader.acceptWord('for') ? 'for' : 'exactly';
  if (!isPrefix(reader)) reader.unexpected();
  const asked: Prefix = prefixOf(prefixLiteral(reader), dialect);
  if (how === 'in') return ({ prefix }) => contains(asked, prefix);
  if (how === 'for') return ({ prefix }) => contains(prefix, asked);
  return ({ prefix }) => prefix === asked;
}

function entriesOf({ global }: CommandConfiguration['unit'], name: string | undefined): readonly RoaEntry[] {
  const symbols = name === undefined ? Array.from(global.entries(), ([, symbol]) => symbol) : [global.find(name)];
  const table = symbols.find((symbol) => symbol?.type === 'roaTable');
  if (table?.type === 'roaTable') return table.entries;
  throw new Refusal(PARSE_ERROR, name === undefined ? 'No ROA table defined' : `${name} is not a roa table`);
}

function* roaLines(entries: readonly RoaEntry[]): Generator<Reply> {
  for (const { prefix, max, asn } of entries) yield row(ROA, `${prefix} max ${max} as ${asn}`);
  yield DONE;
}
