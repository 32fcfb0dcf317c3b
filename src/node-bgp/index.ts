export * from './ip/index.ts';
export type * from './session/types.ts';
export * from './wire/index.ts';
