// Sessions turned by hand: switched off and on, begun anew, their routes told once more. What state machines and tables do
// then is theirs.

import { CEASE, type Family, type PeerInput } from 'node-bgp';
import { assertNever } from './assert-never.ts';
import type { SpeakerPeer } from './peer.ts';
import { refreshRequests } from './refresh-requests.ts';
import type { PeerOrder } from './types.ts';

export interface Administered {
  run(peer: SpeakerPeer, input: PeerInput, now: number): void;
  /** What the peer has told is judged again. */
  refilter(names: readonly string[]): void;
  /** The peer is told the table of a family again. */
  resend(peer: SpeakerPeer, family: Family): void;
  write(peer: SpeakerPeer, bytes: Uint8Array): void;
}

export function administer(peer: SpeakerPeer, order: PeerOrder, to: Administered, now: number): void {
  const isOff = peer.shutdown !== undefined;
  switch (order.type) {
    case 'disable':
      if (isOff) return;
      to.run(peer, { type: 'stop', subcode: CEASE.ADMINISTRATIVE_SHUTDOWN, text: order.text ?? '' }, now);
      peer.shutdown = { text: order.text ?? '' };
      peer.turnedAt = now;
      return;
    case 'enable':
      if (!isOff && !peer.isClosed) return;
      peer.shutdown = undefined;
      peer.closedUntil = undefined;
      peer.turnedAt = now;
      to.run(peer, { type: 'start' }, now);
      return;
    case 'restart':
      if (isOff) return;
      peer.closedUntil = undefined;
      to.run(peer, { type: 'stop', subcode: CEASE.ADMINISTRATIVE_RESET, text: order.text ?? '' }, now);
      to.run(peer, { type: 'start' }, now);
      return;
    case 'refreshIn':
      // What was received is kept: a changed policy needs no help of the peer. Asked it is all the same, as was ordered.
      to.refilter([peer.intent.name]);
      for (const bytes of refreshRequests(peer)) to.write(peer, bytes);
      return;
    case 'refreshOut':
      for (const family of peer.families.keys()) to.resend(peer, family);
      return;
    default:
      assertNever(order);
  }
}
