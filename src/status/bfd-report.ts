// BFD sessions as status tells them.

import { diagnosticText } from '../bfd/packet.ts';
import { timestamp } from './time.ts';
import type { BfdReport, BfdSessionStatus } from './types.ts';

export function bfdReport(session: BfdSessionStatus): BfdReport {
  const { remote, local, interface: device, multihop, state, since, trouble } = session;
  const diagnostic = diagnosticText(session.diagnostic);
  return {
    peerIP: remote,
    ...(local !== undefined && { sourceAddress: local }),
    ...(device !== undefined && { interface: device }),
    multihop,
    state,
    since: timestamp(since),
    ...(diagnostic !== undefined && { diagnostic }),
    ...(trouble !== undefined && { problem: trouble }),
    localDiscriminator: session.localDiscriminator,
    remoteDiscriminator: session.remoteDiscriminator,
    interval: Math.round(session.transmitInterval),
    timeout: Math.round(session.detectionTime),
    sessions: session.peers,
  };
}

/** What BFD adds to the INFO column of an established session: `BFD Up`, `BFD Down (no answer from 10.0.0.2)`. */
export function bfdInfo({ state, trouble, remote, remoteState, remoteDiscriminator }: BfdSessionStatus): string {
  if (state === 'Up') return 'BFD Up';
  if (trouble !== undefined) return `BFD ${state} (${trouble})`;
  if (remoteDiscriminator === 0) return `BFD ${state} (no answer from ${remote})`;
  return `BFD ${state} (the peer says ${remoteState})`;
}
