// The doors of BFD (RFC 5880): which sessions are wanted, what is told of them, and what the worker and the daemon say to
// each other. Plain data; moments are milliseconds since the epoch, times are milliseconds.

import type { Address } from 'node-bgp';
import type { BfdIntent } from '../intent/types.ts';

/** `bfd.SessionState` (RFC 5880 6.8.1). */
export type BfdState = 'AdminDown' | 'Down' | 'Init' | 'Up';

/** What a session is made of; two with the same ends and way are one session, however many use it. */
export interface BfdWish {
  readonly remote: Address;
  /** Absent: the system chooses, and packets to any own address are taken. */
  readonly local?: Address;
  readonly interface?: string;
  readonly settings: BfdIntent;
}

export interface BfdReport {
  readonly key: string;
  readonly remote: Address;
  readonly local?: Address;
  readonly interface?: string;
  readonly multihop: boolean;
  readonly state: BfdState;
  /** When `state` was entered. */
  readonly since: number;
  /** Why it left Up last, or is not up; RFC 5880 4.1 `Diag`. */
  readonly diagnostic: number;
  readonly localDiscriminator: number;
  /** 0: the peer is not known. */
  readonly remoteDiscriminator: number;
  /** What the peer said of itself last. */
  readonly remoteState: BfdState;
  /** Milliseconds between packets that we send, without jitter; 0: none are sent. */
  readonly transmitInterval: number;
  /** So long without a packet, and the session is down; 0 while the peer is not known. */
  readonly detectionTime: number;
}

/** Daemon to worker. */
export type BfdOrder =
  /** All that is wanted, by key. */
  | { readonly type: 'sessions'; readonly sessions: ReadonlyMap<string, BfdWish> }
  /** Peers are told that we stop (AdminDown), sockets are closed, the thread ends. */
  | { readonly type: 'end' };

/** Worker to daemon. */
export type BfdNews =
  | { readonly type: 'report'; readonly report: BfdReport }
  /** A session is no longer wanted, and its peer had time to hear of it. */
  | { readonly type: 'gone'; readonly key: string }
  /** A session cannot send or hear, and why: it is tried again. */
  | { readonly type: 'trouble'; readonly key: string; readonly text: string }
  /** The trouble is over. */
  | { readonly type: 'working'; readonly key: string };

/** Names a session: both ends, the interface, and how far away the peer may be. */
export function sessionKey({ remote, local, interface: device, settings }: BfdWish): string {
  const way = settings.multihop ? 'multihop' : 'direct';
  return [remote, local ?? '*', device ?? '*', way].join(' ');
}
