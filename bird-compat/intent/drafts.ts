// Protocols while their options are read one after the other: the same as in configuration.ts, but writable, with BIRD's
// defaults to begin with. A template is a draft of which others are copies.

import type { Family } from 'node-bgp';
import { ACCEPT, REJECT } from '../filters/index.ts';
import type { Dialect, Place } from '../language/index.ts';
import type {
  BfdSettings,
  BgpSettings,
  Channel,
  KernelSettings,
  Protocol,
  ProtocolKind,
  StaticRoute,
} from './configuration.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export interface ChannelDraft extends Writable<Channel> {
  /** Whether it was said what comes in and goes out. */
  hasImport: boolean;
  hasExport: boolean;
}
export type BgpDraft = Writable<BgpSettings>;
export type BfdDraft = Writable<BfdSettings>;
export type KernelDraft = Writable<KernelSettings>;

export interface Draft extends Writable<Omit<Protocol, 'channels' | 'bgp' | 'kernel' | 'bfd' | 'routes' | 'name'>> {
  name: string;
  channels: Map<Family, ChannelDraft>;
  bgp: BgpDraft;
  kernel: KernelDraft;
  bfd: BfdDraft;
  routes: StaticRoute[];
  inVrf: boolean;
  /** Channels that this protocol names itself, not its template. */
  ownChannels: Set<Family>;
}

export const MOST_PATHS = 16;

export function newDraft(kind: ProtocolKind, dialect: Dialect, place: Place): Draft {
  const draft: Draft = {
    ...{
      kind,
      name: '',
      place,
      isDisabled: false,
      description: '',
      debug: [],
      channels: new Map(),
      routes: [],
      inVrf: false,
      ownChannels: new Set(),
    },
    bgp: {
      ...{
        ttlSecurity: false,
        isClient: false,
        isRouteServerClient: false,
        isPassive: false,
        longLived: 'aware',
        longLivedStaleTime: 3600,
        checkLink: false,
        bfd: 'off',
        bfdOptions: {},
      },
      ...{ deterministicMed: false, secondary: false, strictBind: false, fourOctetAs: true },
      ...{ holdTime: 240, timers: {}, allowedLocalAs: 0, restartTime: 120, gracefulRestart: 'aware' },
      ...{ dynamicName: 'dynbgp', dynamicDigits: 0, extendedMessages: false, requiresRole: false },
    },
    bfd: { interfaces: [] },
    kernel: {
      ...{ learn: false, persist: false, scanTime: 60, maxPaths: 1 },
      // BIRD 2 leaves better metrics to others.
      ...(dialect.bird === 2 ? { metric: 32 } : {}),
    },
  };
  if (dialect.bird === 1) draft.channels.set(dialect.family, newChannel(dialect.family));
  return draft;
}

export function newChannel(family: Family): ChannelDraft {
  return {
    ...{ family, importPolicy: ACCEPT, exportPolicy: REJECT, limits: {}, keepFiltered: false },
    ...{ nextHop: 'auto', addPath: 'off', extendedNextHop: false, hasImport: false, hasExport: false },
  };
}

/** A copy that shares nothing which is written to. */
export function copyDraft(draft: Draft, place: Place): Draft {
  return {
    ...draft,
    place,
    channels: new Map([...draft.channels].map(([family, channel]) => [family, { ...channel }])),
    bgp: { ...draft.bgp },
    kernel: { ...draft.kernel },
    bfd: { ...draft.bfd },
    routes: [...draft.routes],
    ownChannels: new Set(),
  };
}
