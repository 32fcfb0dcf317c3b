// Keys and values as calicoctl, calico-node and Calico's IPAM write them.

const UID = 'c1f9e5f6-0d3b-4c38-9a9e-0f2c7d3e6a10';

function resource(plural: string, kind: string, name: string, spec: object, more: object = {}): [string, string] {
  const metadata = { name, uid: UID, creationTimestamp: '2026-04-05T11:00:00Z', ...more };
  const value = { kind, apiVersion: 'projectcalico.org/v3', metadata, spec };
  return [`/calico/resources/v3/projectcalico.org/${plural}/${name}`, JSON.stringify(value)];
}

const BLOCKS = '/calico/ipam/v2/host/node-1';

export const WRITTEN: Readonly<Record<string, string>> = Object.fromEntries([
  resource('bgpconfigurations', 'BGPConfiguration', 'default', {
    ...{ logSeverityScreen: 'Info', nodeToNodeMeshEnabled: true, asNumber: 64512, bindMode: 'NodeIP' },
    serviceClusterIPs: [{ cidr: '10.96.0.0/12' }],
  }),
  resource('bgppeers', 'BGPPeer', 'tor', { peerIP: '10.9.0.1', asNumber: 64567, filters: ['only-pods'] }),
  resource('bgpfilters', 'BGPFilter', 'only-pods', {
    exportV4: [{ action: 'Accept', matchOperator: 'In', cidr: '10.65.0.0/16' }, { action: 'Reject' }],
  }),
  resource('ippools', 'IPPool', 'default-ipv4-ippool', {
    ...{ cidr: '10.65.0.0/16', ipipMode: 'CrossSubnet', vxlanMode: 'Never', natOutgoing: true },
    ...{ blockSize: 26, nodeSelector: 'all()', allowedUses: ['Workload', 'Tunnel'] },
  }),
  resource('felixconfigurations', 'FelixConfiguration', 'default', {
    floatingIPs: 'Disabled',
    logSeverityScreen: 'Info',
  }),
  resource(
    ...(['nodes', 'Node', 'node-1'] as const),
    {
      addresses: [
        { address: '10.0.0.1/24', type: 'CalicoNodeIP' },
        { address: '10.0.0.1', type: 'InternalIP' },
      ],
      bgp: { asNumber: 64512, ipv4Address: '10.0.0.1/24', ipv4IPIPTunnelAddr: '10.65.0.1' },
      orchRefs: [{ nodeName: 'node-1', orchestrator: 'k8s' }],
    },
    { labels: { rack: 'a' } },
  ),
  resource('nodes', 'Node', 'node-2', { bgp: { ipv4Address: '10.0.0.2/24' } }),
  resource('clusterinformations', 'ClusterInformation', 'default', { datastoreReady: true }),
  resource('workloadendpoints', 'WorkloadEndpoint', 'default/node--1-k8s-web-eth0', { node: 'node-1' }),
  [`${BLOCKS}/ipv4/block/10.65.0.0-26`, '{"state":"confirmed","deleted":false}'],
  [`${BLOCKS}/ipv4/block/10.65.1.0-26`, '{"state":"pending","deleted":false}'],
  [`${BLOCKS}/ipv4/block/10.65.2.0-26`, ''],
  [`${BLOCKS}/ipv4/block/10.65.3.0-26`, '{"state":"confirmed","deleted":true}'],
  [`${BLOCKS}/ipv6/block/fd00:65::-122`, '{"state":"confirmed","deleted":false}'],
  ['/calico/ipam/v2/host/node-2/ipv4/block/10.65.7.0-26', '{"state":"confirmed","deleted":false}'],
  ['/calico/ipam/v2/virtual/x/ipv4/block/10.65.8.0-26', '{"state":"confirmed","deleted":false}'],
  ['/calico/ipam/v2/assignment/ipv4/block/10.65.0.0-26', '{"cidr":"10.65.0.0/26","affinity":"host:node-1"}'],
]);
