export type * from './ip/index.ts';
export type * from './session/types.ts';
export type * from './wire/types.ts';
