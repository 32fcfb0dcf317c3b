// Commands as statements of the policy engine. Every statement says where it was written.

import {
  change,
  type Expression,
  type ListAttribute,
  type Origin,
  type Statement,
  type ValueType,
} from '../../src/policy/index.ts';
import { type Body, type Command, type Declaration, fail, type Place, type Term } from '../language/index.ts';
import { type AttributeRow, attributeRow } from './attributes.ts';
import { type Compiled, requireValue } from './constants.ts';
import { type Environment, Scope } from './environment.ts';
import { setItems } from './sets.ts';
import { compileCall, compileTerm } from './terms.ts';
import { checkArgument, declaredType, valueTypeOf } from './types.ts';
import { checkPrepend } from './values.ts';

type Of<T extends Command['type']> = Extract<Command, { readonly type: T }>;

/** The statements of a body in a scope of its own, or in the one given (of a function with its parameters). */
export function compileBody(body: Body, env: Environment): readonly Statement[] {
  const declared = body.declarations.map((declaration) => declare(declaration, env));
  return [...declared, ...compileCommands(body.commands, env)];
}

export function compileCommands(commands: readonly Command[], env: Environment): readonly Statement[] {
  return commands.flatMap((command) => compileCommand(command, env));
}

/** The commands of a block; what it declares is its own. */
function compileBlock(commands: readonly Command[], env: Environment): readonly Statement[] {
  return compileCommands(commands, { ...env, scope: new Scope(env.scope) });
}

export function originOf({ file, line }: Place): Origin {
  return { place: `${file}:${line}` };
}

function declare({ name, of, value, at, end }: Declaration, env: Environment): Statement {
  const type = declaredType(of);
  const compiled = value === undefined ? undefined : compileTerm(value, env);
  if (compiled !== undefined) checkArgument(env, end, { instruction: 'VAR_INIT', index: 1 }, type, compiled.of);
  env.scope.define(name, { type: 'variable', of: type }, end, env.unit.dialect);
  const rest: { value?: Expression; of: ValueType } = { of: valueTypeOf(type) };
  if (compiled !== undefined) rest.value = compiled.expression;
  return { type: 'declare', name, ...rest, origin: originOf(at) };
}

function compileCommand(command: Command, env: Environment): readonly Statement[] {
  const origin = originOf(command.at);
  switch (command.type) {
    case 'if':
      return [compileIf(command, env, origin)];
    case 'case':
      return [compileCase(command, env, origin)];
    case 'block': {
      const body = compileBlock(command.commands, env);
      return [{ type: 'if', condition: { type: 'bool', value: true }, body, origin }];
    }
    case 'declare':
      return [declare(command.declaration, env)];
    case 'assign':
      return [compileAssign(command, env, origin)];
    case 'set':
      return [compileSet(command, env, origin)];
    case 'unset': {
      const { write } = rowOf(command.attribute, command.end);
      return [{ type: 'unset', attribute: write!, origin }];
    }
    case 'empty':
      return [compileEmpty(command, origin)];
    case 'change':
      return [compileChange(command, env, origin)];
    case 'call': {
      const call = compileCall(command, env);
      return [{ type: 'call', function: call.function.name, arguments: call.arguments, origin }];
    }
    case 'return':
      return [{ type: 'return', value: compileTerm(command.value, env).expression, origin }];
    case 'verdict':
      return compileVerdict(command, env, origin);
    case 'print':
      return [{ type: 'print', items: printed(command.items, env), newline: command.newline, origin }];
  }
}

function printed(items: readonly Term[], env: Environment): readonly Expression[] {
  return items.map((item) => compileTerm(item, env).expression);
}

/** `error` rejects like `reject`; a filter that ends the daemon is not for a router. */
function compileVerdict({ verdict, items, at }: Of<'verdict'>, env: Environment, origin: Origin): Statement[] {
  if (verdict === 'quitbird') fail(at, 'Caracal does not let a filter end the daemon (quitbird)');
  const said: Statement[] =
    items.length === 0 ? [] : [{ type: 'print', items: printed(items, env), newline: true, origin }];
  return [...said, { type: verdict === 'accept' ? 'accept' : 'reject', origin }];
}

function compileIf(command: Of<'if'>, env: Environment, origin: Origin): Statement {
  const condition = compileCondition(command.condition, command.end, env);
  const body = compileBlock(command.then, env);
  if (command.else === undefined) return { type: 'if', condition, body, origin };
  return { type: 'if', condition, body, else: compileBlock(command.else, env), origin };
}

export function compileCondition(term: Term, end: Place, env: Environment): Expression {
  const { expression, of } = compileTerm(term, env);
  checkArgument(env, end, { instruction: 'CONDITION', index: 1 }, 'bool', of);
  return expression;
}

function compileCase(command: Of<'case'>, env: Environment, origin: Origin): Statement {
  const { expression: of } = compileTerm(command.of, env);
  const constant = (term: Term, place: Place) => requireValue(compileTerm(term, env), place, env.unit);
  const arms = command.branches.map(({ items, commands }) => ({
    items: items.flatMap((item) => setItems(item, constant)),
    body: compileBlock(commands, env),
  }));
  if (command.else === undefined) return { type: 'case', of, arms, origin };
  return { type: 'case', of, arms, else: compileBlock(command.else, env), origin };
}

function compileAssign({ name, value, at, end }: Of<'assign'>, env: Environment, origin: Origin): Statement {
  const symbol = env.scope.find(name);
  if (symbol === undefined && env.unit.dialect.bird === 2) fail(at, 'syntax error, unexpected CF_SYM_UNDEFINED');
  const compiled = compileTerm(value, env);
  if (symbol?.type !== 'variable') return fail(end, 'You may set only variables.');
  checkArgument(env, end, { instruction: 'VAR_SET', index: 1 }, symbol.of, compiled.of);
  return { type: 'assign', name, value: compiled.expression, origin };
}

function rowOf(name: string, place: Place): AttributeRow {
  return attributeRow(name) ?? fail(place, `Caracal does not do ${name}`);
}

function compileSet({ attribute, value, end }: Of<'set'>, env: Environment, origin: Origin): Statement {
  const row = rowOf(attribute, end);
  const compiled = compileTerm(value, env);
  if (attribute === 'from') fail(end, 'Caracal does not change from in filters');
  if (row.write === undefined) return fail(end, 'This static attribute is read-only.');
  checkSet(row, compiled, end, env);
  return { type: 'set', attribute: row.write, value: compiled.expression, origin };
}

/** Enum values pass as ints, as they always did. */
function checkSet(row: AttributeRow, { of }: Compiled, end: Place, env: Environment): void {
  if (row.of === 'int' && of?.startsWith('enum ')) return;
  checkArgument(env, end, { instruction: row.isStatic ? 'RTA_SET' : 'EA_SET', index: 1 }, row.of, of);
}

function compileEmpty({ attribute, end }: Of<'empty'>, origin: Origin): Statement {
  const { of, write } = rowOf(attribute, end);
  switch (of) {
    case 'bgppath':
      return { type: 'set', attribute: write!, value: { type: 'path', value: [] }, origin };
    case 'clist':
    case 'eclist':
    case 'lclist':
      return { type: 'set', attribute: write!, value: { type: of, value: [] }, origin };
    default:
      return fail(end, "Can't empty that attribute");
  }
}

function compileChange(command: Of<'change'>, env: Environment, origin: Origin): Statement {
  const { attribute, operation, end } = command;
  const { of, write, read } = rowOf(attribute, end);
  const value = compileTerm(command.value, env);
  if (operation === 'prepend') checkPrepend(env, end, of, value.of);
  const isList = of === 'clist' || of === 'eclist' || of === 'lclist' || of === 'bgppath';
  if (isList && operation === 'prepend' && of === 'bgppath') {
    return { type: 'prepend', asns: [value.expression], origin };
  }
  // What is no list fails for every route; the engine says so when one comes.
  if (!isList || operation === 'prepend') {
    const changed: Expression = { type: 'changed', operation, of: read, value: value.expression };
    return { type: 'set', attribute: write!, value: changed, origin };
  }
  return change(write as ListAttribute, operation, value.expression, origin);
}
