// Comparing kernel routes. One order and one equality, for what is wanted and for what is read back.

import type { Family } from 'node-bgp';
import type { KernelNextHop, KernelRoute } from './types.ts';

/** What Linux takes for a route without a metric: none in IPv4, IP6_RT_PRIO_USER in IPv6. */
export function defaultMetric(family: Family): number {
  return family === 'ipv4' ? 0 : 1024;
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
