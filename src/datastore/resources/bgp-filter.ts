// BGPFilter: ordered rules for export and import, each family for itself.

import type { Asn, Family, Prefix } from 'node-bgp';
import { maxLength, prefixLength } from 'node-bgp/ip';
import { defined, type Field, type Read } from './reader.ts';
import type { BGPFilter, BGPFilterOperation, BGPFilterRule, CommunityValue, Metadata } from './types.ts';
import { asnOrZero, communityUpTo, integer, interfacePattern, list, oneOf, prefixOf, unlessEmpty } from './values.ts';

const COMMUNITY_LIMIT = 32;
const MAX_PRIORITY = 2_147_483_646;

export function readBGPFilter(metadata: Metadata, document: Field): BGPFilter {
  const spec = document.at('spec');
  const filter = {
    kind: 'BGPFilter',
    metadata,
    exportV4: spec.read('exportV4', list(ruleOf('ipv4'))) ?? [],
    importV4: spec.read('importV4', list(ruleOf('ipv4'))) ?? [],
    exportV6: spec.read('exportV6', list(ruleOf('ipv6'))) ?? [],
    importV6: spec.read('importV6', list(ruleOf('ipv6'))) ?? [],
  } as const;
  spec.warnOfUnknown();
  return filter;
}

function ruleOf(family: Family): Read<BGPFilterRule> {
  return (field) => {
    const action = field.need('action', oneOf(['Accept', 'Reject']));
    const rule = {
      ...readPrefixMatch(field, family),
      source: field.read('source', unlessEmpty(oneOf(['RemotePeers']))),
      interface: field.read('interface', unlessEmpty(interfacePattern)),
      peerType: field.read('peerType', unlessEmpty(oneOf(['eBGP', 'iBGP']))),
      community: field.read('communities', communities),
      asPathPrefix: field.read('asPathPrefix', unlessNone(list(asnOrZero))),
      priority: field.read('priority', integer(1, MAX_PRIORITY)),
      operations: field.read('operations', list(operation, { min: 1, max: 10 })),
    };
    if (action === 'Reject' && field.at('operations').present) {
      field.at('operations').refuse('operations go with the action Accept only');
    }
    field.warnOfUnknown();
    return action && defined({ action, ...rule });
  };
}

function unlessNone<T>(read: Read<readonly T[]>): Read<readonly T[]> {
  return (field) => {
    const values = read(field);
    return values?.length === 0 ? undefined : values;
  };
}

function readPrefixMatch(field: Field, family: Family) {
  const cidr = field.read('cidr', unlessEmpty(prefixOf(family)));
  const matchOperator = field.read('matchOperator', unlessEmpty(oneOf(['Equal', 'NotEqual', 'In', 'NotIn'])));
  const has = (name: string) => field.at(name).present && field.at(name).value !== '';
  if (has('cidr') !== has('matchOperator')) {
    const [given, missing] = has('cidr') ? ['cidr', 'matchOperator'] : ['matchOperator', 'cidr'];
    field.at(missing).refuse(`is required together with ${given}`);
  }
  const prefixLength = field.read('prefixLength', (range) => readPrefixLength(range, family, cidr, matchOperator));
  if (field.at('prefixLength').present && !has('cidr')) field.at('prefixLength').refuse('is allowed with cidr only');
  return { cidr, matchOperator, prefixLength };
}

function readPrefixLength(field: Field, family: Family, cidr: Prefix | undefined, operator: string | undefined) {
  const limit = maxLength(family);
  const min = field.read('min', integer(0, limit));
  const max = field.read('max', integer(0, limit));
  field.warnOfUnknown();
  if (min === undefined && max === undefined) return undefined;
  const lowest = Math.max(min ?? 0, cidr === undefined ? 0 : prefixLength(cidr));
  const highest = max ?? limit;
  if (lowest > highest) return field.refuse(`no prefix of ${cidr} has a length from ${lowest} to ${highest}`);
  if (operator === 'Equal') field.warn('together with matchOperator Equal the rule never matches, as in Calico');
  if (operator === 'NotEqual') field.warn('together with matchOperator NotEqual the rule always matches, as in Calico');
  return defined({ min, max });
}

const communities: Read<CommunityValue> = (field) => {
  const values = field.need('values', list(communityUpTo(COMMUNITY_LIMIT), { min: 1, max: 1 }));
  field.warnOfUnknown();
  return values?.[0];
};

const OPERATIONS: Readonly<Record<string, Read<BGPFilterOperation>>> = {
  addCommunity: (field) => {
    const value: CommunityValue | undefined = field.need('value', communityUpTo(COMMUNITY_LIMIT));
    return value && { type: 'addCommunity', value };
  },
  prependASPath: (field) => {
    const asns: readonly Asn[] | undefined = field.need('prefix', list(asnOrZero, { min: 1, max: 10 }));
    return asns && { type: 'prependASPath', asns };
  },
  setPriority: (field) => {
    const value = field.need('value', integer(1, MAX_PRIORITY));
    return value === undefined ? undefined : { type: 'setPriority', value };
  },
};

const operation: Read<BGPFilterOperation> = (field) => {
  const names = Object.keys(OPERATIONS).filter((name) => field.at(name).present);
  if (names.length !== 1) return field.refuse(`needs exactly one of ${Object.keys(OPERATIONS).join(', ')}`);
  field.warnOfUnknown();
  const member = field.at(names[0]!);
  const result = OPERATIONS[names[0]!]!(member);
  member.warnOfUnknown();
  return result;
};
