// Filters as rules of a BGPFilter, as far as rules can say the same: a list of conditions that all hold, then operations, then
// accept or reject. What a rule cannot say is a sentence instead.

import { type Family, familyOf, maxLength, prefixLength } from 'node-bgp';
import type { Expression, Policy, PolicyFunction, PrefixRange, Statement } from '../../src/policy/index.ts';

/** As it stands in a resource. */
export interface Rule {
  readonly action: 'Accept' | 'Reject';
  readonly cidr?: string;
  readonly matchOperator?: 'Equal' | 'NotEqual' | 'In' | 'NotIn';
  readonly prefixLength?: { readonly min: number; readonly max: number };
  readonly source?: 'RemotePeers';
  readonly interface?: string;
  readonly communities?: { readonly values: readonly string[] };
  readonly asPathPrefix?: readonly number[];
  readonly priority?: number;
  readonly operations?: readonly Operation[];
}

export type Operation =
  | { readonly addCommunity: { readonly value: string } }
  | { readonly prependASPath: { readonly prefix: readonly number[] } }
  | { readonly setPriority: { readonly value: number } };

export type Rules = { readonly rules: readonly Rule[] } | { readonly obstacle: string };

type Match = Omit<Rule, 'action' | 'operations'>;

const PRIORITY_BASE = 2_147_483_647;
const MOST_RULES = 200;
const DEEPEST = 32;

/** The rules for one family, of a policy whose last word is their last. */
export function rulesOf(policy: Policy, family: Family): Rules {
  const functions = new Map((policy.functions ?? []).map((each) => [each.name, each]));
  const writer = new RuleWriter(family, functions);
  try {
    const isDecided = writer.block(policy.body, {}, []);
    if (!isDecided) writer.push(policy.default === 'accept' ? 'Accept' : 'Reject', {}, []);
  } catch (error) {
    if (error instanceof Obstacle) return { obstacle: error.message };
    throw error;
  }
  return { rules: writer.rules };
}

class Obstacle extends Error {}

function give(up: string): never {
  throw new Obstacle(up);
}

class RuleWriter {
  readonly rules: Rule[] = [];
  readonly #family: Family;
  readonly #functions: ReadonlyMap<string, PolicyFunction>;
  #depth = 0;

  constructor(family: Family, functions: ReadonlyMap<string, PolicyFunction>) {
    this.#family = family;
    this.#functions = functions;
  }

  push(action: Rule['action'], match: Match, operations: readonly Operation[]): void {
    if (this.rules.length === MOST_RULES) give(`more than ${MOST_RULES} rules`);
    const rest = action === 'Accept' && operations.length > 0 ? { operations } : {};
    this.rules.push({ action, ...match, ...rest });
  }

  /** Statements that run where the match holds, after the operations. True where every route there is decided. */
  block(body: readonly Statement[], match: Match, before: readonly Operation[]): boolean {
    if (++this.#depth > DEEPEST) give('conditions in conditions, too deep');
    const operations = [...before];
    for (const statement of body) {
      const operation = operationOf(statement);
      if (operation !== undefined) operations.push(operation);
      else if (this.#statement(statement, match, operations)) {
        this.#depth--;
        return true;
      }
    }
    // What was changed would go on with whatever comes next, and rules begin anew.
    if (operations.length > before.length) give('changes of a route that is not accepted right there');
    this.#depth--;
    return false;
  }

  #statement(statement: Statement, match: Match, operations: readonly Operation[]): boolean {
    switch (statement.type) {
      case 'accept':
        this.push('Accept', match, operations);
        return true;
      case 'reject':
        this.push('Reject', match, operations);
        return true;
      case 'if':
        return this.#condition(statement, match, operations);
      case 'call':
        return this.#call(statement.function, statement.arguments, match, operations);
      case 'print':
        return false;
      default:
        return give(`a ${statement.type} statement`);
    }
  }

  #condition(
    { condition, body, else: otherwise }: Extract<Statement, { type: 'if' }>,
    match: Match,
    operations: readonly Operation[],
  ): boolean {
    const alternatives = alternativesOf(condition, this.#family);
    let isDecided = true;
    for (const alternative of alternatives) {
      isDecided = this.block(body, merge(match, alternative), operations) && isDecided;
    }
    const isAlways = alternatives.some((alternative) => Object.keys(alternative).length === 0);
    if (isAlways) return isDecided;
    if (otherwise === undefined) return false;
    // The other branch is for those that the rules above have not taken.
    if (!isDecided) give('an else behind a condition that may decide nothing');
    return this.block(otherwise, match, operations);
  }

  #call(name: string, args: readonly Expression[], match: Match, operations: readonly Operation[]): boolean {
    const called = this.#functions.get(name);
    if (called === undefined || args.length > 0) give(`a function with parameters (${name})`);
    return this.block(called.body, match, operations);
  }
}

// --- operations

function operationOf(statement: Statement): Operation | undefined {
  if (statement.type === 'prepend') {
    const prefix = statement.asns.map((asn) =>
      asn.type === 'int' ? asn.value : give('a prepended AS number that is worked out'),
    );
    return { prependASPath: { prefix } };
  }
  if (statement.type === 'change' && statement.operation === 'add') {
    const value = communityOf(statement.value);
    return value === undefined ? give('a community that is not constant') : { addCommunity: { value } };
  }
  if (statement.type === 'set' && statement.attribute === 'localPref') {
    const { value } = statement;
    if (value.type !== 'int') return give('a LOCAL_PREF that is worked out');
    return { setPriority: { value: priorityOf(value.value) } };
  }
  return undefined;
}

function priorityOf(localPref: number): number {
  const priority = PRIORITY_BASE - localPref;
  return priority >= 1 && priority < PRIORITY_BASE ? priority : give(`LOCAL_PREF ${localPref}, which is no priority`);
}

function communityOf(value: Expression): string | undefined {
  if (value.type === 'pair') return `${value.value >>> 16}:${value.value & 0xffff}`;
  return value.type === 'lc' ? value.value.join(':') : undefined;
}

// --- conditions

/** Both at once. A rule has room for one condition of a kind. */
function merge(a: Match, b: Match): Match {
  for (const key of Object.keys(b)) if (key in a) give(`two conditions on ${key}`);
  return { ...a, ...b };
}

const ALWAYS: readonly Match[] = [{}];

/** Matches of which one has to hold. None: the condition never holds for routes of this family. */
function alternativesOf(condition: Expression, family: Family): readonly Match[] {
  switch (condition.type) {
    case 'bool':
      return condition.value ? ALWAYS : [];
    case 'and': {
      let all = ALWAYS;
      for (const operand of condition.operands) {
        const next = alternativesOf(operand, family);
        if (all.length * next.length > MOST_RULES) give('a condition of too many combinations');
        all = all.flatMap((match) => next.map((other) => merge(match, other)));
      }
      return all;
    }
    case 'or':
      return condition.operands.flatMap((operand) => alternativesOf(operand, family));
    case 'not':
      return negated(condition.value, family);
    case 'match':
      return matchOf(condition.left, condition.right, family);
    case 'compare':
      return comparisonOf(condition);
    case 'defined':
      return isAlwaysThere(condition.value) ? ALWAYS : give('a question whether an attribute is there');
    default:
      return give(`a condition of kind ${condition.type}`);
  }

  function comparisonOf({ operator, left, right }: Extract<Expression, { type: 'compare' }>): readonly Match[] {
    if (operator === '!=') return negated({ type: 'compare', operator: '=', left, right }, family);
    if (operator !== '=') return give(`a comparison with ${operator}`);
    if (left.type === 'field' && left.name === 'net' && right.type === 'prefix') {
      return familyOf(right.value) === family ? [{ cidr: right.value, matchOperator: 'Equal' }] : [];
    }
    if (left.type === 'field' && left.name === 'source' && right.type === 'enum') {
      return right.value === RTS_BGP ? [{ source: 'RemotePeers' }] : give('a source that is not BGP');
    }
    if (left.type === 'attribute' && left.name === 'localPref' && right.type === 'int') {
      return [{ priority: priorityOf(right.value) }];
    }
    if (left.type === 'field' && left.name === 'family' && right.type === 'string') {
      return right.value === family ? ALWAYS : [];
    }
    return give('a comparison that rules do not have');
  }
}

const RTS_BGP = 11;

/** Every route has a source, and the name of an interface, be it empty. */
function isAlwaysThere(value: Expression): boolean {
  if (value.type === 'field') return value.name === 'source' || value.name === 'net';
  return value.type === 'attribute' && (value.name === 'interface' || value.name === 'gateway');
}

function negated(condition: Expression, family: Family): readonly Match[] {
  if (condition.type === 'not') return alternativesOf(condition.value, family);
  const positive = alternativesOf(condition, family);
  if (positive.length === 0) return ALWAYS;
  const [only, ...others] = positive;
  const { cidr, matchOperator, prefixLength: lengths, ...rest } = only!;
  if (others.length > 0 || cidr === undefined || Object.keys(rest).length > 0) return give('a negation');
  if (matchOperator === 'Equal') return [{ cidr, matchOperator: 'NotEqual' }];
  return [{ cidr, matchOperator: 'NotIn', ...(lengths === undefined ? {} : { prefixLength: lengths }) }];
}

function matchOf(left: Expression, right: Expression, family: Family): readonly Match[] {
  if (left.type === 'field' && left.name === 'net') {
    if (right.type === 'prefixSet') return right.items.flatMap((item) => prefixMatch(item, family));
    if (right.type !== 'prefix') return give('a set of prefixes that is not constant');
    const longest = maxLength(familyOf(right.value));
    return prefixMatch({ prefix: right.value, min: prefixLength(right.value), max: longest }, family);
  }
  if (left.type === 'attribute' && left.name === 'interface' && right.type === 'string') {
    return [{ interface: right.value }];
  }
  if (left.type === 'attribute' && left.name === 'asPath' && right.type === 'pathMask') return pathMatch(right);
  if (left.type === 'field' && left.name === 'source' && right.type === 'set') {
    const [item, more] = right.items;
    const isBgp = more === undefined && item?.type === 'enum' && item.from === RTS_BGP && item.to === RTS_BGP;
    return isBgp ? [{ source: 'RemotePeers' }] : give('a source that is not BGP');
  }
  const community = communityOf(left);
  const isList = right.type === 'attribute' && (right.name === 'communities' || right.name === 'largeCommunities');
  if (community !== undefined && isList) return [{ communities: { values: [community] } }];
  return give('a match that rules do not have');
}

function prefixMatch({ prefix, min, max }: PrefixRange, family: Family): readonly Match[] {
  if (familyOf(prefix) !== family) return [];
  const length = prefixLength(prefix);
  if (min < length) return give('prefixes around a prefix');
  if (min === length && max === length) return [{ cidr: prefix, matchOperator: 'Equal' }];
  const isAll = min === length && max === maxLength(family);
  return [{ cidr: prefix, matchOperator: 'In', ...(isAll ? {} : { prefixLength: { min, max } }) }];
}

function pathMatch({ items }: Extract<Expression, { type: 'pathMask' }>): readonly Match[] {
  const asns = items.slice(0, -1).map((item) => (item.type === 'asn' && item.from === item.to ? item.from : undefined));
  const isPrefix = items.at(-1)?.type === 'any' && asns.length > 0 && asns.every((asn) => asn !== undefined);
  return isPrefix
    ? [{ asPathPrefix: asns as readonly number[] }]
    : give('an AS path mask that is no beginning of a path');
}
