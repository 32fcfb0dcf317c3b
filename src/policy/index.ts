// Placeholder door of the policy room until its language lands.
export type { PolicyPeer, PolicyResult, PolicyRoute, RouteSource } from './route.ts';
export interface Policy {
  readonly name: string;
}
