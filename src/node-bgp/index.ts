// The door of the library: addresses and prefixes, messages from octets and to octets, sessions.

export type { TimerName } from './fsm/states.ts';
export * from './ip/index.ts';
export { needsNewSession, peerConfig } from './session/config.ts';
export { negotiate, openFor } from './session/negotiate.ts';
export { Peer } from './session/peer.ts';
export type { MessageCounters } from './session/statistics.ts';
export type * from './session/types.ts';
export * from './wire/index.ts';
