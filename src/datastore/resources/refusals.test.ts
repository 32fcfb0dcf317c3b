// Every limit and every refused combination of the kinds, one row each.

import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readResource } from './read-resource.ts';

function said(kind: string, spec: string, name = 'x'): { resource: unknown; said: string[] } {
  const apiVersion = kind === 'RouteReflector' ? 'caracal.io/v1' : 'projectcalico.org/v3';
  const { resource, problems, refused } = readResource({ apiVersion, kind, metadata: { name }, spec: parse(spec) });
  expect(refused === undefined || resource === undefined).toBe(true);
  const lines = problems.map(
    ({ path, text, severity }) => `${severity === 'warning' ? '(warning) ' : ''}${path} ${text}`,
  );
  return { resource, said: lines };
}

function describeRefusals(kind: string, rows: readonly (readonly [spec: string, ...said: string[]])[]): void {
  describe(`${kind} is refused`, () => {
    test.each(rows.map(([spec, ...lines]) => [spec, lines] as const))('%s', (spec, lines) => {
      expect(said(kind, spec, kind === 'BGPConfiguration' ? 'default' : 'x')).toEqual({
        resource: undefined,
        said: lines,
      });
    });
  });
}

function describeWarnings(
  kind: string,
  name: string,
  rows: readonly (readonly [spec: string, fields: object, ...said: string[]])[],
): void {
  describe(`${kind} ${name} stands`, () => {
    test.each(rows.map(([spec, fields, ...lines]) => [spec, fields, lines] as const))('%s', (spec, fields, lines) => {
      const metadata = { name, labels: {}, annotations: {} };
      expect(said(kind, spec, name)).toEqual({ resource: { kind, metadata, ...fields }, said: lines });
    });
  });
}

const COMMUNITY = 'is not a community: "aa:nn" (each up to 65535) or "aa:nn:mm" (each up to 4294967295)';

describeRefusals('BGPConfiguration', [
  ['asNumber: 0', 'spec.asNumber AS number 0 is reserved (RFC 7607)'],
  [
    '{nodeToNodeMeshEnabled: false, nodeMeshMaxRestartTime: 10s}',
    'spec.nodeMeshMaxRestartTime cannot be set while nodeToNodeMeshEnabled is false',
  ],
  [
    '{nodeToNodeMeshEnabled: false, nodeMeshPassword: {secretKeyRef: {name: s, key: k}}}',
    'spec.nodeMeshPassword cannot be set while nodeToNodeMeshEnabled is false',
  ],
  ['nodeMeshPassword: {secretKeyRef: {name: s}}', 'spec.nodeMeshPassword.secretKeyRef.key is required'],
  ['nodeMeshPassword: {}', 'spec.nodeMeshPassword.secretKeyRef is required'],
  ['nodeMeshPassword: hunter2', 'spec.nodeMeshPassword must be a mapping of fields, not text'],
  ['nodeMeshMaxRestartTime: 4096s', 'spec.nodeMeshMaxRestartTime is 4096 s; BGP has room for 4095 s (RFC 4724 3)'],
  ['communities: [{name: c, value: "1:2"}]', 'spec.communities communities without prefixAdvertisements have no use'],
  [
    '{communities: [{name: c, value: "1:65536"}], prefixAdvertisements: []}',
    `spec.communities[0].value "1:65536" ${COMMUNITY}`,
  ],
  [
    '{communities: [{name: C_1, value: "1:2"}], prefixAdvertisements: []}',
    'spec.communities[0].name "C_1" is not a name: lower-case letters, digits, "-" and "."',
  ],
  ['prefixAdvertisements: [{communities: ["1:2"]}]', 'spec.prefixAdvertisements[0].cidr is required'],
  ['prefixAdvertisements: [{cidr: 10.0.0.0/8}]', 'spec.prefixAdvertisements[0].communities is required'],
  [
    'prefixAdvertisements: [{cidr: 10.0.0.0/8, communities: []}]',
    'spec.prefixAdvertisements[0].communities must have at least 1 entry',
  ],
  [
    'prefixAdvertisements: [{cidr: 10.0.0.1/8, communities: ["1:2"]}]',
    'spec.prefixAdvertisements[0].cidr "10.0.0.1/8" has host bits set; the prefix is 10.0.0.0/8',
  ],
  [
    'prefixAdvertisements: [{cidr: 10.0.0.0/8, communities: [other]}]',
    'spec.prefixAdvertisements[0].communities[0] "other" is neither a community nor a name that this object defines',
  ],
  [
    `prefixAdvertisements: [{cidr: 10.0.0.0/8, communities: [${Array(51).fill('"1:2"')}]}]`,
    'spec.prefixAdvertisements[0].communities has 51 entries; 50 are allowed',
  ],
  [
    `prefixAdvertisements: [${Array(501).fill('{cidr: 10.0.0.0/8, communities: ["1:2"]}')}]`,
    'spec.prefixAdvertisements has 501 entries; 500 are allowed',
  ],
  [
    'serviceClusterIPs: [{cidr: 10.0.0.1/8}]',
    'spec.serviceClusterIPs[0].cidr "10.0.0.1/8" has host bits set; the prefix is 10.0.0.0/8',
  ],
  ['listenPort: 65536', 'spec.listenPort must be a whole number from 0 to 65535, not 65536'],
  ['ignoredInterfaces: ["*"]', 'spec.ignoredInterfaces[0] "*" would ignore every interface'],
  [
    'ignoredInterfaces: [a-very-long-name]',
    'spec.ignoredInterfaces[0] "a-very-long-name" is not an interface name or pattern: 1 to 15 letters, digits and _ . * -',
  ],
  ['localWorkloadPeeringIPV4: fd00::1', 'spec.localWorkloadPeeringIPV4 "fd00::1" is not an IPv4 address'],
  ['ipv4NormalRoutePriority: 0', 'spec.ipv4NormalRoutePriority must be a whole number from 1 to 2147483646, not 0'],
  [
    'ipv6NormalRoutePriority: 2147483647',
    'spec.ipv6NormalRoutePriority must be a whole number from 1 to 2147483646, not 2147483647',
  ],
]);

describeWarnings('BGPConfiguration', 'default', [
  ['', {}],
  ['listenPort: 0', {}],
  ['logSeverityScreen: ""', {}],
  ['logSeverityScreen: WARNING', { logSeverityScreen: 'Warning' }],
  [
    'logSeverityScreen: loud',
    { logSeverityScreen: 'Info' },
    '(warning) spec.logSeverityScreen "loud" is none of Trace, Debug, Info, Warning, Error, Fatal; Info is used',
  ],
  [
    'programClusterRoutes: EnabledVXLANOnly',
    { programClusterRoutes: 'EnabledNoEncapOnly' },
    '(warning) spec.programClusterRoutes "EnabledVXLANOnly" is none of Enabled, Disabled, EnabledIPIPOnly, EnabledNoEncapOnly; EnabledNoEncapOnly is used',
  ],
  ['serviceClusterIPs: [{}, {cidr: 10.96.0.1}]', { serviceClusterIPs: ['10.96.0.1/32'] }],
  ['serviceExternalIPs: []', { serviceExternalIPs: [] }],
  ['ignoredInterfaces: [br-*, br-*, docker0]', { ignoredInterfaces: ['br-*', 'docker0'] }],
  ['nodeToNodeMeshEnabled: false', { nodeToNodeMeshEnabled: false }],
]);

describeWarnings('BGPConfiguration', 'node.n1', [
  [
    '{asNumber: 65000, nodeToNodeMeshEnabled: false, listenPort: 1790}',
    { listenPort: 1790 },
    '(warning) spec.nodeToNodeMeshEnabled has an effect in the BGPConfiguration "default" only',
    '(warning) spec.asNumber has an effect in the BGPConfiguration "default" only',
  ],
  ['prefixAdvertisements: []', { prefixAdvertisements: [] }],
]);

test('a BGPConfiguration of any other name has no effect, which is said', () => {
  expect(said('BGPConfiguration', 'asNumber: x', 'other')).toEqual({
    resource: undefined,
    said: ['(warning) metadata.name only "default" and "node.<node name>" are read; this object has no effect'],
  });
});

describeRefusals('BGPPeer', [
  ['{}', 'spec names no peer: one of peerIP, peerSelector and localWorkloadSelector is needed'],
  ['{peerIP: ""}', 'spec names no peer: one of peerIP, peerSelector and localWorkloadSelector is needed'],
  ['{peerIP: 10.0.0.1, node: n, nodeSelector: all()}', 'spec.nodeSelector cannot be set together with node'],
  ['{peerIP: 10.0.0.1, peerSelector: all()}', 'spec.peerSelector cannot be set together with peerIP'],
  [
    '{peerSelector: all(), asNumber: 65000}',
    'spec.asNumber cannot be set together with peerSelector: nodes have their own',
  ],
  [
    '{localWorkloadSelector: all(), peerIP: 10.0.0.1, asNumber: 65000}',
    'spec.localWorkloadSelector cannot be set together with peerIP',
  ],
  [
    '{localWorkloadSelector: all(), peerSelector: all()}',
    'spec.localWorkloadSelector cannot be set together with peerSelector',
    'spec.asNumber is required with localWorkloadSelector',
  ],
  ['{localWorkloadSelector: all(), asNumber: 0}', 'spec.asNumber is required with localWorkloadSelector'],
  ['{peerSelector: all(), reachableBy: 10.0.0.1}', 'spec.reachableBy is allowed with peerIP only'],
  [
    '{peerIP: 10.0.0.1, reachableBy: "fd00::1"}',
    'spec.reachableBy is of another address family than peerIP (10.0.0.1)',
  ],
  [
    '{peerIP: 10.0.0.1, keepOriginalNextHop: true, nextHopMode: Self}',
    'spec.keepOriginalNextHop cannot be true together with nextHopMode, its newer form',
  ],
  ['{peerIP: 10.0.0.1.5}', 'spec.peerIP "10.0.0.1.5" is not an address: IPv4, IPv6, IPv4:port or [IPv6]:port'],
  [
    '{peerIP: "[10.0.0.1]:179"}',
    'spec.peerIP "[10.0.0.1]:179" is not an address: IPv4, IPv6, IPv4:port or [IPv6]:port',
  ],
  ['{peerIP: "[fd00::1]"}', 'spec.peerIP "[fd00::1]" is not an address: IPv4, IPv6, IPv4:port or [IPv6]:port'],
  [
    '{peerIP: tor.example.org}',
    'spec.peerIP "tor.example.org" is not an address: IPv4, IPv6, IPv4:port or [IPv6]:port',
  ],
  ['{peerIP: "10.0.0.1:0"}', 'spec.peerIP port 0 is not in 1 to 65535'],
  ['{peerIP: "[fd00::1]:65536"}', 'spec.peerIP port 65536 is not in 1 to 65535'],
  ['{peerIP: "fe80::1"}', 'spec.peerIP fe80::1 is link-local, which needs an interface; a BGPPeer has none'],
  ['{peerIP: 10.0.0.1, localASNumber: 0}', 'spec.localASNumber AS number 0 is reserved (RFC 7607)'],
  ['{peerIP: 10.0.0.1, ttlSecurity: 256}', 'spec.ttlSecurity must be a whole number from 0 to 255, not 256'],
  ['{peerIP: 10.0.0.1, keepaliveTime: 20}', 'spec.keepaliveTime must be a duration such as "90s" or "1m30s", not 20'],
  ['{peerSelector: "has(rr"}', 'spec.peerSelector "has(rr" is not a selector: ")" is expected here (character 7)'],
  [
    `{peerIP: 10.0.0.1, nodeSelector: "has(${'x'.repeat(1020)})"}`,
    'spec.nodeSelector has 1025 characters; 1024 are allowed',
  ],
  ['{peerIP: 10.0.0.1, filters: fast}', 'spec.filters must be a list, not "fast"'],
  ['{peerIP: 10.0.0.1, password: {secretKeyRef: {key: k}}}', 'spec.password.secretKeyRef.name is required'],
  [
    '7',
    'spec must be a mapping of fields, not a number',
    'spec names no peer: one of peerIP, peerSelector and localWorkloadSelector is needed',
  ],
]);

describeWarnings('BGPPeer', 'x', [
  ['{peerIP: 10.0.0.1}', { peerIP: { address: '10.0.0.1' } }],
  ['{peerIP: "10.0.0.1:1179", asNumber: 0}', { peerIP: { address: '10.0.0.1', port: 1179 }, asNumber: 0 }],
  ['{peerIP: "FD00:0::1", asNumber: "1.1"}', { peerIP: { address: 'fd00::1' }, asNumber: 65537 }],
  ['{peerIP: "[fd00::1]:179"}', { peerIP: { address: 'fd00::1', port: 179 } }],
  ['{peerIP: 169.254.0.1}', { peerIP: { address: '169.254.0.1' } }],
  ['{peerSelector: all(), peerIP: "", node: "", asNumber: 0}', { peerSelector: 'all()', asNumber: 0 }],
  [
    '{peerIP: 10.0.0.1, ttlSecurity: 0, numAllowedLocalASNumbers: -1, keepaliveTime: 0s}',
    { peerIP: { address: '10.0.0.1' } },
  ],
  ['{peerIP: 10.0.0.1, maxRestartTime: 0s}', { peerIP: { address: '10.0.0.1' }, maxRestartTime: 0 }],
  ['{peerIP: 10.0.0.1, keepOriginalNextHop: true}', { peerIP: { address: '10.0.0.1' }, keepOriginalNextHop: true }],
  [
    '{peerIP: 10.0.0.1, keepOriginalNextHop: false, nextHopMode: Self}',
    { peerIP: { address: '10.0.0.1' }, keepOriginalNextHop: false, nextHopMode: 'Self' },
  ],
  [
    '{peerIP: 10.0.0.1, sourceAddress: Loopback, reversePeering: Never, nextHopMode: Peer}',
    { peerIP: { address: '10.0.0.1' }, sourceAddress: 'UseNodeIP', nextHopMode: 'Auto', reversePeering: 'Auto' },
    '(warning) spec.sourceAddress "Loopback" is none of UseNodeIP, None; UseNodeIP is used',
    '(warning) spec.nextHopMode "Peer" is none of Auto, Self, Keep; Auto is used',
    '(warning) spec.reversePeering "Never" is none of Auto, Manual; Auto is used',
  ],
]);

describeRefusals('BGPFilter', [
  ['exportV4: [{}]', 'spec.exportV4[0].action is required'],
  [
    'exportV4: [{action: Accept}, {action: Allow}]',
    'spec.exportV4[1].action must be one of Accept, Reject, not "Allow"',
  ],
  ['exportV4: [{action: Reject, cidr: 10.0.0.0/8}]', 'spec.exportV4[0].matchOperator is required together with cidr'],
  ['exportV4: [{action: Reject, matchOperator: In}]', 'spec.exportV4[0].cidr is required together with matchOperator'],
  ['exportV4: [{action: Reject, prefixLength: {min: 8}}]', 'spec.exportV4[0].prefixLength is allowed with cidr only'],
  [
    'importV4: [{action: Reject, cidr: 10.1.0.0/8, matchOperator: In}]',
    'spec.importV4[0].cidr "10.1.0.0/8" has host bits set; the prefix is 10.0.0.0/8',
  ],
  [
    'importV6: [{action: Reject, cidr: 10.0.0.0/8, matchOperator: In}]',
    'spec.importV6[0].cidr "10.0.0.0/8" is not an IPv6 prefix such as "fd00:10:65::/64"',
  ],
  [
    'exportV4: [{action: Reject, cidr: 10.0.0.0/8, matchOperator: Within}]',
    'spec.exportV4[0].matchOperator must be one of Equal, NotEqual, In, NotIn, not "Within"',
  ],
  [
    'exportV4: [{action: Reject, cidr: 10.0.0.0/8, matchOperator: In, prefixLength: {min: 26, max: 24}}]',
    'spec.exportV4[0].prefixLength no prefix of 10.0.0.0/8 has a length from 26 to 24',
  ],
  [
    'exportV4: [{action: Reject, cidr: 10.0.0.0/24, matchOperator: In, prefixLength: {max: 16}}]',
    'spec.exportV4[0].prefixLength no prefix of 10.0.0.0/24 has a length from 24 to 16',
  ],
  [
    'exportV4: [{action: Reject, cidr: 10.0.0.0/8, matchOperator: In, prefixLength: {max: 33}}]',
    'spec.exportV4[0].prefixLength.max must be a whole number from 0 to 32, not 33',
  ],
  ['exportV4: [{action: Reject, source: Kernel}]', 'spec.exportV4[0].source must be one of RemotePeers, not "Kernel"'],
  ['exportV4: [{action: Reject, peerType: any}]', 'spec.exportV4[0].peerType must be one of eBGP, iBGP, not "any"'],
  [
    'exportV4: [{action: Reject, interface: "eth?"}]',
    'spec.exportV4[0].interface "eth?" is not an interface name or pattern: 1 to 15 letters, digits and _ . * -',
  ],
  [
    'exportV4: [{action: Reject, priority: 0}]',
    'spec.exportV4[0].priority must be a whole number from 1 to 2147483646, not 0',
  ],
  [
    'exportV4: [{action: Reject, communities: {values: ["1:2", "3:4"]}}]',
    'spec.exportV4[0].communities.values has 2 entries; 1 are allowed',
  ],
  [
    'exportV4: [{action: Reject, communities: {values: ["x"]}}]',
    `spec.exportV4[0].communities.values[0] "x" ${COMMUNITY}`,
  ],
  [
    'exportV4: [{action: Reject, communities: {values: ["04294967295:4294967295:4294967295"]}}]',
    'spec.exportV4[0].communities.values[0] has 33 characters; 32 are allowed',
  ],
  [
    'exportV4: [{action: Reject, operations: [{setPriority: {value: 1}}]}]',
    'spec.exportV4[0].operations operations go with the action Accept only',
  ],
  ['exportV4: [{action: Accept, operations: []}]', 'spec.exportV4[0].operations must have at least 1 entry'],
  [
    `exportV4: [{action: Accept, operations: [${Array(11).fill('{setPriority: {value: 1}}')}]}]`,
    'spec.exportV4[0].operations has 11 entries; 10 are allowed',
  ],
  [
    'exportV4: [{action: Accept, operations: [{}]}]',
    'spec.exportV4[0].operations[0] needs exactly one of addCommunity, prependASPath, setPriority',
  ],
  [
    'exportV4: [{action: Accept, operations: [{setPriority: {value: 1}, addCommunity: {value: "1:2"}}]}]',
    'spec.exportV4[0].operations[0] needs exactly one of addCommunity, prependASPath, setPriority',
  ],
  [
    'exportV4: [{action: Accept, operations: [{prependASPath: {prefix: []}}]}]',
    'spec.exportV4[0].operations[0].prependASPath.prefix must have at least 1 entry',
  ],
  [
    'exportV4: [{action: Accept, operations: [{setPriority: {value: 2147483647}}]}]',
    'spec.exportV4[0].operations[0].setPriority.value must be a whole number from 1 to 2147483646, not 2147483647',
  ],
  [
    'exportV4: [{action: Accept, operations: [{addCommunity: {}}]}]',
    'spec.exportV4[0].operations[0].addCommunity.value is required',
  ],
]);

const NO_RULES = { exportV4: [], importV4: [], exportV6: [], importV6: [] };

describeWarnings('BGPFilter', 'x', [
  ['', NO_RULES],
  ['exportV4: [{action: Accept}]', { ...NO_RULES, exportV4: [{ action: 'Accept' }] }],
  ['exportV4: [{action: Accept, interface: "*"}]', { ...NO_RULES, exportV4: [{ action: 'Accept', interface: '*' }] }],
  ['exportV4: [{action: Accept, asPathPrefix: []}]', { ...NO_RULES, exportV4: [{ action: 'Accept' }] }],
  [
    'exportV4: [{action: Accept, cidr: 10.0.0.0/8, matchOperator: Equal, prefixLength: {min: 9}}]',
    {
      ...NO_RULES,
      exportV4: [{ action: 'Accept', cidr: '10.0.0.0/8', matchOperator: 'Equal', prefixLength: { min: 9 } }],
    },
    '(warning) spec.exportV4[0].prefixLength together with matchOperator Equal the rule never matches, as in Calico',
  ],
  [
    'exportV4: [{action: Accept, cidr: 10.0.0.0/8, matchOperator: In, matchOperater: In}]',
    { ...NO_RULES, exportV4: [{ action: 'Accept', cidr: '10.0.0.0/8', matchOperator: 'In' }] },
    '(warning) spec.exportV4[0].matchOperater is not a known field; it has no effect',
  ],
]);

describeRefusals('IPPool', [
  ['{}', 'spec.cidr is required'],
  ['cidr: 10.65.3.0/16', 'spec.cidr "10.65.3.0/16" has host bits set; the prefix is 10.65.0.0/16'],
  [
    '{cidr: 10.65.0.0/16, ipipMode: Always, vxlanMode: CrossSubnet}',
    'spec.vxlanMode cannot be set together with ipipMode',
  ],
  ['{cidr: "fd00::/64", ipipMode: Always}', 'spec.ipipMode IPIP carries IPv4 only'],
  ['cidr: 169.254.1.0/24', 'spec.cidr 169.254.1.0/24 overlaps the link-local range'],
  ['cidr: fe00::/8', 'spec.cidr fe00::/8 overlaps the link-local range'],
  ['{cidr: 10.65.0.0/16, blockSize: 19}', 'spec.blockSize must be from 20 to 32 for 32 bit addresses'],
  ['{cidr: "fd00::/64", blockSize: 115}', 'spec.blockSize must be from 116 to 128 for 128 bit addresses'],
  ['cidr: 10.65.0.0/27', 'spec.cidr 10.65.0.0/27 is smaller than one block (/26)'],
  ['{cidr: 10.65.0.0/16, disableBGPExport: "true"}', 'spec.disableBGPExport must be true or false, not "true"'],
  [
    '{cidr: 10.65.0.0/16, allowedUses: [LoadBalancer, Workload]}',
    'spec.allowedUses a pool for load balancers has no other use',
  ],
  [
    '{cidr: 10.65.0.0/16, allowedUses: [LoadBalancer], ipipMode: Always}',
    'spec.ipipMode a pool for load balancers cannot use IPIP',
  ],
  [
    '{cidr: 10.65.0.0/16, allowedUses: [LoadBalancer], vxlanMode: Always}',
    'spec.vxlanMode a pool for load balancers cannot use VXLAN',
  ],
  [
    '{cidr: 10.65.0.0/16, allowedUses: [LoadBalancer], disableBGPExport: true}',
    'spec.disableBGPExport a pool for load balancers cannot be kept from BGP',
  ],
  [
    '{cidr: 10.65.0.0/16, allowedUses: [LoadBalancer], nodeSelector: has(x)}',
    'spec.nodeSelector a pool for load balancers belongs to all() nodes',
  ],
]);

const POOL = { cidr: '10.65.0.0/16', ipipMode: 'Never', vxlanMode: 'Never', disableBGPExport: false, disabled: false };

describeWarnings('IPPool', 'x', [
  ['{cidr: 10.65.0.0/16, ipipMode: "", vxlanMode: ""}', POOL],
  ['{cidr: 10.65.0.0/16, ipipMode: cross-subnet}', { ...POOL, ipipMode: 'CrossSubnet' }],
  ['{cidr: 10.65.0.0/16, ipipMode: always}', { ...POOL, ipipMode: 'Always' }],
  ['{cidr: 10.65.0.0/27, disabled: true}', { ...POOL, cidr: '10.65.0.0/27', disabled: true }],
  ['{cidr: 10.65.0.0/16, allowedUses: [LoadBalancer], nodeSelector: "all()"}', POOL],
  [
    '{cidr: 10.65.0.0/16, ipipMode: Sometimes}',
    POOL,
    '(warning) spec.ipipMode "Sometimes" is none of Never, Always, CrossSubnet; Never is used',
  ],
]);

describeRefusals('BlockAffinity', [
  ['{node: n1}', 'spec.cidr is required'],
  ['{cidr: 10.65.0.0/26}', 'spec.node is required'],
  ['{cidr: 10.65.0.0/26, node: ""}', 'spec.node must not be empty'],
  [
    '{cidr: 10.65.0.0/26, node: n1, state: gone}',
    'spec.state must be one of confirmed, pending, pendingDeletion, not "gone"',
  ],
  ['{cidr: 10.65.0.0/26, node: n1, deleted: maybe}', 'spec.deleted must be one of true, false, not "maybe"'],
]);

const BLOCK = { cidr: '10.65.0.0/26', node: 'n1', state: '', type: 'host' };

describeWarnings('BlockAffinity', 'x', [
  ['{cidr: 10.65.0.0/26, node: n1}', BLOCK],
  ['{cidr: 10.65.0.0/26, node: n1, state: "", type: "", deleted: ""}', BLOCK],
  ['{cidr: 10.65.0.0/26, node: n1, state: pending, deleted: "false"}', { ...BLOCK, state: 'pending' }],
  ['{cidr: 10.65.0.0/26, node: n1, type: virtual, deleted: false}', { ...BLOCK, type: 'virtual' }],
]);

test.each(['"true"', 'true'])('a BlockAffinity with deleted: %s is not there, and that is no problem', (deleted) => {
  expect(said('BlockAffinity', `{cidr: 10.65.0.0/26, node: n1, deleted: ${deleted}}`)).toEqual({
    resource: undefined,
    said: [],
  });
});

describeRefusals('CalicoNodeStatus', [
  ['{classes: [BGP], updatePeriodSeconds: 1}', 'spec.node is required'],
  ['{node: n1, updatePeriodSeconds: 1}', 'spec.classes is required'],
  ['{node: n1, classes: [BGP]}', 'spec.updatePeriodSeconds is required'],
  [
    '{node: n1, classes: [BGP], updatePeriodSeconds: 86401}',
    'spec.updatePeriodSeconds must be a whole number from 0 to 86400, not 86401',
  ],
]);

describeWarnings('CalicoNodeStatus', 'x', [
  [
    '{node: n1, classes: [BGP, Weather, BGP], updatePeriodSeconds: 0}',
    { node: 'n1', classes: ['BGP'], updatePeriodSeconds: 0 },
    '(warning) spec.classes[1] "Weather" is none of Agent, BGP, Routes; it is left out',
  ],
]);

describeRefusals('RouteReflector', [
  ['{asNumber: 64512}', 'spec.routerId is required'],
  ['{routerId: 10.0.0.5}', 'spec.asNumber is required'],
  ['{routerId: 10.0.0.5, asNumber: 64512, peers: [{}]}', 'spec.peers[0].address is required'],
  [
    '{routerId: 10.0.0.5, asNumber: 64512, peers: [{address: 10.0.0.1}, {address: 10.0.0.1, port: 179}]}',
    'spec.peers 10.0.0.1 port 179 is given twice',
  ],
  [
    '{routerId: 10.0.0.5, asNumber: 64512, peers: [{address: 10.0.0.1, asNumber: 65000, client: true}]}',
    'spec.peers[0].client only a peer of the own AS can be a client (RFC 4456)',
  ],
  [
    '{routerId: 10.0.0.5, asNumber: 64512, peers: [{address: 10.0.0.1, holdTime: 2}]}',
    'spec.peers[0].holdTime must be 0 (off) or at least 3 seconds (RFC 4271 4.2)',
  ],
  [
    '{routerId: 10.0.0.5, asNumber: 64512, peers: [{address: 10.0.0.1, longLivedStaleTime: 5000h}]}',
    'spec.peers[0].longLivedStaleTime is 18000000 s; BGP has room for 16777215 s (RFC 9494 3.1)',
  ],
  [
    '{routerId: 10.0.0.5, asNumber: 64512, peers: [{address: 10.0.0.1, families: [ipx]}]}',
    'spec.peers[0].families[0] must be one of ipv4, ipv6, not "ipx"',
  ],
  [
    '{routerId: 10.0.0.5, asNumber: 64512, peers: [{address: "fe80::1"}]}',
    'spec.peers[0].interface is required: a link-local address is known on its link only',
  ],
  [
    '{routerId: 10.0.0.5, asNumber: 64512, peers: [{address: "fe80::1", interface: a}, {address: "fe80::1", interface: a}]}',
    'spec.peers fe80::1%a port 179 is given twice',
  ],
  [
    '{routerId: 10.0.0.5, asNumber: 64512, peers: [{address: 10.0.0.1, asNumber: 65000, external: true}]}',
    'spec.peers[0].external means any AS; give it or asNumber, not both',
  ],
  [
    '{routerId: 10.0.0.5, asNumber: 64512, peers: [{address: 10.0.0.1, role: peer}]}',
    'spec.peers[0].role is between autonomous systems (RFC 9234), and the peer is in the own one',
  ],
  [
    '{routerId: 10.0.0.5, asNumber: 64512, peers: [{address: 10.0.0.1, external: true, requireRole: true}]}',
    'spec.peers[0].requireRole needs a role of our own to tell',
  ],
  [
    '{routerId: 10.0.0.5, asNumber: 64512, peers: [{address: 10.0.0.1, limits: {import: {action: block}}}]}',
    'spec.peers[0].limits.import.count is required',
  ],
  [
    '{routerId: 10.0.0.5, asNumber: 64512, listenRanges: [{range: 10.0.0.1/8}]}',
    'spec.listenRanges[0].range "10.0.0.1/8" has host bits set; the prefix is 10.0.0.0/8',
  ],
]);
