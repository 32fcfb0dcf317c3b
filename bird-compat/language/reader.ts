// Reads tokens one after the other for the parser, in one dialect: what is expected, what is there, and how BIRD words
// it where the two differ.

import type { Dialect } from './dialect.ts';
import { isReserved } from './keywords.ts';
import type { Token } from './lexer.ts';
import { fail, type Place } from './place.ts';
import type { ProtocolItem } from './tree.ts';

/** Deeper nesting than anybody writes, and shallow enough for everything that walks the tree. */
const DEEPEST = 400;

export interface Name {
  readonly name: string;
  readonly at: Place;
}

export class Reader {
  readonly dialect: Dialect;
  readonly #tokens: readonly Token[];
  #index = 0;
  #depth = 0;
  #termDepth = 0;
  #links = 0;
  /** Of the token that was read last. */
  last: Place;
  /** Names that have been defined. For BIRD 2 one that has not is a mistake of syntax; absent in commands, where all may be. */
  readonly known: Set<string> | undefined;
  /** The protocol that is being read. */
  unfinished: { readonly unfinished?: ProtocolItem } = {};

  constructor(tokens: readonly Token[], dialect: Dialect, known?: Set<string>) {
    this.#tokens = tokens;
    this.dialect = dialect;
    this.known = known;
    this.last = tokens[0]!.place;
  }

  /** The next token, which stays. Throws where it is none. */
  peek(): Token {
    const token = this.#tokens[Math.min(this.#index, this.#tokens.length - 1)]!;
    if (token.type === 'error') fail(this.placeOf(token), token.text);
    if (token.type === 'ip6' && this.dialect.bird === 1 && this.dialect.family === 'ipv4') {
      fail(token.place, 'This is an IPv4 router, therefore IPv6 addresses are not supported');
    }
    return token;
  }

  /** Whether the token behind the next one is this operator. */
  isFollowedBy(operator: string): boolean {
    const token = this.#tokens[this.#index + 1];
    return token?.type === 'operator' && token.text === operator;
  }

  next(): Token {
    const token = this.peek();
    if (token.type === 'end') this.unexpected();
    this.last = this.placeOf(token);
    this.#index++;
    return token;
  }

  /** Place of the next token. */
  get here(): Place {
    return this.placeOf(this.peek());
  }

  placeOf(token: Token): Place {
    const late = this.dialect.bird === 2 && token.lateColumn !== token.place.column;
    return late ? { ...token.place, column: token.lateColumn } : token.place;
  }

  get atEnd(): boolean {
    return this.peek().type === 'end';
  }

  // --- words and operators

  isWord(...words: readonly string[]): boolean {
    const token = this.peek();
    return token.type === 'name' && words.includes(token.text);
  }

  acceptWord(...words: readonly string[]): boolean {
    if (!this.isWord(...words)) return false;
    this.next();
    return true;
  }

  /** The word that is there, one of these. */
  word(...words: readonly string[]): string {
    return this.isWord(...words) ? this.next().text : this.unexpected();
  }

  isOperator(...operators: readonly string[]): boolean {
    const token = this.peek();
    return token.type === 'operator' && operators.includes(token.text);
  }

  acceptOperator(operator: string): boolean {
    if (!this.isOperator(operator)) return false;
    this.next();
    return true;
  }

  operator(...operators: readonly string[]): string {
    return this.isOperator(...operators) ? this.next().text : this.unexpected();
  }

  // --- values

  isSymbol(): boolean {
    const token = this.peek();
    return token.type === 'name' && !isReserved(token.text, this.dialect);
  }

  symbol(): Name {
    if (!this.isSymbol()) this.unexpected();
    const { text, place } = this.next();
    return { name: text, at: place };
  }

  /** A name that stands for something which was defined before. */
  reference(): Name {
    const { text } = this.peek();
    if (this.dialect.bird === 2 && this.isSymbol() && this.known?.has(text) === false) this.unexpected();
    return this.symbol();
  }

  string(): string {
    return this.peek().type === 'string' ? this.next().text : this.unexpected();
  }

  number(): number {
    return this.peek().type === 'number' ? this.next().value : this.unexpected();
  }

  /** An address of a family that this dialect routes; elsewhere `1.2.3.4` is a router ID only. */
  isAddress(): boolean {
    const { type } = this.peek();
    if (this.dialect.bird === 2) return type === 'ip4' || type === 'ip6';
    return type === (this.dialect.family === 'ipv4' ? 'ip4' : 'ip6');
  }

  // --- mistakes

  unexpected(): never {
    const token = this.peek();
    const what = this.dialect.bird === 1 ? '' : `, unexpected ${tokenName(token, this)}`;
    return fail(this.placeOf(token), `syntax error${what}`);
  }

  tooDeep(): never {
    return fail(this.here, `nested deeper than ${DEEPEST} levels`);
  }

  /** A term, of which the outermost counts links. */
  nestedTerm<T>(parse: () => T): T {
    if (this.#termDepth === 0) this.#links = 0;
    this.#termDepth++;
    const result = this.nested(parse);
    this.#termDepth--;
    return result;
  }

  /** One more operator in a row, which makes the tree of the term higher without nesting anything. */
  countLink(): void {
    if (++this.#links > DEEPEST) this.tooDeep();
  }

  /** Runs a part of the parser one level deeper. */
  nested<T>(parse: () => T): T {
    if (this.#depth === DEEPEST) this.tooDeep();
    this.#depth++;
    const result = parse();
    this.#depth--;
    return result;
  }
}

const OPERATOR_NAMES: Readonly<Record<string, string>> = {
  '!=': 'NEQ',
  '!~': 'NMA',
  '<=': 'LEQ',
  '>=': 'GEQ',
  '&&': 'AND',
  '||': 'OR',
  '[=': 'PO',
  '=]': 'PC',
  '..': 'DDOT',
};

/** As BIRD 2 calls it. */
function tokenName(token: Token, reader: Reader): string {
  switch (token.type) {
    case 'name':
      if (isReserved(token.text, reader.dialect)) return token.text.toUpperCase();
      return reader.known?.has(token.text) ? 'CF_SYM_KNOWN' : 'CF_SYM_UNDEFINED';
    case 'number':
      return 'NUM';
    case 'string':
      return 'TEXT';
    case 'operator':
      return OPERATOR_NAMES[token.text] ?? `'${token.text}'`;
    default:
      return token.type.toUpperCase();
  }
}
