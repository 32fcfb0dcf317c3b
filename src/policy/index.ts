// The door of the policy room: one representation of every filter, and what can be done with it.

export * from './builders.ts';
export { equalPolicies, policyKey } from './canonical.ts';
export { communityFromText, extendedCommunity } from './communities.ts';
export { type Constant, evaluateConstant } from './constant.ts';
export { dependsOn } from './depends.ts';
export { ENUMS } from './enums.ts';
export { type Explanation, evaluate, explain } from './evaluate.ts';
export { originText, printPolicy } from './print.ts';
export type { PolicyPeer, PolicyResult, PolicyRoute, RouteDest, RouteSource } from './route.ts';
export type * from './types.ts';
