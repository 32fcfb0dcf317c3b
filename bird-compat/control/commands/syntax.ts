// What commands have in common: how they are read, which protocols they mean, and how they are refused.

import { matchGlob } from '../../../src/policy/glob.ts';
import type { Reader } from '../../language/index.ts';
import { DONE, last, type Reply } from '../replies.ts';
import type { ControlTarget, ProtocolEntry } from '../types.ts';

/** The answer is this line and no other. */
export class Refusal extends Error {
  readonly reply: Reply;

  constructor(code: number, text: string) {
    super(text);
    this.name = 'Refusal';
    this.reply = last(code, text);
  }
}

export const PARSE_ERROR = 9001;
const WRONG_CLASS = 9002;
const NO_MATCH = 8003;

/** Nothing may follow. */
export function endOf(reader: Reader): void {
  if (!reader.atEnd) reader.unexpected();
}

/** Protocols by name, by pattern, or all of them. */
export type Selection =
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'pattern'; readonly pattern: string }
  | { readonly type: 'all' };

/** `NAME`, `"PATTERN"` or `all`. */
export function selection(reader: Reader): Selection {
  if (reader.acceptWord('all')) return { type: 'all' };
  if (reader.peek().type === 'string') return { type: 'pattern', pattern: reader.string() };
  return { type: 'name', name: reader.symbol().name };
}

/** Throws Refusal where there are none. */
export function selected(target: ControlTarget, which: Selection): readonly ProtocolEntry[] {
  const all = target.protocols();
  if (which.type === 'name') {
    const found = all.find(({ name }) => name === which.name);
    if (found === undefined) throw new Refusal(WRONG_CLASS, `${which.name} is not a protocol`);
    return [found];
  }
  const matching = which.type === 'all' ? all : all.filter(({ name }) => matchGlob(which.pattern, name));
  if (matching.length === 0) throw new Refusal(NO_MATCH, 'No protocols match');
  return matching;
}

/** What BIRD 2 says of a name that nobody has defined. */
export const UNDEFINED = 'syntax error, unexpected CF_SYM_UNDEFINED';

/** A protocol as part of another command. */
export function knownProtocol(target: ControlTarget, name: string): ProtocolEntry {
  const found = target.protocols().find((protocol) => protocol.name === name);
  if (found !== undefined) return found;
  const isBird1 = target.configuration.dialect.bird === 1;
  throw new Refusal(PARSE_ERROR, isBird1 ? `${name} is not a protocol` : `${UNDEFINED}, expecting CF_SYM_KNOWN`);
}

export function* listed(rows: Iterable<Reply>): Generator<Reply> {
  yield* rows;
  yield DONE;
}
