// Caracal's resources for a run: a stand-alone reflector with all clients of the plan, or a node whose one peer
// is not there.

import { stringify } from 'yaml';
import { clientPlans, DAEMON_HOLD_TIME, IDLE_PEER, LOCAL_AS, type Plan, ROUTER_ID } from './plan.ts';

export function reflectorResources(name: string, plan: Plan): string {
  const peers = clientPlans(plan).map(({ address, asn }, index) => ({
    name: `client-${index}`,
    address,
    asNumber: asn,
    client: asn === LOCAL_AS,
    passive: true,
    holdTime: DAEMON_HOLD_TIME,
    addPath: plan.addPath,
  }));
  return stringify({
    apiVersion: 'caracal.io/v1',
    kind: 'RouteReflector',
    metadata: { name },
    spec: { routerId: ROUTER_ID, asNumber: LOCAL_AS, clusterID: ROUTER_ID, peers },
  });
}

export function nodeResources(name: string): string {
  const calico = (kind: string, metadataName: string, spec: unknown) =>
    stringify({ apiVersion: 'projectcalico.org/v3', kind, metadata: { name: metadataName }, spec });
  return [
    calico('BGPConfiguration', 'default', { asNumber: LOCAL_AS, nodeToNodeMeshEnabled: true }),
    calico('Node', name, { bgp: { ipv4Address: `${ROUTER_ID}/16` } }),
    calico('Node', 'node-2', { bgp: { ipv4Address: `${IDLE_PEER}/16` } }),
    calico('IPPool', 'pods', { cidr: '10.65.0.0/16', ipipMode: 'Never', vxlanMode: 'Never' }),
    calico('BlockAffinity', 'block', { cidr: '10.65.0.0/26', node: name, state: 'confirmed' }),
  ].join('---\n');
}
