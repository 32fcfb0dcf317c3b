// Where paths come from: a BGP session, or one of the router's own protocols (static, kernel, direct). A source has a
// small number for as long as it lives; path rows store that.

import { addressBytes, type RouterId } from 'node-bgp';
import type { PolicyPeer, RouteSource } from '../policy/index.ts';

export type SourceId = number;

/** No source: a prefix that was not sent to anybody, a segment that nobody skips. */
export const NO_SOURCE: SourceId = -1;

export interface SourceInfo {
  readonly kind: RouteSource;
  /** Session name, or `static1`, `kernel1`, `direct1`. */
  readonly protocol: string;
  /** Preference before policy (BIRD: static 200, direct 240, BGP 100, kernel 10). */
  readonly preference: number;
  /** For BGP: */
  readonly peer?: PolicyPeer;
  readonly identifier?: RouterId;
  readonly routeReflectorClient?: boolean;
  /** Of a session between link-local addresses: what such a next hop is on. */
  readonly interface?: string;
}

export class Source {
  readonly id: SourceId;
  info: SourceInfo;
  /** Paths in AdjRibIn, and those that import policy let in. */
  received = 0;
  accepted = 0;
  /** Paths that came and went, each time: all, those that were there already, those that were turned away. */
  readonly changes = { updates: 0, same: 0, filtered: 0, refused: 0, withdraws: 0, unknown: 0 };
  /** Paths beyond so many are not taken, or not let in. */
  receivesAtMost = Number.POSITIVE_INFINITY;
  acceptsAtMost = Number.POSITIVE_INFINITY;
  /** Some were turned away for that, and nobody has asked since. */
  hasBlockedReceived = false;
  hasBlockedAccepted = false;

  /** Peer address as hex digits of fixed length, IPv4 before IPv6: orders sources (RFC 4271 9.1.2.2 g). */
  readonly addressKey: string;

  constructor(id: SourceId, info: SourceInfo) {
    this.id = id;
    this.info = info;
    const octets = info.peer === undefined ? [] : addressBytes(info.peer.address);
    this.addressKey =
      String(octets.length).padStart(2, '0') +
      Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join('');
  }

  get isIbgp(): boolean {
    return this.info.peer?.type === 'ibgp';
  }
}
