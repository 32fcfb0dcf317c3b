// What the INFO column says of passwords. TCP meets a wrong one with silence, so all there is to tell is that one is set,
// and what the kernel has dropped because of signatures. Its counters know no peers. Never the password itself.

import type { PeerSnapshot } from '../speaker/types.ts';
import type { Md5Drops } from './types.ts';

/** Undefined where passwords cannot be why there is no session. */
export function passwordInfo(peer: PeerSnapshot, drops: Md5Drops | undefined): string | undefined {
  if (peer.state !== 'Connect' && peer.state !== 'Active') return undefined;
  const { unsigned, unexpected, wrong } = drops ?? { unsigned: 0, unexpected: 0, wrong: 0 };
  if (peer.hasPassword !== true) {
    if (unexpected === 0) return undefined;
    return `no password is set here, but the kernel dropped ${packets(unexpected, 'signed')} in the last minute`;
  }
  const seen = [
    ...(wrong === 0 ? [] : [packets(wrong, 'signed with another password')]),
    ...(unsigned === 0 ? [] : [packets(unsigned, 'not signed')]),
  ];
  if (seen.length > 0) return `a password is set here, and the kernel dropped ${seen.join(' and ')} in the last minute`;
  // After a NOTIFICATION it is not silence that is to be explained.
  return peer.state === 'Connect' && peer.lastError?.code === undefined ? 'a password is set here' : undefined;
}

function packets(count: number, what: string): string {
  return `${count} ${count === 1 ? 'packet' : 'packets'} ${what}`;
}
