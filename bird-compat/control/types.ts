// The doors of the control socket: what it asks of the router (ControlTarget), and the values that it gets. Times are
// milliseconds since the epoch. Whatever is a list here is read lazily, so that a large answer delays nobody.

import type { Address, Asn, Attributes, Family, Prefix, RouterId } from 'node-bgp';
import type { PolicyRoute } from '../../src/policy/index.ts';
import type { BirdConfiguration, ProtocolKind } from '../intent/index.ts';

/** The router as a control socket sees and turns it. `RouterTarget` is the one of a speaker. */
export interface ControlTarget {
  /** What stands behind `BIRD `, for example `v1.0.0+birdv1.6.8`. */
  readonly version: string;
  readonly configuration: CommandConfiguration;
  status(): ControlStatus;
  /** In the order of the configuration. */
  protocols(): readonly ProtocolEntry[];
  /** Undefined: it went since it was listed. */
  protocol(name: string): ProtocolView | undefined;
  interfaces(): readonly InterfaceView[];
  /** Table by table. Nothing is read before it is asked for. */
  networks(query: NetworkQuery): Iterable<NetworkView | Pause>;
  /** What a protocol is told of a network, for `export`, `preexport`, `noexport`; undefined: it is down. */
  exporter(protocol: string): ((network: NetworkView) => readonly ExportView[]) | undefined;
  memory(): readonly MemoryView[];
  statics(protocol: string): readonly StaticView[];
  bfdSessions(): readonly BfdSessionView[];

  /** `text` is for the peers (RFC 9003). */
  enable(protocol: string, text?: string): EnableResult;
  disable(protocol: string, text?: string): EnableResult;
  restart(protocol: string, text?: string): EnableResult;
  reload(protocol: string, direction: ReloadDirection): ReloadResult;
  configure(request: ConfigureRequest): Promise<ConfigureResult>;
  /** Back to the configuration before; `nothingToDo`: there is none. */
  undo(): Promise<ConfigureResult>;
  /** Orderly shutdown; `graceful`: peers keep the routes. */
  shutdown(how: 'down' | 'graceful'): void;
  /** What is told of these protocols in the log from now on. */
  debug(protocols: readonly string[], flags: readonly string[]): void;
}

/** What commands ask of the configuration that runs now. */
export type CommandConfiguration = Pick<BirdConfiguration, 'file' | 'dialect' | 'unit' | 'timeFormats'>;

/** A moment to let others go on: many networks were looked at, and none was shown. */
export type Pause = 'pause';

export interface ControlStatus {
  readonly routerId: RouterId;
  readonly hostname: string;
  readonly now: number;
  readonly startedAt: number;
  readonly reconfiguredAt: number;
  readonly state: 'running' | 'reconfiguring' | 'shuttingDown';
  /** While this router comes back: who is waited for, and seconds left of how many. */
  readonly recovery?: { readonly waitingFor: number; readonly left: number; readonly limit: number };
}

/** Cheap: `protocol` gives the rest. */
export interface ProtocolEntry {
  readonly name: string;
  readonly kind: ProtocolKind;
}

export type ProtocolState = 'down' | 'start' | 'wait' | 'feed' | 'up' | 'stop' | 'flush';

export interface ProtocolView extends ProtocolEntry {
  readonly state: ProtocolState;
  /** The user or the configuration switched it off. */
  readonly isDisabled: boolean;
  readonly since: number;
  readonly description: string;
  /** What was said when it was switched off, or by the peer that did. */
  readonly message?: string;
  /** Only where the protocol has its own. */
  readonly routerId?: RouterId;
  /** In what recovers, what this protocol does: `pending`, `waiting`; absent: nothing recovers. */
  readonly recovery?: readonly ('pending' | 'waiting')[];
  /** One of BIRD 1.6; of device and bfd none. */
  readonly channels: readonly ChannelView[];
  readonly bgp?: BgpView;
  /** Of a pipe. */
  readonly peerTable?: string;
}

export interface ChannelView {
  readonly family: Family;
  /** `master`, `master4` ... */
  readonly table: string;
  readonly state: 'UP' | 'DOWN' | 'START';
  readonly preference: number;
  readonly importFilter: string;
  readonly exportFilter: string;
  readonly limits: readonly LimitView[];
  /** Absent where there are none to count. */
  readonly routes?: {
    readonly imported: number;
    readonly filtered?: number;
    readonly exported: number;
    readonly preferred: number;
  };
  readonly changes?: RouteChanges;
  /** Of BGP: our next hop towards the peer. */
  readonly nextHop?: Address;
  readonly igpTable?: string;
}

export interface LimitView {
  readonly which: 'receive' | 'import' | 'export';
  readonly count: number;
  readonly action: 'warn' | 'block' | 'restart' | 'disable';
  readonly isHit: boolean;
}

export type ChangeCounts = Readonly<Record<'received' | 'rejected' | 'filtered' | 'ignored' | 'accepted', number>>;

export interface RouteChanges {
  readonly importUpdates: ChangeCounts;
  readonly importWithdraws: ChangeCounts;
  readonly exportUpdates: ChangeCounts;
  readonly exportWithdraws: ChangeCounts;
}

export type BgpState =
  | 'Idle'
  | 'Connect'
  | 'Active'
  | 'OpenSent'
  | 'OpenConfirm'
  | 'Established'
  | 'Close'
  | 'Passive'
  | 'Down';

export interface BgpView {
  readonly state: BgpState;
  readonly address: Address;
  /** Of a range whose peers come by themselves. */
  readonly range?: Prefix;
  readonly remoteAs: Asn;
  readonly localAs: Asn;
  /** With its class, as BIRD says it: `Socket: Connection refused`. */
  readonly lastError?: string;
  /** Seconds left of how many. */
  readonly errorWait?: Countdown;
  readonly connectDelay?: Countdown;
  /** The peer restarts; its routes are kept. */
  readonly neighborRestart?: { readonly left: number };
  readonly session?: BgpSessionView;
}

export interface Countdown {
  readonly left: number;
  readonly limit: number;
}

export interface BgpSessionView {
  readonly neighborId: RouterId;
  /** Words of BIRD 1.6: `refresh`, `AS4` ... */
  readonly neighborCapabilities: CapabilityView;
  readonly localCapabilities: CapabilityView;
  readonly isInternal: boolean;
  readonly isMultihop: boolean;
  readonly isClient: boolean;
  readonly isServerClient: boolean;
  readonly fourOctetAs: boolean;
  readonly addPath: { readonly receive: boolean; readonly send: boolean };
  readonly extendedMessages: boolean;
  readonly localAddress: Address;
  /** Routes that count against the import limit. */
  readonly routeLimit?: { readonly routes: number; readonly limit: number };
  readonly hold: Countdown;
  readonly keepalive: Countdown;
}

export interface CapabilityView {
  readonly families: readonly Family[];
  readonly routeRefresh: boolean;
  readonly enhancedRefresh: boolean;
  readonly extendedMessages: boolean;
  readonly fourOctetAs: boolean;
  readonly gracefulRestart?: {
    readonly time: number;
    readonly restarted: boolean;
    readonly families: readonly { readonly family: Family; readonly forwarding: boolean }[];
  };
  readonly longLived?: readonly { readonly family: Family; readonly time: number }[];
  readonly addPath: { readonly receive: readonly Family[]; readonly send: readonly Family[] };
}

export interface InterfaceView {
  readonly name: string;
  readonly index: number;
  readonly master?: string;
  readonly flags: {
    readonly adminUp: boolean;
    readonly linkUp: boolean;
    readonly broadcast: boolean;
    readonly multicast: boolean;
    readonly loopback: boolean;
    readonly pointToPoint: boolean;
  };
  readonly mtu: number;
  readonly addresses: readonly InterfaceAddressView[];
}

export interface InterfaceAddressView {
  readonly address: Address;
  /** The network of the address. */
  readonly prefix: Prefix;
  readonly secondary: boolean;
  readonly scope: 'host' | 'link' | 'site' | 'univ';
  /** The other end of a point-to-point link, or of a /31 or /30. */
  readonly opposite?: Address;
}

export interface NetworkQuery {
  /** Absent: all that the configuration has. */
  readonly family?: Family;
  /** Exactly this prefix. */
  readonly prefix?: Prefix;
  /** The longest match that has routes. */
  readonly longest?: Address | Prefix;
  /** Everything inside. */
  readonly within?: Prefix;
}

export interface NetworkView {
  readonly family: Family;
  readonly prefix: Prefix;
  /** The best one first. Those that import filters rejected are last. */
  readonly routes: readonly RouteView[];
}

export interface RouteView {
  readonly protocol: string;
  readonly kind: 'bgp' | 'kernel' | 'static' | 'direct';
  readonly since: number;
  readonly isBest: boolean;
  /** The kernel did not take it. */
  readonly isRefused: boolean;
  /** Import rejected it. */
  readonly isFiltered: boolean;
  /** The last choice (RFC 9494). */
  readonly isLongStale: boolean;
  readonly preference: number;
  readonly destination: Destination;
  /** The peer that it came from. */
  readonly from?: Address;
  /** Of a BGP route: how far its next hop is; `unknown`: behind a gateway; absent: not looked up. */
  readonly igpMetric?: number | 'unknown' | 'unreachable';
  /** Empty where the route has none, and is not shown as it is exported. */
  readonly bgp: Partial<Attributes>;
  readonly kernel: { readonly source?: number; readonly metric?: number; readonly tunnel?: string };
  /** For filters of commands; may be used again for the next route. */
  policyRoute(): PolicyRoute;
}

export type Destination =
  | { readonly type: 'via'; readonly gateway: Address; readonly device: string }
  | { readonly type: 'dev'; readonly device: string }
  | { readonly type: 'blackhole' | 'unreachable' | 'prohibited' }
  | {
      readonly type: 'multipath';
      readonly hops: readonly { readonly gateway: Address; readonly device: string; readonly weight: number }[];
    };

/** `accepted`: the export filter lets it through; false: only the rules of the protocol do. */
export interface ExportView {
  readonly route: RouteView;
  readonly accepted: boolean;
}

/** Octets. */
export interface MemoryView {
  readonly name: 'tables' | 'attributes' | 'roa' | 'protocols' | 'configuration' | 'total';
  readonly effective: number;
  readonly overhead: number;
}

export interface StaticView {
  readonly prefix: Prefix;
  readonly destination:
    | Destination
    | { readonly type: 'recursive'; readonly gateway: Address }
    | { readonly type: 'gateway'; readonly gateway: Address };
  /** Not in the table now. */
  readonly isDormant: boolean;
}

/** Times are milliseconds. */
export interface BfdSessionView {
  readonly remote: Address;
  readonly interface?: string;
  readonly multihop: boolean;
  readonly state: 'AdminDown' | 'Down' | 'Init' | 'Up';
  readonly since: number;
  readonly transmitInterval: number;
  readonly detectionTime: number;
}

export type EnableResult = 'done' | 'alreadyEnabled' | 'alreadyDisabled';
export type ReloadDirection = 'both' | 'in' | 'out';
/** `silent`: the protocol is not up. */
export type ReloadResult = 'reloading' | 'failed' | 'alreadyDisabled' | 'silent';

export interface ConfigureRequest {
  /** Absent: the file that was read at the start. */
  readonly file?: string;
  readonly check: boolean;
  /** Filters change, routes are not judged again. */
  readonly soft: boolean;
}

export type ConfigureResult =
  | { readonly type: 'valid' | 'reconfigured' | 'inProgress' | 'queued' | 'shuttingDown' | 'nothingToDo' }
  /** `bird.conf:3:8 syntax error`, `bird.conf: No such file or directory`. */
  | { readonly type: 'error'; readonly text: string };

export type LogClass = 'debug' | 'trace' | 'info' | 'remote' | 'warning' | 'error' | 'auth' | 'fatal' | 'bug';
