// Protocols, templates and settings: finds the row of each option by its words and reads what follows them.

import { optionsOf, type Row, settingsOf } from './options.ts';
import { fail, type Place } from './place.ts';
import type { Reader } from './reader.ts';
import type { Argument, Option, ProtocolItem } from './tree.ts';

/** What there is in BIRD and not here. */
const NOT_DONE: Readonly<Record<string, string>> = {
  ospf: 'OSPF',
  rip: 'RIP',
  babel: 'Babel',
  radv: 'router advertisements (radv)',
  rpki: 'RPKI-to-router (rpki); give ROAs as a table',
  mrt: 'MRT dumps',
  perf: 'perf',
  bmp: 'BMP',
  aggregator: 'aggregator',
  l3vpn: 'L3VPN',
};

/** Words behind `protocol` and `template`; the first of several that begin alike is the longest. */
export function protocol(reader: Reader, at: Place): ProtocolItem {
  const isTemplate = reader.word('protocol', 'template') === 'template';
  const kindAt = reader.here;
  const kind = kindOf(reader);
  const rows = optionsOf(kind, reader.dialect)!;
  // BIRD notices a name that is taken when it has seen what follows.
  const name = reader.isSymbol() ? reader.symbol().name : undefined;
  const nameAt = reader.here;
  if (name !== undefined) reader.known?.add(name);
  const from = reader.acceptWord('from') ? reader.symbol() : undefined;
  const options: Option[] = [];
  const begun: ProtocolItem = {
    ...{ type: 'protocol', isTemplate, kind, kindAt, nameAt, options, at, end: reader.last },
    ...(name === undefined ? {} : { name }),
    ...(from === undefined ? {} : { from }),
  };
  reader.unfinished = { unfinished: begun };
  optionBlock(reader, rows, options);
  reader.unfinished = {};
  return { ...begun, end: reader.last };
}

function kindOf(reader: Reader): string {
  const { type, text, place } = reader.peek();
  if (type !== 'name') reader.unexpected();
  if (optionsOf(text, reader.dialect) !== undefined) return reader.next().text;
  const what = Object.hasOwn(NOT_DONE, text) ? NOT_DONE[text] : undefined;
  return what === undefined ? reader.unexpected() : fail(place, `Caracal does not do ${what}`);
}

function optionBlock(reader: Reader, rows: readonly Row[], options: Option[] = []): readonly Option[] {
  reader.operator('{');
  while (!reader.acceptOperator('}')) {
    if (!reader.acceptOperator(';')) options.push(option(reader, rows, 'needed'));
  }
  return options;
}

/** `router id 10.0.0.1;` and so on. */
export function setting(reader: Reader): Option {
  const { text } = reader.peek();
  // These need no semicolon, and the one that stands there is another, empty item.
  const end = text === 'debug' || text === 'watchdog' ? 'optional' : 'needed';
  return option(reader, settingsOf(reader.dialect), end);
}

function option(reader: Reader, rows: readonly Row[], semicolon: 'needed' | 'optional'): Option {
  const at = reader.here;
  const { words, arguments: parsers, block } = findRow(reader, rows);
  const values: Argument[] = [];
  for (const parse of parsers) {
    const value = parse(reader);
    if (value !== undefined) values.push(value);
  }
  if (block !== undefined && reader.isOperator('{')) {
    const brace = reader.here;
    values.push({ type: 'options', options: optionBlock(reader, block), at: brace });
  }
  if (semicolon === 'needed') reader.operator(';');
  else reader.acceptOperator(';');
  return { name: words.join(' '), arguments: values, at, end: reader.last };
}

/** Rows by the words that they begin with. */
interface Choice {
  row?: Row;
  readonly next: Map<string, Choice>;
}

const CHOICES = new WeakMap<readonly Row[], Choice>();

function choicesOf(rows: readonly Row[]): Choice {
  let root = CHOICES.get(rows);
  if (root !== undefined) return root;
  root = { next: new Map() };
  for (const row of rows) {
    let at = root;
    for (const word of row.words) {
      const deeper: Choice = at.next.get(word) ?? { next: new Map() };
      at.next.set(word, deeper);
      at = deeper;
    }
    at.row = row;
  }
  CHOICES.set(rows, root);
  return root;
}

/** The row with the most words that stand here; its words are read. */
function findRow(reader: Reader, rows: readonly Row[]): Row {
  let at = choicesOf(rows);
  for (;;) {
    const { type, text } = reader.peek();
    const deeper = type === 'name' ? at.next.get(text) : undefined;
    if (deeper === undefined) return at.row ?? reader.unexpected();
    reader.next();
    at = deeper;
  }
}
