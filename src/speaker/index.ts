// The door of the speaker room.
export { explainPrefix } from './explain.ts';
export type * from './explanation.ts';
export { type PlanOptions, planChange } from './plan.ts';
export type * from './planning.ts';
export { type ReceivedPage, type ReceivedQuery, type ReceivedRoute, receivedPage } from './received.ts';
export { type RoutePage, type RouteQuery, routePage, takeSnapshot } from './snapshot.ts';
export { RECOVERY_TIME, Speaker, type SpeakerOptions } from './speaker.ts';
export type * from './types.ts';
