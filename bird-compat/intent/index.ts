// The door of the meaning of configurations.

export { isMultihop } from './bgp-options.ts';
export { compileConfiguration } from './compile.ts';
export type * from './configuration.ts';
export { type BirdIntentOptions, birdIntent } from './intent.ts';
