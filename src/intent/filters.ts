// BGPFilter rules as policy statements. A rule is the conjunction of its match fields; its action ends the whole policy.

import { familyOf, maxLength, prefixLength } from 'node-bgp';
import type { BGPFilter, BGPFilterOperation, BGPFilterRule, CommunityValue } from '../datastore/resources/types.ts';
import {
  accept,
  addCommunity,
  all,
  asPathStartsWith,
  attribute,
  bool,
  type Expression,
  equals,
  hasCommunity,
  interfaceMatches,
  not,
  type Origin,
  peerTypeIs,
  prefixIs,
  prefixMatches,
  prependAsPath,
  reject,
  type Statement,
  setLocalPref,
  sourceIs,
  when,
  withOrigin,
} from '../policy/index.ts';
import { PRIORITY_BASE } from './priorities.ts';

export type RuleList = 'exportV4' | 'importV4' | 'exportV6' | 'importV6';

const translated = new WeakMap<readonly BGPFilterRule[], readonly Statement[]>();

/** The statements of one half of a filter; remembered for as long as the resource lives. */
export function filterStatements(filter: BGPFilter, list: RuleList): readonly Statement[] {
  const rules = filter[list];
  const known = translated.get(rules);
  if (known !== undefined) return known;
  const statements = rules.map((rule, index) => ruleStatement(filter.metadata.name, list, rule, index));
  translated.set(rules, statements);
  return statements;
}

function ruleStatement(filter: string, list: RuleList, rule: BGPFilterRule, index: number): Statement {
  const origin: Origin = { resource: `BGPFilter ${filter}`, rule: `${list}[${index}]`, step: 'BGPFilters' };
  const verdict = rule.action === 'Accept' ? accept() : reject();
  const operations = rule.action === 'Accept' ? (rule.operations ?? []) : [];
  return withOrigin(origin, when(all(...conditionsOf(rule)), ...operations.map(operationStatement), verdict));
}

function conditionsOf(rule: BGPFilterRule): readonly Expression[] {
  const conditions: Expression[] = [];
  if (rule.cidr !== undefined) conditions.push(prefixCondition(rule));
  if (rule.source === 'RemotePeers') conditions.push(sourceIs('bgp'));
  if (rule.interface !== undefined) conditions.push(interfaceMatches(rule.interface));
  if (rule.peerType !== undefined) conditions.push(peerTypeIs(rule.peerType === 'eBGP' ? 'ebgp' : 'ibgp'));
  if (rule.community !== undefined) conditions.push(hasCommunity(communityText(rule.community)));
  if (rule.asPathPrefix?.length) conditions.push(asPathStartsWith(rule.asPathPrefix));
  if (rule.priority !== undefined) conditions.push(equals(attribute('localPref'), PRIORITY_BASE - rule.priority));
  return conditions;
}

/** With Equal and NotEqual a prefix length turns the test into one of a prefix against a set: never, and always, true. */
function prefixCondition(rule: BGPFilterRule): Expression {
  const cidr = rule.cidr!;
  const ranged = rule.prefixLength !== undefined;
  switch (rule.matchOperator) {
    case 'Equal':
      return ranged ? bool(false) : prefixIs(cidr);
    case 'NotEqual':
      return ranged ? bool(true) : not(prefixIs(cidr));
    case 'NotIn':
      return not(insideCondition(rule));
    default:
      return insideCondition(rule);
  }
}

/** Never shorter than the prefix itself: those would contain it, not lie in it. */
function insideCondition(rule: BGPFilterRule): Expression {
  const cidr = rule.cidr!;
  const longest = maxLength(familyOf(cidr));
  const min = Math.max(prefixLength(cidr), rule.prefixLength?.min ?? 0);
  const max = Math.min(longest, rule.prefixLength?.max ?? longest);
  return prefixMatches([{ prefix: cidr, min, max }]);
}

function operationStatement(operation: BGPFilterOperation): Statement {
  switch (operation.type) {
    case 'addCommunity':
      return addCommunity(communityText(operation.value));
    case 'prependASPath':
      return prependAsPath(operation.asns);
    case 'setPriority':
      return setLocalPref(PRIORITY_BASE - operation.value);
  }
}

export function communityText(community: CommunityValue): string {
  if (community.type === 'large') return community.value.join(':');
  return `${community.value >>> 16}:${community.value & 0xffff}`;
}
