// One text to tokens. A text that is no token ends them with an error token: whoever reads that far fails there. Reserved
// words and names are told apart by the reader, because that depends on the dialect; so do addresses of the other family.
// Not here: what `include` includes (source.ts).

import { parseAddress } from 'node-bgp';
import type { Place } from './place.ts';

export interface Token {
  /** `name`: words and symbols. `include`: `text` is the path, the semicolon is part of it. `error`: `text` says why. */
  readonly type: 'name' | 'number' | 'string' | 'ip4' | 'ip6' | 'operator' | 'include' | 'error' | 'end';
  /** Without quotes; of an address its canonical form. */
  readonly text: string;
  /** Of a number. */
  readonly value: number;
  readonly place: Place;
  /** Where BIRD 2 sees it: of a string the closing quote, of an include its path; of all others the column of `place`. */
  readonly lateColumn: number;
}

/** BIRD 1.6 refuses more characters; BIRD 2 does not, and neither harms. */
const LONGEST_SYMBOL = 64;

const BLANK = /[ \t]+/y;
const INCLUDE = /[ \t]*include[ \t]*"([^"\n]*)"[ \t]*;/y;
const IPV4 = /\d+\.\d+\.\d+\.\d+/y;
const IPV6 = /(?:(?:[\da-fA-F]*:){3,}|[\da-fA-F]*::)(?:\d+\.\d+\.\d+\.\d+|[\da-fA-F]*)/y;
const HEX = /0x[\da-fA-F]+/y;
const NUMBER = /\d+/y;
const NAME = /[A-Za-z_]\w*/y;
const QUOTED_NAME = /'[\w.:-]*'/y;
const STRING = /"([^"\n]*)"/y;
const OPEN_STRING = /"[^\n]*/y;
const OPERATOR = /!=|!~|<=|>=|&&|\|\||\[=|=\]|\.\.|[=<>~+\-*/%.,;:(){}[\]!?|]/y;

const HIGHEST_NUMBER = 0xffff_ffff;

export function tokenize(file: string, text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  let lineStart = 0;
  const matchHere = (pattern: RegExp) => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  const push = (type: Token['type'], content: string, value = 0, late = 0) => {
    const column = at - lineStart + 1;
    tokens.push({ type, text: content, value, lateColumn: column + late, place: { file, line, column } });
  };
  while (at < text.length) {
    if (at === lineStart) {
      const include = matchHere(INCLUDE);
      if (include !== null) {
        push('include', include[1]!, 0, include[0].indexOf('"') + 1);
        at += include[0].length;
        continue;
      }
    }
    const char = text[at]!;
    if (char === '\n') {
      lineStart = ++at;
      line++;
      continue;
    }
    const blank = matchHere(BLANK);
    if (blank !== null) {
      at += blank[0].length;
      continue;
    }
    if (char === '#') {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
      continue;
    }
    if (char === '/' && text[at + 1] === '*') {
      const end = text.indexOf('*/', at + 2);
      const comment = end < 0 ? text.slice(at) : text.slice(at, end + 2);
      const start = at;
      at += comment.length;
      for (let i = comment.indexOf('\n'); i >= 0; i = comment.indexOf('\n', i + 1)) {
        line++;
        lineStart = start + i + 1;
      }
      if (end >= 0) continue;
      at--;
      push('error', 'Unterminated comment');
      return tokens;
    }
    const length = readToken(matchHere, push);
    if (length === 0) return tokens;
    at += length;
  }
  return tokens;
}

type Match = (pattern: RegExp) => RegExpExecArray | null;
type Push = (type: Token['type'], content: string, value?: number, late?: number) => void;

/** Pushes the token that begins here and gives its length; 0 after an error. */
function readToken(match: Match, push: Push): number {
  const ipv6 = match(IPV6);
  if (ipv6 !== null) return readAddress(ipv6[0], 'ip6', push);
  const ipv4 = match(IPV4);
  if (ipv4 !== null) return readAddress(ipv4[0], 'ip4', push);
  const number = match(HEX) ?? match(NUMBER);
  if (number !== null) {
    const value = Number(number[0]);
    if (value > HIGHEST_NUMBER) return refuse(push, 'Number out of range');
    push('number', number[0], value);
    return number[0].length;
  }
  const name = match(NAME) ?? match(QUOTED_NAME);
  if (name !== null) {
    const text = name[0].startsWith("'") ? name[0].slice(1, -1) : name[0];
    if (text.length > LONGEST_SYMBOL) return refuse(push, 'Symbol too long');
    push('name', text);
    return name[0].length;
  }
  const operator = match(OPERATOR);
  if (operator !== null) {
    push('operator', operator[0]);
    return operator[0].length;
  }
  const string = match(STRING);
  if (string === null) {
    const open = match(OPEN_STRING);
    push('error', open === null ? 'Unknown character' : 'Unterminated string', 0, open?.[0].length ?? 0);
    return 0;
  }
  push('string', string[1]!, 0, string[0].length - 1);
  return string[0].length;
}

function readAddress(text: string, type: 'ip4' | 'ip6', push: Push): number {
  // Leading zeros are decimal here, and no reason to refuse an address.
  const plain = type === 'ip4' ? text.split('.').map(Number).join('.') : text;
  const address = parseAddress(plain);
  if (address === undefined) return refuse(push, `Invalid IPv${type === 'ip4' ? 4 : 6} address ${text}`);
  push(type, address);
  return text.length;
}

function refuse(push: Push, why: string): number {
  push('error', why);
  return 0;
}
