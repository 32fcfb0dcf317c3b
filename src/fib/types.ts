// Routes as Linux is to have them. One shape for all: what fib wants, what the kernel holds, what an agent beside us wrote.

import type { Address, Prefix } from 'node-bgp';

export interface KernelNextHop {
  /** Absent: directly connected through `device`. */
  readonly gateway?: Address;
  readonly device: string;
  /** RTNH_F_ONLINK: the gateway need not be on a connected network (tunl0). */
  readonly onlink?: true;
}

/** A route of the main table. Identity is prefix and metric, as in Linux. */
export interface KernelRoute {
  readonly prefix: Prefix;
  readonly type: 'unicast' | 'blackhole' | 'unreachable' | 'prohibit';
  /** RTA_PRIORITY; 0 is none (IPv6: the kernel's default 1024 is written as 1024). */
  readonly metric: number;
  /** Sorted by gateway, then device; empty unless unicast; more than one is ECMP. */
  readonly nextHops: readonly KernelNextHop[];
}

/** A route somebody else wrote (RTA protocol is not ours), learned to be exported or to resolve next hops. */
export interface LearnedRoute extends KernelRoute {
  /** rtm_protocol: 80 Felix, 4 static, 16 dhcp, 2 kernel ... */
  readonly protocol: number;
}

export interface InterfaceAddress {
  readonly device: string;
  readonly address: Address;
  /** Connected network of the address. */
  readonly prefix: Prefix;
  readonly secondary: boolean;
  readonly scope: 'global' | 'site' | 'link' | 'host';
}

export interface Link {
  readonly device: string;
  readonly index: number;
  /** IFF_UP and carrier. */
  readonly up: boolean;
  readonly mtu: number;
  readonly kind?: string;
}

/** What the kernel tells us. `snapshot` replaces all that was known; the others are changes to it. */
export type KernelEvent =
  | {
      readonly type: 'snapshot';
      readonly links: readonly Link[];
      readonly addresses: readonly InterfaceAddress[];
      readonly learned: readonly LearnedRoute[];
    }
  | { readonly type: 'link'; readonly link: Link }
  | { readonly type: 'linkRemoved'; readonly device: string }
  | { readonly type: 'address'; readonly address: InterfaceAddress }
  | { readonly type: 'addressRemoved'; readonly address: InterfaceAddress }
  | { readonly type: 'learned'; readonly route: LearnedRoute }
  | { readonly type: 'learnedRemoved'; readonly route: LearnedRoute };

/** What fib asks of the kernel room for one prefix: exactly this route, or none of ours. */
export type KernelWish =
  | { readonly type: 'route'; readonly route: KernelRoute }
  | { readonly type: 'none'; readonly prefix: Prefix };
