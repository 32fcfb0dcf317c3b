// Commands of filters and functions, and what stands around them: bodies, declarations, `import` and `export`.

import { isAttribute } from './literals.ts';
import { fail, type Place } from './place.ts';
import type { Reader } from './reader.ts';
import { caseLabels } from './sets.ts';
import { callArguments, term } from './terms.ts';
import type { Body, CaseBranch, Command, Declaration, FilterSpec, ListOperation, Term } from './tree.ts';

const TYPES = [
  ...['int', 'bool', 'ip', 'prefix', 'pair', 'quad', 'ec', 'lc', 'string'],
  ...['bgpmask', 'bgppath', 'clist', 'eclist', 'lclist'],
];
const SET_TYPES = new Set(['int', 'pair', 'quad', 'ec', 'lc', 'ip', 'prefix']);

/** `int x`, `prefix set p` */
export function declaration(reader: Reader): Declaration {
  const at = reader.here;
  const type = reader.word(...TYPES);
  const isSet = reader.acceptWord('set');
  if (isSet && !SET_TYPES.has(type)) fail(reader.last, "You can't create sets of this type.");
  const { name, at: nameAt } = reader.symbol();
  reader.known?.add(name);
  // BIRD 2 looks one token further before it takes the name.
  return { of: isSet ? `${type} set` : type, name, at, end: reader.dialect.bird === 2 ? reader.here : nameAt };
}

/** Declarations in front, then the commands in braces. */
export function body(reader: Reader): Body {
  const declarations: Declaration[] = [];
  while (reader.isWord(...TYPES)) {
    declarations.push(declaration(reader));
    reader.operator(';');
  }
  return { declarations, commands: commandsInBraces(reader) };
}

function commandsInBraces(reader: Reader): readonly Command[] {
  reader.operator('{');
  const commands: Command[] = [];
  while (!reader.acceptOperator('}')) commands.push(command(reader));
  return commands;
}

/** One command, or several in braces. */
function block(reader: Reader): readonly Command[] {
  return reader.nested(() => (reader.isOperator('{') ? commandsInBraces(reader) : [command(reader)]));
}

const VERDICTS = ['accept', 'reject', 'error', 'quitbird'] as const;

export function command(reader: Reader): Command {
  const at = reader.here;
  if (reader.isSymbol()) return assignmentOrCall(reader, at);
  if (isAttribute(reader)) return attributeCommand(reader, at);
  if (reader.acceptWord('if')) return ifCommand(reader, at);
  if (reader.acceptWord('case')) return caseCommand(reader, at);
  if (reader.acceptWord('unset')) return unsetCommand(reader, at);
  if (reader.acceptWord('return')) {
    const value = term(reader);
    return ended(reader, (end) => ({ type: 'return', value, at, end }));
  }
  if (reader.isWord(...VERDICTS)) {
    const verdict = reader.next().text as (typeof VERDICTS)[number];
    const items = printItems(reader);
    return ended(reader, (end) => ({ type: 'verdict', verdict, items, at, end }));
  }
  if (reader.isWord('print', 'printn')) {
    const newline = reader.next().text === 'print';
    const items = printItems(reader);
    return ended(reader, (end) => ({ type: 'print', items, newline, at, end }));
  }
  if (reader.dialect.bird === 2) return bird2Command(reader, at);
  return reader.unexpected();
}

function ended(reader: Reader, make: (end: Place) => Command): Command {
  reader.operator(';');
  return make(reader.last);
}

/** BIRD 2 knows blocks everywhere, declares variables where they are needed, and counts with loops. */
function bird2Command(reader: Reader, at: Place): Command {
  if (reader.isOperator('{')) return { type: 'block', commands: block(reader), at, end: reader.last };
  if (reader.isWord('for')) fail(at, 'Caracal does not do loops (for) in filters');
  if (!reader.isWord(...TYPES)) return reader.unexpected();
  const declared = declaration(reader);
  const value = reader.acceptOperator('=') ? term(reader) : undefined;
  return ended(reader, (end) => ({
    type: 'declare',
    declaration: value === undefined ? declared : { ...declared, value, end },
    at,
    end,
  }));
}

function printItems(reader: Reader): readonly Term[] {
  if (reader.isOperator(';')) return [];
  const items = [term(reader)];
  while (reader.acceptOperator(',')) items.push(term(reader));
  return items;
}

function ifCommand(reader: Reader, at: Place): Command {
  const condition = term(reader);
  reader.word('then');
  const then = block(reader);
  // `else:` is a label of the `case` around.
  if (!reader.isWord('else') || reader.isFollowedBy(':')) return { type: 'if', condition, then, at, end: reader.here };
  reader.next();
  return { type: 'if', condition, then, else: block(reader), at, end: reader.last };
}

function caseCommand(reader: Reader, at: Place): Command {
  const of = term(reader);
  reader.operator('{');
  const branches: CaseBranch[] = [];
  let otherwise: readonly Command[] | undefined;
  while (!reader.acceptOperator('}')) {
    if (reader.acceptWord('else')) {
      reader.operator(':');
      otherwise = branchCommands(reader);
      continue;
    }
    const items = caseLabels(reader, term);
    reader.operator(':');
    branches.push({ items, commands: branchCommands(reader) });
  }
  const rest = otherwise === undefined ? {} : { else: otherwise };
  return { type: 'case', of, branches, ...rest, at, end: reader.last };
}

/** Up to the next label or the end. */
function branchCommands(reader: Reader): readonly Command[] {
  const commands: Command[] = [];
  while (!isLabel(reader) && !reader.isOperator('}')) commands.push(reader.nested(() => command(reader)));
  return commands;
}

function isLabel(reader: Reader): boolean {
  const { type } = reader.peek();
  if (type === 'number' || type === 'ip4' || type === 'ip6') return true;
  if (reader.isOperator('(') || reader.isWord('else')) return true;
  if (type !== 'name') return false;
  if (reader.isSymbol()) return [':', ',', '..'].some((operator) => reader.isFollowedBy(operator));
  return /^[A-Z]/.test(reader.peek().text);
}

function unsetCommand(reader: Reader, at: Place): Command {
  reader.operator('(');
  const attribute = dynamicAttribute(reader);
  reader.operator(')');
  return ended(reader, (end) => ({ type: 'unset', attribute, at, end }));
}

function dynamicAttribute(reader: Reader): string {
  const isDynamic = reader.isWord('igp_metric') || /^(?:bgp|krt)_/.test(reader.peek().text);
  return isAttribute(reader) && isDynamic ? reader.next().text : reader.unexpected();
}

function assignmentOrCall(reader: Reader, at: Place): Command {
  const { name } = reader.reference();
  if (reader.isOperator('(')) {
    const values = callArguments(reader);
    const end = reader.last;
    reader.operator(';');
    return { type: 'call', name, arguments: values, at, end };
  }
  reader.operator('=');
  const value = term(reader);
  return ended(reader, (end) => ({ type: 'assign', name, value, at, end }));
}

function attributeCommand(reader: Reader, at: Place): Command {
  if (reader.isFollowedBy('.')) return methodCommand(reader, at);
  const attribute = reader.next().text;
  reader.operator('=');
  const value = term(reader);
  return ended(reader, (end) => ({ type: 'set', attribute, value, at, end }));
}

/** `bgp_path.prepend(1)`, `bgp_community.empty` */
function methodCommand(reader: Reader, at: Place): Command {
  const attribute = reader.next().text;
  const isDynamic = attribute === 'igp_metric' || /^(?:bgp|krt)_/.test(attribute);
  if (!isDynamic) reader.unexpected();
  reader.operator('.');
  if (reader.acceptWord('empty')) return ended(reader, (end) => ({ type: 'empty', attribute, at, end }));
  const operation = reader.word('prepend', 'add', 'delete', 'filter') as ListOperation;
  reader.operator('(');
  const value = term(reader);
  reader.operator(')');
  return ended(reader, (end) => ({ type: 'change', attribute, operation, value, at, end }));
}

/** What stands behind `import` or `export`. */
export function filterSpec(reader: Reader): FilterSpec {
  const at = reader.here;
  if (reader.acceptWord('all')) return { type: 'all', at, end: reader.last };
  if (reader.acceptWord('none')) return { type: 'none', at, end: reader.last };
  if (reader.acceptWord('where')) {
    const condition = term(reader);
    return { type: 'where', condition, at, end: reader.here };
  }
  reader.word('filter');
  if (reader.isSymbol()) {
    const { name } = reader.reference();
    return { type: 'named', name, at, end: reader.last };
  }
  const inline = body(reader);
  return { type: 'inline', body: inline, at, end: reader.last };
}
