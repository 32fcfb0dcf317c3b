// BGPConfiguration: `default` for the cluster and `node.<name>` for one node. Any other name is nobody's.

import { defined, describe, type Field, type Read, type Report } from './reader.ts';
import type { BGPConfiguration, CommunityValue, Metadata } from './types.ts';
import {
  addressOf,
  asn,
  communityUpTo,
  flag,
  integer,
  interfacePattern,
  isResourceName,
  list,
  oneOf,
  parseCommunity,
  password,
  port,
  prefix,
  prefixOrAddress,
  restartTime,
  text,
  textUpTo,
  unlessEmpty,
} from './values.ts';

const COMMUNITY_LIMIT = 40;
const MAX_PRIORITY = 2_147_483_646;
const SEVERITIES = ['Trace', 'Debug', 'Info', 'Warning', 'Error', 'Fatal'] as const;
const OWNERS = ['Enabled', 'Disabled', 'EnabledIPIPOnly', 'EnabledNoEncapOnly'] as const;

/** Calico honours these on `default` only and refuses them elsewhere; written by kubectl they are without effect. */
const CLUSTER_ONLY = [
  'nodeToNodeMeshEnabled',
  'asNumber',
  'serviceClusterIPs',
  'serviceExternalIPs',
  'serviceLoadBalancerIPs',
  'nodeMeshPassword',
  'nodeMeshMaxRestartTime',
] as const;

export function readBGPConfiguration(
  metadata: Metadata,
  document: Field,
  report: Report,
): BGPConfiguration | undefined {
  const isDefault = metadata.name === 'default';
  if (!isDefault && !/^node\../.test(metadata.name)) {
    const remark = 'only "default" and "node.<node name>" are read; this object has no effect';
    report.add(['metadata', 'name'], remark, 'warning');
    return undefined;
  }
  const spec = document.at('spec');
  const configuration = defined({
    kind: 'BGPConfiguration',
    metadata,
    ...(isDefault ? readClusterOnly(spec) : warnOfClusterOnly(spec)),
    logSeverityScreen: spec.read('logSeverityScreen', severity),
    serviceLoadBalancerAggregation: spec.read(
      'serviceLoadBalancerAggregation',
      oneOf(['Enabled', 'Disabled'], 'Enabled'),
    ),
    ...readAdvertisements(spec),
    listenPort: spec.read('listenPort', port),
    bindMode: spec.read('bindMode', oneOf(['None', 'NodeIP'], 'None')),
    ignoredInterfaces: spec.read('ignoredInterfaces', ignoredInterfaces),
    localWorkloadPeeringIPV4: spec.read('localWorkloadPeeringIPV4', addressOf('ipv4')),
    localWorkloadPeeringIPV6: spec.read('localWorkloadPeeringIPV6', addressOf('ipv6')),
    programClusterRoutes: spec.read('programClusterRoutes', oneOf(OWNERS, 'EnabledNoEncapOnly')),
    ipv4NormalRoutePriority: spec.read('ipv4NormalRoutePriority', integer(1, MAX_PRIORITY)),
    ipv6NormalRoutePriority: spec.read('ipv6NormalRoutePriority', integer(1, MAX_PRIORITY)),
  });
  spec.warnOfUnknown();
  return configuration;
}

function readClusterOnly(spec: Field) {
  const fields = {
    nodeToNodeMeshEnabled: spec.read('nodeToNodeMeshEnabled', flag),
    asNumber: spec.read('asNumber', asn),
    serviceClusterIPs: spec.read('serviceClusterIPs', cidrBlocks),
    serviceExternalIPs: spec.read('serviceExternalIPs', cidrBlocks),
    serviceLoadBalancerIPs: spec.read('serviceLoadBalancerIPs', cidrBlocks),
    nodeMeshPassword: spec.read('nodeMeshPassword', password),
    nodeMeshMaxRestartTime: spec.read('nodeMeshMaxRestartTime', restartTime),
  };
  if (fields.nodeToNodeMeshEnabled === false) {
    for (const name of ['nodeMeshPassword', 'nodeMeshMaxRestartTime']) {
      if (spec.at(name).present) spec.at(name).refuse('cannot be set while nodeToNodeMeshEnabled is false');
    }
  }
  return fields;
}

function warnOfClusterOnly(spec: Field): object {
  for (const name of CLUSTER_ONLY) {
    const field = spec.at(name);
    if (field.present) field.warn('has an effect in the BGPConfiguration "default" only');
  }
  return {};
}

const severity: Read<string> = (field) => {
  const value = text(field);
  if (value === undefined || value === '') return undefined;
  const known = SEVERITIES.find((word) => word.toLowerCase() === value.toLowerCase());
  if (known === undefined) field.warn(`${describe(value)} is none of ${SEVERITIES.join(', ')}; Info is used`);
  return known ?? 'Info';
};

/** `[{cidr}]`; an entry without a cidr says nothing. */
const cidrBlocks: Read<readonly string[]> = (field) =>
  list((entry) => {
    const cidr = entry.read('cidr', unlessEmpty(prefixOrAddress));
    entry.warnOfUnknown();
    return cidr;
  })(field);

const ignoredInterfaces: Read<readonly string[]> = (field) => {
  const patterns = list((entry) => {
    const pattern = interfacePattern(entry);
    return pattern === '*' ? entry.refuse('"*" would ignore every interface') : pattern;
  })(field);
  return patterns && [...new Set(patterns)];
};

/** Communities have names within the object; what leaves the reader are values. */
function readAdvertisements(spec: Field) {
  const communities = spec.read('communities', list(namedCommunity, { max: 500 }));
  const values = new Map<string, CommunityValue>();
  for (const { name, value } of communities ?? []) {
    if (values.has(name)) spec.at('communities').warn(`the name ${describe(name)} is given twice; the last one counts`);
    values.set(name, value);
  }
  const prefixAdvertisements = spec.read(
    'prefixAdvertisements',
    list((entry) => readAdvertisement(entry, values), { max: 500 }),
  );
  if (values.size > 0 && !spec.at('prefixAdvertisements').present) {
    spec.at('communities').refuse('communities without prefixAdvertisements have no use');
  }
  return { communities, prefixAdvertisements };
}

const namedCommunity: Read<{ readonly name: string; readonly value: CommunityValue }> = (field) => {
  const name = field.need('name', (entry) => {
    const value = text(entry);
    if (value === undefined || isResourceName(value)) return value;
    return entry.refuse(`${describe(value)} is not a name: lower-case letters, digits, "-" and "."`);
  });
  const value = field.need('value', communityUpTo(COMMUNITY_LIMIT));
  field.warnOfUnknown();
  return name === undefined || value === undefined ? undefined : { name, value };
};

function readAdvertisement(field: Field, names: ReadonlyMap<string, CommunityValue>) {
  const cidr = field.need('cidr', prefix);
  const communities = field.need(
    'communities',
    list((entry) => readCommunityOrName(entry, names), { min: 1, max: 50 }),
  );
  field.warnOfUnknown();
  return cidr === undefined || communities === undefined ? undefined : { cidr, communities };
}

function readCommunityOrName(field: Field, names: ReadonlyMap<string, CommunityValue>): CommunityValue | undefined {
  const value = textUpTo(253)(field);
  if (value === undefined) return undefined;
  const community = names.get(value) ?? parseCommunity(value);
  return community ?? field.refuse(`${describe(value)} is neither a community nor a name that this object defines`);
}
