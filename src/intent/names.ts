// Names that users and tools see: sessions as `show protocols` prints them, and the functions of BGPFilters. Text only;
// which sessions exist is decided elsewhere.

import { createHash } from 'node:crypto';
import type { Address, Family } from 'node-bgp';

const SESSION_PREFIXES = {
  mesh: 'Mesh_',
  global: 'Global_',
  node: 'Node_',
  localWorkload: 'Local_Workload_',
  static: 'Static_',
} as const;

/** `Node_10_0_0_2`, `Mesh_2001__102`, `Global_10_0_0_1_port_166`. Give no port for mesh sessions: theirs never shows. */
export function sessionName(kind: keyof typeof SESSION_PREFIXES, address: Address, port?: number): string {
  const name = SESSION_PREFIXES[kind] + address.replace(/[.:]/g, '_');
  return port === undefined ? name : `${name}_port_${port}`;
}

/** A filter's name becomes part of a symbol of at most 64 characters; this many fit beside prefix and suffix. */
const LONGEST_FILTER_NAME = 45;
const KEPT_OF_LONG_NAME = 28;

/** The name of the function that Calico makes of one half of a BGPFilter, for example `bgp_rack-1_exportFilterV4`. */
export function filterFunctionName(filter: string, direction: 'import' | 'export', family: Family): string {
  return `bgp_${shortenFilterName(filter)}_${direction}FilterV${family === 'ipv4' ? 4 : 6}`;
}

function shortenFilterName(name: string): string {
  if (name.length <= LONGEST_FILTER_NAME) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16).toUpperCase();
  return `${name.slice(0, KEPT_OF_LONG_NAME)}_${digest}`;
}
