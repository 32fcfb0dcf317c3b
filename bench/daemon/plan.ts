// What a run consists of, as the words that benchmark, daemons and load generator share: who the clients are, where they
// live and which prefixes each of them has. Pure.

import type { Asn, Family } from 'node-bgp';

/** All clients of a run; everything else follows from it. */
export interface Plan {
  /** `fanOut`: every client announces to all others; `feed`: the first one announces, over eBGP, to the second. */
  readonly pattern: 'fanOut' | 'feed';
  readonly family: Family;
  readonly clients: number;
  /** Each sender announces so many. */
  readonly prefixes: number;
  readonly addPath: boolean;
  /** Seconds that clients offer; the daemon offers DAEMON_HOLD_TIME. */
  readonly holdTime: number;
}

export interface ClientPlan {
  readonly address: string;
  readonly asn: Asn;
  /** BGP identifier, as a number. */
  readonly identifier: number;
  /** The first of its own prefixes, and how many there are. */
  readonly first: number;
  readonly count: number;
}

export const LOCAL_AS = 64512;
export const FEED_AS = 65001;
export const DAEMON_HOLD_TIME = 240;
export const PORT = 179;
/** In a feed so many prefixes follow each other with the same attributes. */
export const FEED_RUN = 10;

/** Client addresses are in the first half of the daemon's network, so that the other half is the daemon's. */
export const NETWORK = {
  ipv4: { daemon: '10.200.255.1', length: 16, clients: '10.200.0.0/17' },
  ipv6: { daemon: 'fd00:200::ffff:0:1', length: 64, clients: 'fd00:200::/112' },
} as const;
export const ROUTER_ID = NETWORK.ipv4.daemon;
/** Where an idle daemon has a peer that never answers. */
export const IDLE_PEER = '10.200.255.2';

const MOST_CLIENTS = 0x7ffe;

export function clientPlans(plan: Plan): readonly ClientPlan[] {
  if (plan.clients > MOST_CLIENTS) throw new RangeError(`at most ${MOST_CLIENTS} clients have an address`);
  return Array.from({ length: plan.clients }, (_, index) => {
    const sends = plan.pattern === 'fanOut' || index === 0;
    return {
      address: clientAddress(plan.family, index),
      asn: plan.pattern === 'feed' && index === 0 ? FEED_AS : LOCAL_AS,
      identifier: 0x0ac80000 + index + 1,
      first: sends ? index * plan.prefixes : 0,
      count: sends ? plan.prefixes : 0,
    };
  });
}

/** All prefixes of the run are those below this number. */
export function totalPrefixes(plan: Plan): number {
  return plan.pattern === 'fanOut' ? plan.clients * plan.prefixes : plan.prefixes;
}

function clientAddress(family: Family, index: number): string {
  const host = index + 1;
  return family === 'ipv4' ? `10.200.${host >>> 8}.${host & 255}` : `fd00:200::${host.toString(16)}`;
}
