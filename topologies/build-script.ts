// From a lab to the shell script that builds it: one network namespace for each machine and each pod, one for the bridges
// that are the subnets. Pure: text in, text out, so that what happens to the machine can be read and tested.
//
// A pod is wired as Calico wires it: a /32, a default route to 169.254.1.1, its host end `caliN` with the MAC address
// ee:ee:ee:ee:ee:ee, and on the node a host route of protocol 80 (Felix) with metric 1024.

import type { LabFile, Machine } from './lab-file.ts';

export interface BuildPlan {
  /** Machine or pod -> its network namespace. */
  readonly namespaces: ReadonlyMap<string, string>;
  /** All namespaces, those of the bridges included. */
  readonly allNamespaces: readonly string[];
  readonly script: string;
}

const POD_GATEWAY_IPV4 = '169.254.1.1';
const HOST_END_MAC = 'ee:ee:ee:ee:ee:ee';
/** The link-local address that follows from HOST_END_MAC. */
const POD_GATEWAY_IPV6 = 'fe80::ecee:eeff:feee:eeee';
const FELIX = 'proto 80 metric 1024';

export function planBuild(lab: LabFile, id: string): BuildPlan {
  const switchNamespace = `${id}.switch`;
  const namespaces = new Map<string, string>();
  for (const machine of lab.machines) {
    namespaces.set(machine.name, `${id}.${machine.name}`);
    for (const pod of machine.pods) namespaces.set(pod.name, `${id}.${machine.name}.${pod.name}`);
  }
  const inSwitch = new Batch(switchNamespace);
  const bridges = new Map(lab.subnets.map((subnet, index) => [subnet.name, `br${index}`]));
  for (const bridge of bridges.values()) {
    // No spanning tree and no snooping: a bridge forwards from its first millisecond.
    inSwitch.add(`link add ${bridge} type bridge forward_delay 0 mcast_snooping 0`);
    inSwitch.add(`link set ${bridge} up`);
  }
  const machines = lab.machines.map((machine) => machineBatches(machine, namespaces, bridges, inSwitch));
  const allNamespaces = [switchNamespace, ...namespaces.values()];
  const script = [
    'set -e',
    'ip -batch - <<END',
    ...allNamespaces.map((name) => `netns add ${name}`),
    'END',
    ...lab.machines.map((machine) => kernelSettings(namespaces.get(machine.name)!, true)),
    ...lab.machines.flatMap(({ pods }) => pods.map((pod) => kernelSettings(namespaces.get(pod.name)!, false))),
    ...machines.flatMap(({ links }) => links.map((batch) => batch.toString())),
    inSwitch.toString(),
    ...machines.flatMap(({ addresses }) => addresses.map((batch) => batch.toString())),
    '',
  ].join('\n');
  return { namespaces, allNamespaces, script };
}

interface MachineBatches {
  /** First all links of all machines, then the bridges that join them, then addresses and routes, which need carrier. */
  readonly links: readonly Batch[];
  readonly addresses: readonly Batch[];
}

function machineBatches(
  machine: Machine,
  namespaces: ReadonlyMap<string, string>,
  bridges: ReadonlyMap<string, string>,
  inSwitch: Batch,
): MachineBatches {
  const links = new Batch(namespaces.get(machine.name)!);
  const addresses = new Batch(links.namespace);
  addresses.add('link set lo up');
  const subnets = [...new Set(machine.addresses.map(({ subnet }) => subnet))];
  subnets.forEach((subnet, index) => {
    const port = `p${inSwitch.size}`;
    links.add(`link add eth${index} type veth peer name ${port} netns ${inSwitch.namespace}`);
    inSwitch.add(`link set ${port} master ${bridges.get(subnet)} up`);
    addresses.add(`link set eth${index} up`);
    for (const { address, length } of machine.addresses.filter((candidate) => candidate.subnet === subnet)) {
      addresses.add(`addr add ${address}/${length} dev eth${index}${noDad(address)}`);
    }
  });
  for (const route of machine.routes) addresses.add(`route add ${route}`);
  const pods = machine.pods.map((pod, index) => {
    const hostEnd = `cali${index + 1}`;
    const inPod = new Batch(namespaces.get(pod.name)!);
    links.add(`link add ${hostEnd} address ${HOST_END_MAC} type veth peer name eth0 netns ${inPod.namespace}`);
    addresses.add(`link set ${hostEnd} up`);
    inPod.add('link set lo up');
    inPod.add('link set eth0 up');
    for (const address of pod.addresses) {
      inPod.add(`addr add ${address}/${hostLength(address)} dev eth0${noDad(address)}`);
      addresses.add(`route add ${address}/${hostLength(address)} dev ${hostEnd} ${FELIX}`);
    }
    addPodGateways(inPod, pod.addresses);
    return inPod;
  });
  return { links: [links], addresses: [addresses, ...pods] };
}

function addPodGateways(inPod: Batch, addresses: readonly string[]): void {
  if (addresses.some((address) => !address.includes(':'))) {
    inPod.add(`route add ${POD_GATEWAY_IPV4} dev eth0 scope link`);
    inPod.add(`neigh add ${POD_GATEWAY_IPV4} lladdr ${HOST_END_MAC} dev eth0 nud permanent`);
    inPod.add(`route add default via ${POD_GATEWAY_IPV4} dev eth0`);
  }
  if (addresses.some((address) => address.includes(':'))) {
    inPod.add(`neigh add ${POD_GATEWAY_IPV6} lladdr ${HOST_END_MAC} dev eth0 nud permanent`);
    inPod.add(`route add default via ${POD_GATEWAY_IPV6} dev eth0`);
  }
}

function kernelSettings(namespace: string, isMachine: boolean): string {
  const settings = [
    // Duplicate address detection would keep addresses tentative for a second or two.
    ...['all', 'default'].map((scope) => `0 > /proc/sys/net/ipv6/conf/${scope}/accept_dad`),
    ...['all', 'default'].map((scope) => `0 > /proc/sys/net/ipv6/conf/${scope}/disable_ipv6`),
    // Without it a link that goes down loses its IPv6 addresses, unlike its IPv4 ones.
    ...['all', 'default'].map((scope) => `1 > /proc/sys/net/ipv6/conf/${scope}/keep_addr_on_down`),
    ...['all', 'default'].map((scope) => `0 > /proc/sys/net/ipv4/conf/${scope}/rp_filter`),
  ];
  if (isMachine) settings.push('1 > /proc/sys/net/ipv4/ip_forward', '1 > /proc/sys/net/ipv6/conf/all/forwarding');
  const echo = settings.map((setting) => `echo ${setting}`).join('; ');
  return `nsenter --net=/run/netns/${namespace} sh -ec '${echo}'`;
}

/** Lines for one `ip -batch` in one namespace. */
class Batch {
  readonly namespace: string;
  readonly #lines: string[] = [];

  constructor(namespace: string) {
    this.namespace = namespace;
  }

  get size(): number {
    return this.#lines.length;
  }

  add(line: string): void {
    this.#lines.push(line);
  }

  toString(): string {
    return [`ip -n ${this.namespace} -batch - <<END`, ...this.#lines, 'END'].join('\n');
  }
}

function hostLength(address: string): number {
  return address.includes(':') ? 128 : 32;
}

function noDad(address: string): string {
  return address.includes(':') ? ' nodad' : '';
}
