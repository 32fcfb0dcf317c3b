// Commands about what is told, and what is worked out: debug, echo, restrict, eval, dump.

import { evaluate, type PolicyRoute } from '../../../src/policy/index.ts';
import { compileEval } from '../../filters/index.ts';
import { type Reader, term } from '../../language/index.ts';
import { DONE, last } from '../replies.ts';
import type { LogClass } from '../types.ts';
import type { Command } from './index.ts';
import { endOf, PARSE_ERROR, Refusal, selected, selection } from './syntax.ts';

const DEBUG_FLAGS = ['states', 'routes', 'filters', 'interfaces', 'events', 'packets'];
const MRT_FLAGS = ['states', 'messages'];

export const debugCommand: Command = (reader, { target }) => {
  const chosen = selected(target, selection(reader));
  const flags = flagList(reader, DEBUG_FLAGS);
  endOf(reader);
  return {
    *[Symbol.iterator]() {
      target.debug(
        chosen.map(({ name }) => name),
        flags,
      );
      yield DONE;
    },
  };
};

/** Caracal writes no MRT files: what is asked for is looked at, and nothing follows. */
export const mrtdumpCommand: Command = (reader, { target }) => {
  selected(target, selection(reader));
  flagList(reader, MRT_FLAGS);
  endOf(reader);
  return [DONE];
};

/** `all`, `off`, or `{ one, another }` */
function flagList<Flag extends string>(reader: Reader, flags: readonly Flag[]): readonly Flag[] {
  if (reader.acceptWord('all')) return flags;
  if (reader.acceptWord('off')) return [];
  const chosen: Flag[] = [];
  reader.operator('{');
  do chosen.push(reader.word(...flags) as Flag);
  while (reader.acceptOperator(','));
  reader.operator('}');
  return chosen;
}

const LOG_CLASSES: readonly LogClass[] = [
  ...(['debug', 'trace', 'info', 'remote', 'warning', 'error', 'auth', 'fatal', 'bug'] as const),
];

const SMALLEST_BUFFER = 256;
const LARGEST_BUFFER = 65536;

export const echoCommand: Command = (reader, { echo }) => {
  const classes = new Set(flagList(reader, LOG_CLASSES));
  if (reader.acceptWord('buffer')) {
    const size = reader.number();
    if (size < SMALLEST_BUFFER || size > LARGEST_BUFFER) throw new Refusal(PARSE_ERROR, 'Invalid log buffer size');
  }
  endOf(reader);
  echo(classes);
  return [DONE];
};

export const restrictCommand: Command = (reader, { restrict }) => {
  endOf(reader);
  restrict();
  return [last(16, 'Access restricted')];
};

export const evalCommand: Command = (reader, { target }) => {
  const { unit, dialect } = target.configuration;
  const value = term(reader);
  endOf(reader);
  const policy = compileEval(value, { ...unit, remarks: [], intern: (each) => each });
  const family = dialect.bird === 1 ? dialect.family : 'ipv4';
  const { error, printed } = evaluate(policy, { ...NO_ROUTE, family });
  if (error !== undefined || printed === undefined) return [last(8008, 'runtime error')];
  return [last(23, printed.at(-1)!)];
};

/** A term of a command is about no route. */
const NO_ROUTE: PolicyRoute = {
  family: 'ipv4',
  word0: 0,
  word1: 0,
  word2: 0,
  word3: 0,
  length: 0,
  attributes: { origin: 0, asPath: [] },
  source: 'static',
  protocol: '',
  from: undefined,
  peer: undefined,
  interface: '',
  gateway: undefined,
  metric: undefined,
  preference: 0,
};

const DUMPED = ['interfaces', 'sockets', 'events', 'neighbors', 'attributes', 'routes', 'protocols', 'resources'];

/** What BIRD writes to its debug output is in Caracal's status page. */
export const dumpCommand: Command = (reader) => {
  reader.word(...DUMPED);
  endOf(reader);
  return [DONE];
};
