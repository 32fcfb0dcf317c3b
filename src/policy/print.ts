// A policy as readable text in the manner of BIRD's filters, with its origins as comments: for status, explain and tests.
// Different policies give different texts. Nobody reads the text back.

import { enumText } from './enums.ts';
import { prefixRangeText, rangeText, setItemText, valueText } from './text.ts';
import type { Expression, Origin, PathMaskItem, Policy, SetItem, Statement, Value } from './types.ts';
import { runtimeOf } from './values.ts';

export function printPolicy(policy: Policy): string {
  const functions = (policy.functions ?? []).flatMap(({ name, parameters, body }) => [
    `function ${name}(${parameters.map((parameter) => `${parameter.of} ${parameter.name}`).join('; ')})`,
    ...block(body),
  ]);
  const dialect = policy.dialect === undefined ? '' : ` # ${policy.dialect}`;
  const body = policy.body.flatMap((statement) => statementLines(statement, '  '));
  return [
    ...functions,
    `filter ${policy.name}${dialect}`,
    '{',
    ...body,
    `  ${policy.default}; # default`,
    '}',
    '',
  ].join('\n');
}

function block(body: readonly Statement[]): string[] {
  return ['{', ...body.flatMap((statement) => statementLines(statement, '  ')), '}'];
}

function statementLines(statement: Statement, indent: string): string[] {
  const inner = (body: readonly Statement[]) => body.flatMap((child) => statementLines(child, `${indent}  `));
  const head = `${indent}${statementHead(statement)}`;
  const comment = statement.origin === undefined ? '' : ` # ${originText(statement.origin)}`;
  switch (statement.type) {
    case 'if': {
      const otherwise = statement.else === undefined ? [] : [`${indent}} else {`, ...inner(statement.else)];
      return [`${head} {${comment}`, ...inner(statement.body), ...otherwise, `${indent}}`];
    }
    case 'case': {
      const arms = statement.arms.flatMap((arm) => [
        `${indent}  ${arm.items.map(itemText).join(', ')}:`,
        ...inner(arm.body).map((line) => `  ${line}`),
      ]);
      const otherwise =
        statement.else === undefined ? [] : [`${indent}  else:`, ...inner(statement.else).map((line) => `  ${line}`)];
      return [`${head} {${comment}`, ...arms, ...otherwise, `${indent}}`];
    }
    default:
      return [`${head};${comment}`];
  }
}

/** `BGPFilter lab exportV4[2], own blocks` */
export function originText(origin: Origin): string {
  const resource = [origin.resource, origin.rule].filter((part) => part !== undefined).join(' ');
  return [resource, origin.step, origin.place].filter((part) => part !== undefined && part !== '').join(', ');
}

/** The statement without what it contains. */
export function statementHead(statement: Statement): string {
  switch (statement.type) {
    case 'if':
      return `if ${expressionText(statement.condition)} then`;
    case 'case':
      return `case ${expressionText(statement.of)}`;
    case 'declare': {
      const value = statement.value === undefined ? '' : ` = ${expressionText(statement.value)}`;
      return `${statement.of} ${statement.name}${value}`;
    }
    case 'assign':
      return `${statement.name} = ${expressionText(statement.value)}`;
    case 'set':
      return `${attributeText(statement.attribute)} = ${expressionText(statement.value)}`;
    case 'unset':
      return `unset(${attributeText(statement.attribute)})`;
    case 'change':
      return `${attributeText(statement.attribute)}.${statement.operation}(${expressionText(statement.value)})`;
    case 'prepend':
      return `bgp_path.prepend(${statement.asns.map(expressionText).join(', ')})`;
    case 'call':
      return callText(statement.function, statement.arguments);
    case 'return':
      return statement.value === undefined ? 'return' : `return ${expressionText(statement.value)}`;
    case 'print':
      return `${statement.newline ? 'print' : 'printn'} ${statement.items.map(expressionText).join(', ')}`;
    default:
      return statement.type;
  }
}

/** BIRD's names; a name without one is its own. */
const NAMES: Readonly<Record<string, string>> = {
  communities: 'bgp_community',
  extendedCommunities: 'bgp_ext_community',
  largeCommunities: 'bgp_large_community',
  clusterList: 'bgp_cluster_list',
  asPath: 'bgp_path',
  origin: 'bgp_origin',
  nextHop: 'bgp_next_hop',
  med: 'bgp_med',
  localPref: 'bgp_local_pref',
  atomicAggregate: 'bgp_atomic_aggr',
  aggregator: 'bgp_aggregator',
  originatorId: 'bgp_originator_id',
  onlyToCustomer: 'bgp_otc',
  metric: 'krt_metric',
  tunnel: 'krt_tunnel',
  gateway: 'gw',
  interface: 'ifname',
  protocol: 'proto',
  lastNonaggregated: 'last_nonaggregated',
};

const attributeText = (name: string): string => NAMES[name] ?? name;

const callText = (name: string, args: readonly Expression[]): string =>
  `${name}(${args.map(expressionText).join(', ')})`;

/** Operands that are expressions of two sides stand in parentheses. */
function operandText(expression: Expression): string {
  const text = expressionText(expression);
  switch (expression.type) {
    case 'and':
    case 'or':
    case 'compare':
    case 'match':
    case 'arithmetic':
      return `(${text})`;
    default:
      return text;
  }
}

export function expressionText(expression: Expression): string {
  switch (expression.type) {
    case 'field':
    case 'attribute':
      return attributeText(expression.name);
    case 'variable':
      return expression.name;
    case 'defined':
      return `defined(${expressionText(expression.value)})`;
    case 'not':
      return `!${operandText(expression.value)}`;
    case 'and':
      return expression.operands.length === 0 ? 'true' : expression.operands.map(operandText).join(' && ');
    case 'or':
      return expression.operands.length === 0 ? 'false' : expression.operands.map(operandText).join(' || ');
    case 'compare':
    case 'arithmetic':
      return `${operandText(expression.left)} ${expression.operator} ${operandText(expression.right)}`;
    case 'match':
      return `${operandText(expression.left)} ~ ${operandText(expression.right)}`;
    case 'part':
      return `${operandText(expression.of)}.${attributeText(expression.name)}`;
    case 'mask':
      return `${operandText(expression.of)}.mask(${expressionText(expression.length)})`;
    case 'makePair':
      return `(${operandText(expression.first)}, ${operandText(expression.second)})`;
    case 'makeExtended': {
      const kind = typeof expression.kind === 'number' ? `unknown ${expression.kind}` : expression.kind;
      return `(${kind}, ${operandText(expression.key)}, ${operandText(expression.value)})`;
    }
    case 'makeLarge':
      return `(${[expression.first, expression.second, expression.third].map(operandText).join(', ')})`;
    case 'pathMask':
      return pathMaskText(expression.items);
    case 'changed':
      return `${expression.operation}(${expressionText(expression.of)}, ${expressionText(expression.value)})`;
    case 'call':
      return callText(expression.function, expression.arguments);
    case 'roaCheck': {
      const entries = expression.table.map(({ prefix, max, asn }) => `${prefix} max ${max} as ${asn}`);
      const operands = [expression.prefix, expression.asn].filter((operand) => operand !== undefined);
      return `roa_check(${[`{${entries.join('; ')}}`, ...operands.map(expressionText)].join(', ')})`;
    }
    default:
      return constantText(expression);
  }
}

function constantText(value: Value): string {
  switch (value.type) {
    case 'string':
      return JSON.stringify(value.value);
    case 'bool':
      return String(value.value);
    case 'enum':
      return enumText(value.of, value.value);
    case 'set':
      return `[${value.items.map(itemText).join(', ')}]`;
    case 'prefixSet':
      return `[${value.items.map(prefixRangeText).join(', ')}]`;
    default:
      return valueText(runtimeOf(value));
  }
}

function itemText(item: SetItem): string {
  if (item.type === 'value') return constantText(item.value);
  if (item.type !== 'enum') return setItemText(item);
  const from = enumText(item.of, item.from);
  return item.from === item.to ? from : `${from}..${enumText(item.of, item.to)}`;
}

export function pathMaskText(items: readonly PathMaskItem[]): string {
  return `[= ${items.map(maskItemText).join(' ')} =]`;
}

function maskItemText(item: PathMaskItem): string {
  switch (item.type) {
    case 'any':
      return '*';
    case 'one':
      return '?';
    case 'asn':
      return rangeText([item.from, item.to]);
    case 'set':
      return `[${item.items.map(itemText).join(', ')}]`;
    case 'expression':
      return `(${expressionText(item.value)})`;
  }
}
