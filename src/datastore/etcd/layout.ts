// Where Calico keeps what in etcd, and how its values become resources. Pure. Not here: how keys are read and watched.

import { type ReadResult, readResource } from '../resources/read-resource.ts';
import type { ResourceKind } from '../resources/types.ts';

/** All keys that begin with a prefix. */
export interface KeyRange {
  /** For people. */
  readonly name: string;
  readonly kind: ResourceKind;
  readonly prefix: string;
  /** The entry of a key below the prefix; undefined: something else that lies there. */
  readonly entry: (key: string, value: string) => Entry | undefined;
}

/** A key with its value, by the name that its resource has. */
export interface Entry {
  readonly metadata: { readonly name: string };
  /** The value, as a document; undefined: it is none. */
  readonly document: object | undefined;
}

const API_VERSION = 'projectcalico.org/v3';
const RESOURCES = `/calico/resources/v3/${API_VERSION.split('/')[0]}/`;
const AFFINITIES = '/calico/ipam/v2/host/';

const PLURALS: readonly (readonly [ResourceKind, string])[] = [
  ['BGPConfiguration', 'bgpconfigurations'],
  ['BGPPeer', 'bgppeers'],
  ['BGPFilter', 'bgpfilters'],
  ['IPPool', 'ippools'],
  ['Node', 'nodes'],
  ['FelixConfiguration', 'felixconfigurations'],
];

/** @param node Calico's name of the node whose blocks are wanted */
export function keyRanges(node: string): readonly KeyRange[] {
  return [...PLURALS.map(([kind, plural]) => resourceRange(kind, plural)), affinityRange(node)];
}

function resourceRange(kind: ResourceKind, plural: string): KeyRange {
  const prefix = `${RESOURCES}${plural}/`;
  return {
    ...{ name: plural, kind, prefix },
    entry: (key, value) => {
      const name = key.slice(prefix.length);
      if (name.includes('/')) return undefined;
      return { metadata: { name }, document: namedDocument(parseObject(value), kind, name) };
    },
  };
}

/** What the key says counts: kind and name in the value only repeat it. */
function namedDocument(value: object | undefined, kind: ResourceKind, name: string): object | undefined {
  if (value === undefined) return undefined;
  const { metadata } = value as { metadata?: unknown };
  const rest = typeof metadata === 'object' ? metadata : {};
  return { ...value, kind, apiVersion: API_VERSION, metadata: { ...rest, name } };
}

/** `ipv4/block/10.65.0.0-26`, `ipv6/block/fd00:1::-122`. */
const BLOCK = /^ipv[46]\/block\/([0-9a-fA-F.:]+)-(\d+)$/;

/** IPAM's own keys are what counts, not the BlockAffinity objects that also exist. */
function affinityRange(node: string): KeyRange {
  const prefix = `${AFFINITIES}${node}/`;
  return {
    ...{ name: `block affinities of ${node}`, kind: 'BlockAffinity', prefix },
    entry: (key, value) => {
      const [, address, length] = BLOCK.exec(key.slice(prefix.length)) ?? [];
      if (address === undefined) return undefined;
      const name = `${node}-${address}-${length}`.toLowerCase().replaceAll(/[.:_]+/g, '-');
      return { metadata: { name }, document: affinityDocument(value, { name, node, cidr: `${address}/${length}` }) };
    },
  };
}

interface Block {
  readonly name: string;
  readonly node: string;
  readonly cidr: string;
}

/** An empty value means confirmed. */
function affinityDocument(text: string, { name, node, cidr }: Block): object | undefined {
  const value = text === '' ? {} : parseObject(text);
  if (value === undefined) return undefined;
  const { state = '', deleted = false } = value as { state?: unknown; deleted?: unknown };
  return { kind: 'BlockAffinity', apiVersion: API_VERSION, metadata: { name }, spec: { cidr, node, state, deleted } };
}

/** For a Collection. A value that is no document is a problem, and the last valid version stays. */
export function readEntry(kind: ResourceKind, entry: unknown): ReadResult {
  const {
    metadata: { name },
    document,
  } = entry as Entry;
  if (document !== undefined) return readResource(document);
  const text = 'its value in etcd is not a JSON object; write it again with calicoctl';
  return { refused: { kind, name }, problems: [{ kind, name, path: '', text }] };
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
