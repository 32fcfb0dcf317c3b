// Node, in both forms: Calico's own, and Kubernetes' with Calico's annotations. A wrong address or number in it is
// ignored alone: the node stays known, with what is right about it.

import { type Address, addressBytes, addressFromBytes, familyOf, type Prefix, parseCidr } from 'node-bgp/ip';
import { jsonObject } from './metadata.ts';
import { defined, type Field, type Read } from './reader.ts';
import type { Metadata, NodeResource } from './types.ts';
import { addressOf, asn, flag, interfaceAddressOf, list, prefix, routerId, unlessEmpty } from './values.ts';

/** Calico: `kind: Node`, `apiVersion: projectcalico.org/v3`. */
export function readCalicoNode(metadata: Metadata, document: Field): NodeResource {
  const spec = document.at('spec').tolerant();
  const tunnelAddress = spec.at('bgp').read('ipv4IPIPTunnelAddr', unlessEmpty(addressOf('ipv4')));
  const bgp = spec.read('bgp', (field) => {
    const values = readBgp(field, BGP_FIELDS);
    field.pass('ipv4IPIPTunnelAddr');
    field.warnOfUnknown();
    return values;
  });
  const wireguard = spec.at('wireguard');
  const node = defined({
    kind: 'Node',
    metadata,
    bgp,
    tunnelAddress,
    wireguardIPv4: wireguard.read('interfaceIPv4Address', unlessEmpty(addressOf('ipv4'))),
    wireguardIPv6: wireguard.read('interfaceIPv6Address', unlessEmpty(addressOf('ipv6'))),
    podCIDRs: document.at('status').tolerant().read('podCIDRs', list(prefix)) ?? [],
  });
  spec.pass('addresses', 'orchRefs', 'ipv4VXLANTunnelAddr', 'ipv6VXLANTunnelAddr', 'vxlanTunnelMACAddr');
  spec.pass('vxlanTunnelMACAddrV6', 'interfaces');
  spec.warnOfUnknown();
  return node;
}

export interface KubernetesNodeOptions {
  /** Pods take their addresses from the node's pod CIDRs instead of Calico's blocks (USE_POD_CIDR). */
  readonly usePodCIDR?: boolean;
}

/**
 * Kubernetes: `kind: Node`, `apiVersion: v1`, or the metadata of it alone. `metadata` is that of the Kubernetes object;
 * Calico's labels and annotations are in annotations, and the labels of Kubernetes lie over Calico's.
 */
export function readKubernetesNode(
  metadata: Metadata,
  document: Field,
  { usePodCIDR = false }: KubernetesNodeOptions = {},
): NodeResource {
  const annotations = document.at('metadata').tolerant().at('annotations');
  const spec = document.at('spec').tolerant();
  const podCIDRs = spec.read('podCIDRs', list(prefix)) ?? [];
  const wireguardIPv4 = annotations.read(annotation('IPv4WireguardInterfaceAddr'), unlessEmpty(addressOf('ipv4')));
  const hasWireguard = annotations.at(annotation('WireguardPublicKey')).present;
  const wireguardOfPods = hasWireguard ? firstPodAddress(podCIDRs) : undefined;
  const tunnelAddress = annotations.read(annotation('IPv4IPIPTunnelAddr'), unlessEmpty(addressOf('ipv4')));
  return defined({
    kind: 'Node',
    metadata: {
      ...metadata,
      labels: { ...annotations.read(annotation('labels'), jsonTexts), ...metadata.labels },
      annotations: annotations.read(annotation('annotations'), jsonTexts) ?? {},
    },
    bgp: readBgp(annotations, BGP_ANNOTATIONS),
    tunnelAddress: usePodCIDR ? firstPodAddress(podCIDRs) : tunnelAddress,
    wireguardIPv4: usePodCIDR ? wireguardOfPods : wireguardIPv4,
    wireguardIPv6: annotations.read(annotation('IPv6WireguardInterfaceAddr'), unlessEmpty(addressOf('ipv6'))),
    podCIDRs,
    ready: readReady(document.at('status').tolerant()),
    unschedulable: spec.read('unschedulable', flag),
  });
}

function annotation(name: string): string {
  return `projectcalico.org/${name}`;
}

interface BgpFields {
  readonly ipv4: string;
  readonly ipv6: string;
  readonly asNumber: string;
  readonly clusterId: string;
}

const BGP_FIELDS: BgpFields = {
  ipv4: 'ipv4Address',
  ipv6: 'ipv6Address',
  asNumber: 'asNumber',
  clusterId: 'routeReflectorClusterID',
};

const BGP_ANNOTATIONS: BgpFields = {
  ipv4: annotation('IPv4Address'),
  ipv6: annotation('IPv6Address'),
  asNumber: annotation('ASNumber'),
  clusterId: annotation('RouteReflectorClusterID'),
};

/** undefined where nothing of it is set. */
function readBgp(field: Field, names: BgpFields): NodeResource['bgp'] {
  const bgp = defined({
    ipv4: field.read(names.ipv4, unlessEmpty(interfaceAddressOf('ipv4'))),
    ipv6: field.read(names.ipv6, unlessEmpty(interfaceAddressOf('ipv6'))),
    asNumber: field.read(names.asNumber, unlessEmpty(asn)),
    routeReflectorClusterID: field.read(names.clusterId, unlessEmpty(routerId)),
  });
  return Object.keys(bgp).length === 0 ? undefined : bgp;
}

/** An annotation that holds a JSON object of texts. */
const jsonTexts: Read<Readonly<Record<string, string>>> = (field) => {
  const object = jsonObject(field);
  return object && Object.fromEntries(Object.entries(object).map(([name, value]) => [name, String(value)]));
};

/** The tunnel address in pod-CIDR mode: the one behind the network address of the first IPv4 pod CIDR. */
function firstPodAddress(podCIDRs: readonly Prefix[]): Address | undefined {
  const cidr = podCIDRs.find((prefix) => familyOf(prefix) === 'ipv4');
  const network = cidr === undefined ? undefined : parseCidr(cidr)?.address;
  if (network === undefined) return undefined;
  const bytes = addressBytes(network);
  bytes[3]! |= 1;
  return addressFromBytes(bytes, 0, 4);
}

function readReady(status: Field): boolean | undefined {
  const conditions = status.at('conditions').value;
  if (!Array.isArray(conditions)) return undefined;
  const ready = conditions.find((condition: unknown) => isReadyCondition(condition));
  return ready === undefined ? undefined : ready.status === 'True';
}

function isReadyCondition(condition: unknown): condition is { type: 'Ready'; status: unknown } {
  return typeof condition === 'object' && condition !== null && 'type' in condition && condition.type === 'Ready';
}
