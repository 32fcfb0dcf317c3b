// Why a session ended, in BIRD's words: `Received: Administrative shutdown`, `Socket: Connection refused`.

import type { PeerError } from '../../../src/speaker/index.ts';

const NOTIFICATIONS: Readonly<Record<string, string>> = {
  '1.0': 'Invalid message header',
  '1.1': 'Connection not synchronized',
  '1.2': 'Bad message length',
  '1.3': 'Bad message type',
  '2.0': 'Invalid OPEN message',
  '2.1': 'Unsupported version number',
  '2.2': 'Bad peer AS',
  '2.3': 'Bad BGP identifier',
  '2.4': 'Unsupported optional parameter',
  '2.5': 'Authentication failure',
  '2.6': 'Unacceptable hold time',
  '2.7': 'Required capability missing',
  '2.8': 'No supported AFI/SAFI',
  '2.11': 'Role mismatch',
  '3.0': 'Invalid UPDATE message',
  '3.1': 'Malformed attribute list',
  '3.2': 'Unrecognized well-known attribute',
  '3.3': 'Missing mandatory attribute',
  '3.4': 'Invalid attribute flags',
  '3.5': 'Invalid attribute length',
  '3.6': 'Invalid ORIGIN attribute',
  '3.7': 'AS routing loop',
  '3.8': 'Invalid NEXT_HOP attribute',
  '3.9': 'Optional attribute error',
  '3.10': 'Invalid network field',
  '3.11': 'Malformed AS_PATH',
  '4.0': 'Hold timer expired',
  '5.0': 'Finite state machine error',
  '5.1': 'Unexpected message in OpenSent state',
  '5.2': 'Unexpected message in OpenConfirm state',
  '5.3': 'Unexpected message in Established state',
  '6.0': 'Cease',
  '6.1': 'Maximum number of prefixes reached',
  '6.2': 'Administrative shutdown',
  '6.3': 'Peer de-configured',
  '6.4': 'Administrative reset',
  '6.5': 'Connection rejected',
  '6.6': 'Other configuration change',
  '6.7': 'Connection collision resolution',
  '6.8': 'Out of Resources',
  '7.0': 'Invalid ROUTE-REFRESH message',
  '7.1': 'Invalid ROUTE-REFRESH message length',
};

/** Cease/BFD Down, which BIRD does not send. */
const BFD_DOWN = '6.10';

/** What the daemon says of a connection, and what BIRD does. */
const SOCKET: readonly (readonly [RegExp, string])[] = [
  [/^connection refused/, 'Connection refused'],
  [/no route to host/, 'No route to host'],
  [/^no route to/, 'Network is unreachable'],
  [/^no answer from|timed out$/, 'Connection timed out'],
  [/is not an address of this host$/, 'Cannot assign requested address'],
  [/^connection closed/, 'Connection closed'],
  [/^connection reset/, 'Connection reset by peer'],
];

export function errorText({ text, direction, code, subcode = 0 }: PeerError): string {
  if (code === undefined) return `Socket: ${SOCKET.find(([pattern]) => pattern.test(text))?.[1] ?? text}`;
  const key = `${code}.${subcode}`;
  if (key === BFD_DOWN && direction === 'sent') return 'Error: BFD session down';
  if (key === '6.1' && direction === 'sent') return 'Automatic shutdown: Route limit exceeded';
  const name = NOTIFICATIONS[key] ?? `Unknown error ${key}`;
  return `${direction === 'received' ? 'Received' : 'BGP Error'}: ${name}`;
}

/** What the peer, or we, said about a shutdown (RFC 9003). */
export function shutdownMessage({ text, code, subcode }: PeerError): string | undefined {
  const isTold = code === 6 && (subcode === 2 || subcode === 4);
  return isTold ? /: "(.*)"$/s.exec(text)?.[1] : undefined;
}
