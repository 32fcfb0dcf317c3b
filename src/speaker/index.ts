// The door of the speaker room.
export { type RoutePage, type RouteQuery, routePage, takeSnapshot } from './snapshot.ts';
export { Speaker, type SpeakerOptions } from './speaker.ts';
export type * from './types.ts';
