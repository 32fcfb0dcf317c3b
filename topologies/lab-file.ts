// Reads a lab: the YAML file in which a person describes machines, subnets and Calico resources. Checks all that can be
// checked on paper and says what is wrong in one sentence. Not responsible for: building anything (build-script.ts,
// lab.ts).

import { readFileSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { basename } from 'node:path';
import { parse } from 'yaml';

/** An error that the user can mend; the text is for him, without a stack. */
export class LabError extends Error {
  override readonly name = 'LabError';
}

export type DaemonKind = 'caracal' | 'bird' | 'none';

/** A Calico or Kubernetes resource as `calicoctl get -o yaml` prints it; Caracal reads it, the lab only writes it down. */
export type ResourceDocument = Readonly<Record<string, unknown>>;

export interface Subnet {
  readonly name: string;
  readonly prefixes: readonly string[];
}

/** An address with the length of the subnet it is in. */
export interface LabAddress {
  readonly address: string;
  readonly length: number;
  readonly subnet: string;
}

export interface Pod {
  readonly name: string;
  readonly addresses: readonly string[];
}

export interface Machine {
  readonly name: string;
  /** A Calico node: it has a Node resource, and it lives from the resources of the cluster. */
  readonly isNode: boolean;
  readonly addresses: readonly LabAddress[];
  readonly daemon: DaemonKind;
  /** More arguments for `caracal run`. */
  readonly arguments: readonly string[];
  /** Configuration of a real BIRD, for `daemon: bird`. */
  readonly bird?: string;
  /** Routes as `ip route add` takes them: `default via 192.0.2.254`. */
  readonly routes: readonly string[];
  readonly blocks: readonly string[];
  readonly pods: readonly Pod[];
  readonly labels: Readonly<Record<string, string>>;
  readonly asNumber?: number;
  readonly routeReflectorClusterID?: string;
  /** A machine's own resources, for a Caracal outside the cluster. */
  readonly resources: readonly ResourceDocument[];
}

export interface LabFile {
  readonly name: string;
  readonly description: string;
  readonly subnets: readonly Subnet[];
  /** Nodes first, in the order of the file. */
  readonly machines: readonly Machine[];
  readonly resources: readonly ResourceDocument[];
}

export function readLabFile(path: string): LabFile {
  const name = basename(path).replace(/\.ya?ml$/, '');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new LabError(`cannot read the lab ${path}: ${error instanceof Error ? error.message : error}`);
  }
  return parseLab(name, text);
}

export function parseLab(name: string, text: string): LabFile {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw new LabError(`lab ${name} is not YAML: ${error instanceof Error ? error.message : error}`);
  }
  const lab = fields(name, document, ['description', 'subnets', 'nodes', 'machines', 'resources']);
  const subnets = entries(`${name}: subnets`, lab.subnets).map(
    ([key, value]): Subnet => ({ name: key, prefixes: strings(`subnet ${key}`, value) }),
  );
  const locate = subnetFinder(subnets);
  const machines = [
    ...entries(`${name}: nodes`, lab.nodes).map(([key, value]) => readMachine(key, value, true, locate)),
    ...entries(`${name}: machines`, lab.machines).map(([key, value]) => readMachine(key, value, false, locate)),
  ];
  checkUnique(machines);
  return {
    name,
    description: optionalString(`${name}: description`, lab.description) ?? name,
    subnets,
    machines,
    resources: documents(`${name}: resources`, lab.resources),
  };
}

type Locate = (place: string, address: string) => LabAddress;

const COMMON_KEYS = ['addresses', 'daemon', 'arguments', 'bird', 'routes'];
const NODE_KEYS = [...COMMON_KEYS, 'blocks', 'pods', 'labels', 'asNumber', 'routeReflectorClusterID'];
const MACHINE_KEYS = [...COMMON_KEYS, 'resources'];

function readMachine(name: string, value: unknown, isNode: boolean, locate: Locate): Machine {
  if (!/^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$/.test(name)) {
    throw new LabError(`${name} is no name for a machine: small letters, digits and dashes, at most 42`);
  }
  const machine = fields(name, value, isNode ? NODE_KEYS : MACHINE_KEYS);
  const bird = optionalString(`${name}: bird`, machine.bird);
  const asNumber = machine.asNumber;
  if (asNumber !== undefined && typeof asNumber !== 'number') throw new LabError(`${name}: asNumber is a number`);
  const clusterId = optionalString(`${name}: routeReflectorClusterID`, machine.routeReflectorClusterID);
  const daemon = readDaemon(name, machine.daemon, isNode, bird);
  return {
    name,
    isNode,
    addresses: strings(`${name}: addresses`, machine.addresses).map((address) => locate(name, address)),
    daemon,
    arguments: strings(`${name}: arguments`, machine.arguments ?? []),
    ...(bird === undefined ? {} : { bird }),
    routes: strings(`${name}: routes`, machine.routes ?? []),
    blocks: strings(`${name}: blocks`, machine.blocks ?? []),
    pods: entries(`${name}: pods`, machine.pods).map(([pod, addresses]) => readPod(pod, addresses)),
    labels: Object.fromEntries(entries(`${name}: labels`, machine.labels).map(([key, label]) => [key, String(label)])),
    ...(asNumber === undefined ? {} : { asNumber }),
    ...(clusterId === undefined ? {} : { routeReflectorClusterID: clusterId }),
    resources: documents(`${name}: resources`, machine.resources),
  };
}

function readDaemon(name: string, value: unknown, isNode: boolean, bird: string | undefined): DaemonKind {
  const daemon = value ?? (isNode ? 'caracal' : 'none');
  if (daemon !== 'caracal' && daemon !== 'bird' && daemon !== 'none') {
    throw new LabError(`${name}: daemon is caracal, bird or none, not ${String(daemon)}`);
  }
  if ((daemon === 'bird') !== (bird !== undefined)) {
    throw new LabError(`${name}: 'daemon: bird' and its configuration 'bird: |' go together`);
  }
  return daemon;
}

function readPod(name: string, value: unknown): Pod {
  const addresses = strings(`pod ${name}`, value);
  for (const address of addresses) if (isIP(address) === 0) throw new LabError(`pod ${name}: ${address} is no address`);
  return { name, addresses };
}

/** An address of a machine belongs to the subnet that contains it: a lab needs no list of links. */
function subnetFinder(subnets: readonly Subnet[]): Locate {
  const known = subnets.flatMap((subnet) =>
    subnet.prefixes.map((prefix) => {
      const [network = '', length = ''] = prefix.split('/');
      const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
      if (isIP(network) === 0 || !/^\d+$/.test(length)) {
        throw new LabError(`subnet ${subnet.name}: ${prefix} is no prefix`);
      }
      const list = new BlockList();
      list.addSubnet(network, Number(length), family);
      return { subnet: subnet.name, family, length: Number(length), list } as const;
    }),
  );
  return (place, address) => {
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (isIP(address) === 0) throw new LabError(`${place}: ${address} is no address`);
    const found = known.find((candidate) => candidate.family === family && candidate.list.check(address, family));
    if (found === undefined) throw new LabError(`${place}: ${address} is in none of the subnets`);
    return { address, length: found.length, subnet: found.subnet };
  };
}

function checkUnique(machines: readonly Machine[]): void {
  const seen = new Map<string, string>();
  const claim = (what: string, owner: string) => {
    const other = seen.get(what);
    if (other !== undefined) throw new LabError(`${what} is used twice: by ${other} and by ${owner}`);
    seen.set(what, owner);
  };
  for (const machine of machines) {
    claim(`the name ${machine.name}`, machine.name);
    for (const { address } of machine.addresses) claim(address, machine.name);
    for (const pod of machine.pods) {
      claim(`the name ${pod.name}`, `a pod of ${machine.name}`);
      for (const address of pod.addresses) claim(address, `pod ${pod.name}`);
    }
  }
}

function fields(place: string, value: unknown, known: readonly string[]): Readonly<Record<string, unknown>> {
  const result = Object.fromEntries(entries(place, value));
  for (const key of Object.keys(result)) {
    if (!known.includes(key)) throw new LabError(`${place}: there is no field ${key}, only ${known.join(', ')}`);
  }
  return result;
}

function entries(place: string, value: unknown): readonly [string, unknown][] {
  if (value === undefined || value === null) return [];
  if (typeof value !== 'object' || Array.isArray(value)) throw new LabError(`${place}: expected 'name: ...' lines`);
  return Object.entries(value);
}

function strings(place: string, value: unknown): readonly string[] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw new LabError(`${place}: expected a list of texts, like [a, b]`);
  }
  return value;
}

function optionalString(place: string, value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw new LabError(`${place}: expected a text`);
}

function documents(place: string, value: unknown): readonly ResourceDocument[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'object' && item !== null && 'kind' in item)) {
    throw new LabError(`${place}: expected a list of resources, each with its kind`);
  }
  return value;
}
