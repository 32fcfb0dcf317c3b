// The door of the policy room: one representation of every filter, and what can be done with it.

export * from './builders.ts';
export { communityFromText } from './communities.ts';
export type { PolicyPeer, PolicyResult, PolicyRoute, RouteSource } from './route.ts';
export type * from './types.ts';
