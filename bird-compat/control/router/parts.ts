// What a RouterTarget is made of: a speaker with its kernel, the protocols that it is to be shown as, and the few things
// that only the program around it can do.

import type { Address, Asn, Family, Prefix, RouterId } from 'node-bgp';
import type { RouteLimits } from '../../../src/intent/types.ts';
import type { Kernel } from '../../../src/kernel/port.ts';
import type { Input, Speaker } from '../../../src/speaker/index.ts';
import type { ProtocolKind, StaticRoute } from '../../intent/index.ts';
import type {
  BfdSessionView,
  CommandConfiguration,
  ConfigureRequest,
  ConfigureResult,
  ControlStatus,
  ControlTarget,
} from '../types.ts';

export interface RouterTargetParts {
  /** What stands behind `BIRD `, for example `v1.0.0+birdv1.6.8`. */
  readonly version: string;
  readonly hostname: string;
  readonly now: () => number;
  readonly startedAt: number;
  readonly speaker: Speaker;
  readonly kernel: Kernel;
  /** Gives an input to the speaker, in order with all others. */
  readonly post: (input: Input) => void;
  /** The configuration that runs now, and what it makes of the router. */
  readonly running: () => RunningConfiguration;
  readonly state: () => ControlStatus['state'];
  readonly bfdSessions: () => readonly BfdSessionView[];
  /** Switches a protocol that is no session of the speaker: `static1`, or a session that the configuration has disabled. */
  readonly setEnabled: (protocol: string, enabled: boolean) => void;
  readonly configure: (request: ConfigureRequest) => Promise<ConfigureResult>;
  readonly undo: () => Promise<ConfigureResult>;
  readonly shutdown: ControlTarget['shutdown'];
  readonly debug: ControlTarget['debug'];
}

export interface RunningConfiguration extends CommandConfiguration {
  readonly reconfiguredAt: number;
  /** In the order of the configuration; see `describeConfiguration`, `describeIntent`. */
  readonly protocols: readonly ProtocolDescription[];
  /** Protocols that are switched off now. */
  readonly disabled: ReadonlySet<string>;
}

export interface ProtocolDescription {
  readonly kind: ProtocolKind;
  readonly name: string;
  readonly description: string;
  readonly routerId?: RouterId;
  readonly channels: readonly ChannelDescription[];
  readonly bgp?: BgpDescription;
  /** Of a static protocol. */
  readonly routes?: readonly StaticRoute[];
  /** Of a pipe. */
  readonly peerTable?: string;
}

export interface ChannelDescription {
  readonly family: Family;
  /** Absent: the main table of the family. */
  readonly table?: string;
  readonly preference: number;
  readonly importFilter: string;
  readonly exportFilter: string;
  readonly limits: RouteLimits;
  readonly keepFiltered: boolean;
}

export interface BgpDescription {
  readonly address?: Address;
  readonly range?: Prefix;
  readonly remoteAs: Asn;
  readonly localAs: Asn;
  readonly isPassive: boolean;
  readonly isMultihop: boolean;
}
