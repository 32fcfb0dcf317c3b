// Why a session ended, in BIRD's words: `Received: Administrative shutdown`, `Socket: Connection refused`.

import type { PeerError } from '../../../src/speaker/index.ts';
import { notificationText } from '../../notification-text.ts';

/** Around the reason, between speakers that know RFC 8538; BIRD does not. */
const HARD_RESET = '6.9';
/** Cease/BFD Down, which BIRD does not send. */
const BFD_DOWN = '6.10';

/** What the daemon says of a connection, and what BIRD does. */
const SOCKET: readonly (readonly [RegExp, string])[] = [
  [/^connection refused/, 'Connection refused'],
  [/no route to host/, 'No route to host'],
  [/^no route to/, 'Network is unreachable'],
  [/^no answer|timed out$/, 'Connection timed out'],
  [/is not an address of this host$/, 'Cannot assign requested address'],
  [/^connection closed/, 'Connection closed'],
  [/^connection reset/, 'Connection reset by peer'],
];

export function errorText({ text, direction, code, subcode = 0 }: PeerError): string {
  if (code === undefined) return `Socket: ${SOCKET.find(([pattern]) => pattern.test(text))?.[1] ?? text}`;
  const key = `${code}.${subcode}`;
  if (key === BFD_DOWN && direction === 'sent') return 'Error: BFD session down';
  if (key === '6.1' && direction === 'sent') return 'Automatic shutdown: Route limit exceeded';
  const wrapped = key === HARD_RESET ? /Hard Reset: Cease\/([^:]+)/.exec(text)?.[1] : undefined;
  const name = wrapped === undefined ? notificationText(code, subcode) : sentence(wrapped);
  return `${direction === 'received' ? 'Received' : 'BGP Error'}: ${name}`;
}

function sentence(words: string): string {
  return `${words.slice(0, 1)}${words.slice(1).toLowerCase()}`;
}

/** What the peer, or we, said about a shutdown (RFC 9003). */
export function shutdownMessage({ text, code, subcode }: PeerError): string | undefined {
  const isTold = code === 6 && (subcode === 2 || subcode === 4 || subcode === 9);
  return isTold ? /: "(.*)"$/s.exec(text)?.[1] : undefined;
}
