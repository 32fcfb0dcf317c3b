// A configuration with its meaning worked out: protocols in their order with all that templates gave them, settings, names.
// The Intent is made of it, and everything that only a control socket asks for is here.

import type { Address, Asn, Attributes, Family, Prefix, Role, RouterId } from 'node-bgp';
import type { BfdAuthentication, PeerIntent, PeerTimers, RouteLimits } from '../../src/intent/types.ts';
import type { Policy } from '../../src/policy/index.ts';
import type { Remark, Unit } from '../filters/index.ts';
import type { Dialect, Place } from '../language/index.ts';

export type ProtocolKind = 'bgp' | 'kernel' | 'device' | 'direct' | 'static' | 'pipe' | 'bfd';

/** What a protocol does with the routes of one family; BIRD 1.6 has one of these a protocol. */
export interface Channel {
  readonly family: Family;
  /** Name of the table; absent: the main one of the family. */
  readonly table?: string;
  readonly importPolicy: Policy;
  readonly exportPolicy: Policy;
  /** Absent: the usual one of the kind of protocol. */
  readonly preference?: number;
  readonly limits: RouteLimits;
  readonly keepFiltered: boolean;
  readonly nextHop: PeerIntent['nextHopMode'];
  readonly addPath: PeerIntent['addPath'];
  readonly extendedNextHop: boolean;
}

export interface BgpSettings {
  readonly localAs?: Asn;
  readonly localAddress?: Address;
  readonly localPort?: number;
  readonly neighbor?: Address;
  readonly range?: Prefix;
  readonly port?: number;
  readonly remoteAs?: Asn;
  readonly remoteKind?: 'internal' | 'external';
  readonly interface?: string;
  /** Absent: iBGP any number of hops, eBGP one. */
  readonly multihop?: boolean;
  readonly hops?: number;
  readonly ttlSecurity: boolean;
  readonly gateway?: 'direct' | 'recursive';
  readonly isClient: boolean;
  readonly isRouteServerClient: boolean;
  readonly clusterId?: RouterId;
  readonly holdTime: number;
  readonly keepaliveTime?: number;
  readonly timers: PeerTimers;
  readonly isPassive: boolean;
  readonly allowedLocalAs: number;
  readonly gracefulRestart: 'on' | 'aware' | 'off';
  readonly restartTime: number;
  readonly longLived: 'on' | 'aware' | 'off';
  readonly longLivedStaleTime: number;
  readonly password?: string;
  readonly checkLink: boolean;
  readonly bfd: 'on' | 'graceful' | 'off';
  readonly bfdOptions: BfdOptions;
  readonly fourOctetAs: boolean;
  readonly deterministicMed: boolean;
  readonly secondary: boolean;
  readonly strictBind: boolean;
  readonly extendedMessages: boolean;
  readonly role?: Role;
  readonly requiresRole: boolean;
  readonly dynamicName: string;
  readonly dynamicDigits: number;
}

/** What is absent is the `protocol bfd`'s choice, or BIRD's. Times are milliseconds. */
export interface BfdOptions {
  readonly minReceive?: number;
  readonly minTransmit?: number;
  readonly idleTransmit?: number;
  readonly multiplier?: number;
  readonly passive?: boolean;
  readonly authentication?: BfdAuthentication['type'] | 'none';
  readonly password?: string;
}

/** Of a `protocol bfd`: by interface in the order written, and for neighbours further away. */
export interface BfdSettings {
  readonly interfaces: readonly { readonly patterns: readonly string[]; readonly options: BfdOptions }[];
  readonly multihop?: BfdOptions;
}

export interface KernelSettings {
  readonly learn: boolean;
  readonly persist: boolean;
  readonly scanTime: number;
  readonly maxPaths: number;
  readonly table?: number;
  readonly metric?: number;
}

export interface StaticRoute {
  readonly prefix: Prefix;
  readonly type: 'blackhole' | 'unreachable' | 'prohibit' | 'via' | 'device' | 'multipath' | 'recursive';
  /** For `via` and `recursive`. */
  readonly gateway?: Address;
  /** For `device`, and where `via` names one. */
  readonly device?: string;
  /** For `multipath`. */
  readonly gateways?: readonly { readonly gateway: Address; readonly device?: string; readonly weight: number }[];
  /** Commands of the route's own; absent: none. */
  readonly policy?: Policy;
  readonly place: Place;
}

/** What is told of a protocol in the log: states, routes, filters, interfaces, events, packets. */
export type DebugFlags = 'all' | readonly string[];

export interface Protocol {
  readonly kind: ProtocolKind;
  readonly name: string;
  readonly place: Place;
  readonly isDisabled: boolean;
  readonly description: string;
  readonly debug: DebugFlags;
  readonly routerId?: RouterId;
  readonly channels: ReadonlyMap<Family, Channel>;
  readonly bgp: BgpSettings;
  readonly kernel: KernelSettings;
  readonly bfd: BfdSettings;
  /** Patterns of direct routes, a leading `-` excludes; absent: every interface. */
  readonly interfaces?: readonly string[];
  readonly routes: readonly StaticRoute[];
  readonly peerTable?: string;
}

export type TimeStyle = 'iso short' | 'iso long' | 'old short' | 'old long';

export interface LogTarget {
  readonly type: 'file' | 'syslog' | 'stderr';
  readonly place: Place;
  /** Of a file. */
  readonly path?: string;
  /** Of syslog: what its lines begin with; absent: `bird`, also for `bird6`. */
  readonly name?: string;
  /** Of a file of BIRD 2: so large, in octets, it becomes the backup and a new one is begun. */
  readonly rotation?: { readonly size: number; readonly backup?: string };
  readonly classes: 'all' | readonly string[];
}

export interface BirdConfiguration {
  readonly file: string;
  readonly dialect: Dialect;
  /** The names and what they mean: for `eval`, filters of commands, `show symbols`. */
  readonly unit: Unit;
  readonly routerId?: RouterId;
  /** Patterns of interfaces, one of whose addresses is the router ID. */
  readonly routerIdFrom?: readonly string[];
  readonly listen: { readonly address?: Address; readonly port: number };
  readonly hostname?: string;
  /** Seconds. */
  readonly gracefulRestartWait: number;
  /** A style by name, or the text of a format. */
  readonly timeFormats: Readonly<
    Partial<Record<'route' | 'protocol' | 'base' | 'log', TimeStyle | { readonly format: string }>>
  >;
  readonly logs: readonly LogTarget[];
  readonly protocols: readonly Protocol[];
  readonly remarks: readonly Remark[];
}

/** What a static route has before any command: ORIGIN IGP and an empty path. */
export const LOCAL_ATTRIBUTES: Attributes = { origin: 0, asPath: [] };
