// Comparing kernel routes. One order and one equality, for what is wanted and for what is read back.

import type { Family } from 'node-bgp';
import type { KernelNextHop, KernelRoute } from './types.ts';

const IP6_RT_PRIO_USER = 1024;

/** What Linux makes of a metric: in IPv4 none is 0, in IPv6 both mean its default. */
export function kernelMetric(family: Family, metric = 0): number {
  return family === 'ipv6' && metric === 0 ? IP6_RT_PRIO_USER : metric;
}

/** By gateway, then device, as text. */
export function compareNextHops(a: KernelNextHop, b: KernelNextHop): number {
  return compareTexts(a.gateway ?? '', b.gateway ?? '') || compareTexts(a.device, b.device);
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export function sameNextHops(a: readonly KernelNextHop[], b: readonly KernelNextHop[]): boolean {
  return a === b || (a.length === b.length && a.every((hop, i) => sameNextHop(hop, b[i]!)));
}

function sameNextHop(a: KernelNextHop, b: KernelNextHop): boolean {
  return a === b || (a.gateway === b.gateway && a.device === b.device && a.onlink === b.onlink);
}

export function sameRoute(a: KernelRoute, b: KernelRoute): boolean {
  return (
    a === b ||
    (a.prefix === b.prefix && a.metric === b.metric && a.type === b.type && sameNextHops(a.nextHops, b.nextHops))
  );
}
