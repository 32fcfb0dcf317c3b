// What may stand behind the words of an option: numbers, switches, addresses, filters, lists. One function a kind.

import { command, filterSpec } from './commands.ts';
import { isPrefix, prefixLiteral } from './literals.ts';
import { fail } from './place.ts';
import type { Reader } from './reader.ts';
import { term } from './terms.ts';
import type {
  Argument,
  Command,
  Destination,
  EndpointPart,
  InterfacePattern,
  NextHop,
  PrefixLiteral,
  Term,
} from './tree.ts';

/** Undefined: it may be left out, and was. */
export type ParseArgument = (reader: Reader) => Argument | undefined;

/** A number, a constant, or a term in parentheses. */
function expression(reader: Reader): Term {
  const { type, text, value, place: at } = reader.peek();
  if (type === 'number') {
    reader.next();
    return { type: 'number', value, at, end: reader.last };
  }
  if (reader.isSymbol()) {
    reader.reference();
    return { type: 'symbol', name: text, at, end: reader.last };
  }
  reader.operator('(');
  const inner = term(reader);
  reader.operator(')');
  return { ...inner, end: reader.last };
}

/** An address, or a constant that is one. */
function addressTerm(reader: Reader): Term {
  const { text, place: at } = reader.peek();
  if (reader.isSymbol()) {
    reader.reference();
    return { type: 'symbol', name: text, at, end: reader.last };
  }
  if (!reader.isAddress()) reader.unexpected();
  reader.next();
  return { type: 'address', value: text, at, end: reader.last };
}

function prefixOrConstant(reader: Reader): PrefixLiteral | Term {
  if (!reader.isSymbol()) return prefixLiteral(reader);
  const { name, at } = reader.symbol();
  // BIRD 1.6 has constants for the address of a prefix only.
  if (reader.dialect.bird === 1) {
    fail(at, reader.isOperator('/') ? 'Caracal does not do prefixes of named addresses' : 'IP address expected');
  }
  return { type: 'symbol', name, at, end: reader.last };
}

/** `%eth0` behind an address. */
function scope(reader: Reader): { interface?: string } {
  if (!reader.acceptOperator('%')) return {};
  const { type } = reader.peek();
  if (type !== 'name' && type !== 'string') reader.unexpected();
  return { interface: reader.next().text };
}

export const EXPRESSION: ParseArgument = (reader) => ({ type: 'term', term: expression(reader) });

export const OPTIONAL_EXPRESSION: ParseArgument = (reader) => (reader.isOperator(';') ? undefined : EXPRESSION(reader));

/** A number and its unit. */
export const TIME: ParseArgument = (reader) => {
  const time = expression(reader);
  return { type: 'time', term: time, unit: reader.word('s', 'ms', 'us') as 's' | 'ms' | 'us' };
};

/** `on`, `yes`, nothing; `off`, `no`; or a term. */
export const FLAG: ParseArgument = (reader) => {
  if (reader.acceptWord('on', 'yes')) return { type: 'flag', value: true };
  if (reader.acceptWord('off', 'no')) return { type: 'flag', value: false };
  const isTerm = reader.peek().type === 'number' || reader.isSymbol() || reader.isOperator('(');
  return { type: 'flag', value: isTerm ? expression(reader) : true };
};

export const oneOf =
  (...words: readonly string[]): ParseArgument =>
  (reader) => ({ type: 'word', word: reader.word(...words) });

/** One of the words, or a flag. */
export const flagOr =
  (...words: readonly string[]): ParseArgument =>
  (reader) =>
    reader.isWord(...words) ? { type: 'word', word: reader.next().text } : FLAG(reader);

export const TEXT: ParseArgument = (reader) => ({ type: 'text', text: textTerm(reader) });

function textTerm(reader: Reader): Term {
  const { text, place: at } = reader.peek();
  const type = reader.isSymbol() ? 'symbol' : 'string';
  if (type === 'symbol') reader.next();
  else reader.string();
  const end = reader.last;
  return type === 'symbol' ? { type, name: text, at, end } : { type, value: text, at, end };
}

export const SYMBOL: ParseArgument = (reader) => {
  const { name, at } = reader.symbol();
  return { type: 'symbol', name, at };
};

/** `"name"` or `default` */
export const VRF: ParseArgument = (reader) =>
  reader.acceptWord('default') ? { type: 'word', word: 'default' } : TEXT(reader);

export const ADDRESS: ParseArgument = (reader) => ({ type: 'address', address: addressTerm(reader) });

/** A router ID: dotted, a number, or a constant of either kind. */
export const IDENTIFIER: ParseArgument = (reader) => {
  const { type, text, place: at } = reader.peek();
  if (type !== 'ip4') return EXPRESSION(reader);
  reader.next();
  return { type: 'term', term: { type: 'address', value: text, at, end: reader.last } };
};

export const FILTER: ParseArgument = (reader) => ({ type: 'filter', filter: filterSpec(reader) });

/** `1000 action warn`, `off` */
export const LIMIT: ParseArgument = (reader) => {
  if (reader.acceptWord('off')) return { type: 'limit', limit: 'off' };
  const limit = expression(reader);
  if (!reader.acceptWord('action')) return { type: 'limit', limit };
  return { type: 'limit', limit, action: reader.word('warn', 'block', 'restart', 'disable') };
};

/** `all`, `off`, `{ states, routes }` */
export const flags =
  (...names: readonly string[]): ParseArgument =>
  (reader) => {
    if (reader.isWord('all', 'off')) return { type: 'flags', flags: reader.next().text as 'all' | 'off' };
    return { type: 'flags', flags: braced(reader, names) };
  };

function braced(reader: Reader, names: readonly string[]): readonly string[] {
  reader.operator('{');
  const chosen = [reader.word(...names)];
  while (reader.acceptOperator(',')) chosen.push(reader.word(...names));
  reader.operator('}');
  return chosen;
}

const CEASE_REASONS = [
  ...['cease', 'prefix limit hit', 'administrative shutdown', 'peer deconfigured', 'administrative reset'],
  ...['connection rejected', 'configuration change', 'connection collision', 'out of resources'],
];

/** Reasons of several words between commas. */
export const CEASE: ParseArgument = (reader) => {
  if (!reader.acceptOperator('{')) return FLAG(reader);
  const reasons: string[] = [];
  do {
    reasons.push(ceaseReason(reader));
  } while (reader.acceptOperator(','));
  reader.operator('}');
  return { type: 'flags', flags: reasons };
};

function ceaseReason(reader: Reader): string {
  let reason = '';
  while (!CEASE_REASONS.includes(reason)) {
    const { type, text } = reader.peek();
    const next = reason === '' ? text : `${reason} ${text}`;
    if (type !== 'name' || !CEASE_REASONS.some((known) => known.startsWith(next))) reader.unexpected();
    reader.next();
    reason = next;
  }
  return reason;
}

/** `limit 4` behind `merge paths on`. */
export const MERGE_LIMIT: ParseArgument = (reader) => (reader.acceptWord('limit') ? EXPRESSION(reader) : undefined);

/** `5,30` */
export const TIMES: ParseArgument = (reader) => {
  const first = expression(reader);
  reader.operator(',');
  return { type: 'times', first, second: expression(reader) };
};

/** `"eth*" 10.0.0.0/8, -"lo", 10.0.0.0/8` */
export const INTERFACES: ParseArgument = (reader) => {
  const patterns = [interfacePattern(reader)];
  while (reader.acceptOperator(',')) patterns.push(interfacePattern(reader));
  return { type: 'interfaces', patterns };
};

function interfacePattern(reader: Reader): InterfacePattern {
  const exclude = reader.acceptOperator('-');
  if (reader.peek().type !== 'string') return { exclude, prefix: networkOrAddress(reader) };
  const name = reader.next().text;
  return reader.isAddress() ? { exclude, name, prefix: networkOrAddress(reader) } : { exclude, name };
}

/** A lone address is the network that holds it alone. */
function networkOrAddress(reader: Reader): PrefixLiteral {
  if (isPrefix(reader)) return prefixLiteral(reader);
  if (!reader.isAddress()) reader.unexpected();
  const { type, text, place } = reader.next();
  return { address: text, length: type === 'ip4' ? 32 : 128, at: place, end: place };
}

/** `primary "eth0" 1.2.3.4` and `primary 10.0.0.0/8` of a device protocol. */
export const PRIMARY: ParseArgument = (reader) => {
  if (reader.peek().type === 'string') reader.next();
  return { type: 'prefix', prefix: networkOrAddress(reader) };
};

/** `10.0.0.2 % eth0 port 180 as 64512`, of BIRD 2 also `range 10.0.0.0/8` and `internal`. */
export const NEIGHBOR: ParseArgument = (reader) => {
  const parts: EndpointPart[] = [];
  if (reader.isSymbol() || reader.isAddress()) {
    const address = addressTerm(reader);
    parts.push({ type: 'address', address, ...scope(reader), end: reader.last });
  } else if (reader.dialect.bird === 2 && reader.acceptWord('range')) {
    parts.push({ type: 'range', prefix: prefixOrConstant(reader), end: reader.last });
  } else if (reader.dialect.bird === 1) {
    reader.unexpected();
  }
  endpointOptions(reader, parts, reader.dialect.bird === 2 ? ['internal', 'external'] : []);
  return { type: 'endpoint', parts };
};

/** `as 64512`, `10.0.0.1 as 64512`, of BIRD 2 also `port 1179`. */
export const LOCAL: ParseArgument = (reader) => {
  const parts: EndpointPart[] = [];
  if (reader.isSymbol() || reader.isAddress()) {
    const address = addressTerm(reader);
    parts.push({ type: 'address', address, ...scope(reader), end: reader.last });
  }
  if (reader.dialect.bird === 2) endpointOptions(reader, parts, []);
  else {
    reader.word('as');
    parts.push({ type: 'as', as: expression(reader), end: reader.last });
  }
  return { type: 'endpoint', parts };
};

function endpointOptions(reader: Reader, parts: EndpointPart[], kinds: readonly string[]): void {
  for (;;) {
    if (reader.acceptWord('port')) parts.push({ type: 'port', port: expression(reader), end: reader.last });
    else if (reader.acceptWord('as')) parts.push({ type: 'as', as: expression(reader), end: reader.last });
    else if (reader.isWord(...kinds)) {
      const type = reader.next().text as 'internal' | 'external';
      parts.push({ type, end: reader.last });
    } else return;
  }
}

/** `10.0.0.2 dev "eth0" local 10.0.0.1 multihop on` of a bfd protocol. */
export const BFD_NEIGHBOR: ParseArgument = (reader) => {
  const address = addressTerm(reader);
  const device = reader.acceptWord('dev') ? { interface: reader.string() } : scope(reader);
  if (reader.acceptWord('local')) addressTerm(reader);
  if (reader.acceptWord('multihop')) FLAG(reader);
  return { type: 'address', address, ...device };
};

/** Of `listen bgp`: address, port, `dual`, `v6only`, in any order. */
export const LISTEN: ParseArgument = (reader) => {
  const parts: EndpointPart[] = [];
  for (;;) {
    if (reader.acceptWord('address')) {
      parts.push({ type: 'address', address: addressTerm(reader), end: reader.last });
    } else if (reader.acceptWord('port')) {
      parts.push({ type: 'port', port: expression(reader), end: reader.last });
    } else if (!reader.acceptWord('dual', 'v6only')) {
      return { type: 'endpoint', parts };
    }
  }
};

export const PREFIX: ParseArgument = (reader) => ({ type: 'prefix', prefix: prefixOrConstant(reader) });

/** Where a static route leads, and the commands that make its attributes. */
export const DESTINATION: ParseArgument = (reader) => {
  const place = destination(reader);
  const commands: Command[] = [];
  if (reader.acceptOperator('{')) {
    while (!reader.acceptOperator('}')) {
      if (reader.acceptWord('bfd')) {
        FLAG(reader);
        reader.operator(';');
      } else {
        commands.push(command(reader));
      }
    }
  }
  return { type: 'destination', destination: place, commands };
};

function destination(reader: Reader): Destination {
  if (reader.acceptWord('blackhole', 'drop')) return { type: 'blackhole' };
  if (reader.acceptWord('unreachable', 'reject')) return { type: 'unreachable' };
  if (reader.acceptWord('prohibit')) return { type: 'prohibit' };
  if (reader.acceptWord('recursive')) return { type: 'recursive', gateway: addressTerm(reader) };
  const isList = reader.dialect.bird === 2 || reader.acceptWord('multipath');
  reader.word('via');
  if (reader.peek().type === 'string') return { type: 'device', name: reader.next().text };
  const hops = [nextHop(reader, isList)];
  while (isList && reader.acceptWord('via')) hops.push(nextHop(reader, isList));
  return { type: 'via', hops };
}

function nextHop(reader: Reader, isList: boolean): NextHop {
  let hop: NextHop = { gateway: addressTerm(reader), ...scope(reader) };
  for (;;) {
    if (isList && reader.acceptWord('weight')) hop = { ...hop, weight: expression(reader) };
    else if (reader.dialect.bird === 2 && reader.acceptWord('dev')) hop = { ...hop, interface: reader.string() };
    else if (reader.dialect.bird === 2 && reader.acceptWord('onlink')) skipFlag(reader);
    else if (isList && reader.acceptWord('bfd')) {
      skipFlag(reader);
      hop = { ...hop, bfd: true };
    } else return hop;
  }
}

/** A switch in the middle of other words. */
function skipFlag(reader: Reader): void {
  reader.acceptWord('on', 'yes', 'off', 'no');
}

const LOG_CLASSES = ['debug', 'trace', 'info', 'remote', 'warning', 'error', 'auth', 'fatal', 'bug'];

/** Where to log and what: `"file" all`, `syslog name "x" { info }`, `stderr all`. */
export const LOG_TARGET: ParseArgument = (reader) => {
  if (reader.acceptWord('stderr')) return { type: 'log', target: 'stderr' };
  if (reader.acceptWord('syslog')) {
    return { type: 'log', target: 'syslog', ...(reader.acceptWord('name') ? { name: reader.string() } : {}) };
  }
  const file = { type: 'log', target: 'file', path: textTerm(reader) } as const;
  if (reader.dialect.bird !== 2 || reader.peek().type !== 'number') return file;
  const size = reader.number();
  return { ...file, size, ...(reader.peek().type === 'string' ? { backup: reader.string() } : {}) };
};

export const LOG_FLAGS: ParseArgument = (reader) => {
  if (reader.acceptWord('all')) return { type: 'flags', flags: 'all' };
  return { type: 'flags', flags: braced(reader, LOG_CLASSES) };
};

/** `iso long`, `old short`, `"%F %T"`, `"%T" 72000 "%F"` */
export const TIME_FORMAT: ParseArgument = (reader) => {
  if (reader.isWord('iso', 'old')) {
    const style = reader.next().text;
    // Which digits of a second follow is BIRD 2's.
    const length = reader.word('short', 'long');
    if (reader.dialect.bird === 2) reader.acceptWord('ms', 'us');
    return { type: 'word', word: `${style} ${length}` };
  }
  const format = TEXT(reader);
  if (!reader.isOperator(';')) {
    expression(reader);
    TEXT(reader);
  }
  return format;
};
