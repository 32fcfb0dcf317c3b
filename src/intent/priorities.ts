// Calico's exchange between kernel metrics (low is good) and LOCAL_PREF (high is good): each is PRIORITY_BASE less the other.

import type { Family } from 'node-bgp';
import type { BGPConfiguration } from '../datastore/resources/types.ts';

export const PRIORITY_BASE = 2_147_483_647;

/** Route preference of routes better than normal, which a live migration makes; above that of any other source but direct. */
export const ELEVATED_PREFERENCE = 200;

const NORMAL_PRIORITY = 1024;

/** The metric that Felix gives to ordinary workload routes. */
export function normalPriority(defaults: BGPConfiguration | undefined, family: Family): number {
  const given = family === 'ipv4' ? defaults?.ipv4NormalRoutePriority : defaults?.ipv6NormalRoutePriority;
  return given || NORMAL_PRIORITY;
}
