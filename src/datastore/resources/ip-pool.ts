// IPPool: what BGP wants to know of a pool, and the rules by which Calico would refuse it.

import { contains, familyOf, maxLength, type Prefix, prefixLength } from 'node-bgp/ip';
import { defined, describe, type Field, type Read } from './reader.ts';
import type { EncapsulationMode, IPPool, Metadata } from './types.ts';
import { flag, integer, list, prefix, selector, text } from './values.ts';

/** How modes are spelt: today, and in Calico's internal form that old tools wrote. */
const MODES: Readonly<Record<string, EncapsulationMode>> = {
  '': 'Never',
  Never: 'Never',
  never: 'Never',
  off: 'Never',
  Always: 'Always',
  always: 'Always',
  CrossSubnet: 'CrossSubnet',
  'cross-subnet': 'CrossSubnet',
};

const LINK_LOCAL: readonly Prefix[] = ['169.254.0.0/16', 'fe80::/10'];

export function readIPPool(metadata: Metadata, document: Field): IPPool | undefined {
  const spec = document.at('spec');
  const cidr = spec.need('cidr', prefix);
  const pool = defined({
    kind: 'IPPool',
    metadata,
    cidr,
    ipipMode: spec.read('ipipMode', mode) ?? 'Never',
    vxlanMode: spec.read('vxlanMode', mode) ?? 'Never',
    disableBGPExport: spec.read('disableBGPExport', flag) ?? false,
    disabled: spec.read('disabled', flag) ?? false,
  });
  const blockSize = spec.read('blockSize', (field) => (field.value === 0 ? undefined : integer(0, 128)(field)));
  spec.read('namespaceSelector', selector);
  const nodeSelector = spec.read('nodeSelector', selector);
  spec.pass('natOutgoing', 'nat-outgoing', 'ipip', 'assignmentMode');
  if (pool.ipipMode !== 'Never' && pool.vxlanMode !== 'Never') {
    spec.at('vxlanMode').refuse('cannot be set together with ipipMode');
  }
  refuseLoadBalancerCombinations(spec, pool, nodeSelector);
  spec.warnOfUnknown();
  if (cidr === undefined) return undefined;
  refuseCidr(spec, cidr, pool, blockSize);
  return { ...pool, cidr };
}

/** A word that Calico does not know means Never there, so it does here. */
const mode: Read<EncapsulationMode> = (field) => {
  const value = text(field);
  if (value === undefined) return undefined;
  if (Object.hasOwn(MODES, value)) return MODES[value];
  field.warn(`${describe(value)} is none of Never, Always, CrossSubnet; Never is used`);
  return 'Never';
};

type Pool = Omit<IPPool, 'cidr'>;

function refuseCidr(spec: Field, cidr: Prefix, pool: Pool, size: number | undefined): void {
  const family = familyOf(cidr);
  if (family === 'ipv6' && pool.ipipMode !== 'Never') spec.at('ipipMode').refuse('IPIP carries IPv4 only');
  if (LINK_LOCAL.some((range) => contains(range, cidr) || contains(cidr, range))) {
    spec.at('cidr').refuse(`${cidr} overlaps the link-local range`);
  }
  const [shortest, longest, usual] = family === 'ipv4' ? [20, 32, 26] : [116, 128, 122];
  const blockSize = size ?? usual;
  if (blockSize < shortest || blockSize > longest) {
    spec.at('blockSize').refuse(`must be from ${shortest} to ${longest} for ${maxLength(family)} bit addresses`);
  } else if (!pool.disabled && prefixLength(cidr) > blockSize) {
    spec.at('cidr').refuse(`${cidr} is smaller than one block (/${blockSize})`);
  }
}

function refuseLoadBalancerCombinations(spec: Field, pool: Pool, nodeSelector: string | undefined): void {
  const uses = spec.read('allowedUses', list(text)) ?? [];
  if (!uses.includes('LoadBalancer')) return;
  const refuse = (name: string, remark: string) => spec.at(name).refuse(`a pool for load balancers ${remark}`);
  if (uses.includes('Workload') || uses.includes('Tunnel')) refuse('allowedUses', 'has no other use');
  if (pool.ipipMode !== 'Never') refuse('ipipMode', 'cannot use IPIP');
  if (pool.vxlanMode !== 'Never') refuse('vxlanMode', 'cannot use VXLAN');
  if (pool.disableBGPExport) refuse('disableBGPExport', 'cannot be kept from BGP');
  if (nodeSelector !== undefined && nodeSelector.replaceAll(' ', '') !== 'all()') {
    refuse('nodeSelector', 'belongs to all() nodes');
  }
}
