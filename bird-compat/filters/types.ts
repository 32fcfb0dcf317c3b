// Types by the names that BIRD gives them, and the checks that BIRD 2 makes before anything runs. BIRD 1.6 finds the same
// mistakes when a route comes; there they are remarks.

import type { ValueType } from '../../src/policy/index.ts';
import { fail, type Place } from '../language/index.ts';
import type { Environment } from './environment.ts';

export type BirdType =
  | 'int'
  | 'bool'
  | 'ip'
  | 'prefix'
  | 'pair'
  | 'quad'
  | 'ec'
  | 'lc'
  | 'string'
  | 'bgpmask'
  | 'bgppath'
  | 'clist'
  | 'eclist'
  | 'lclist'
  | 'set'
  | 'prefix set'
  | 'enum rts'
  | 'enum scope'
  | 'enum rtc'
  | 'enum rtd'
  | 'enum roa'
  | 'enum bgp_origin'
  /** An attribute that can only be asked whether it is there. */
  | '?';

const VALUE_TYPES: Readonly<Record<string, ValueType>> = {
  bgpmask: 'pathMask',
  bgppath: 'path',
  'prefix set': 'prefixSet',
  '?': 'int',
};

export function valueTypeOf(type: BirdType): ValueType {
  if (type.startsWith('enum ')) return 'enum';
  return VALUE_TYPES[type] ?? (type as ValueType);
}

/** The type that was declared; sets of everything but prefixes are one type. */
export function declaredType(text: string): BirdType {
  return text.endsWith(' set') && text !== 'prefix set' ? 'set' : (text as BirdType);
}

const BIRD_TYPES: Readonly<Partial<Record<ValueType, BirdType>>> = {
  pathMask: 'bgpmask',
  path: 'bgppath',
  prefixSet: 'prefix set',
};

const ENUM_TYPES = {
  source: 'enum rts',
  scope: 'enum scope',
  cast: 'enum rtc',
  dest: 'enum rtd',
  roa: 'enum roa',
  origin: 'enum bgp_origin',
} as const;

export function birdTypeOf(value: { readonly type: ValueType; readonly of?: unknown }): BirdType {
  if (value.type === 'enum') return ENUM_TYPES[value.of as keyof typeof ENUM_TYPES];
  return BIRD_TYPES[value.type] ?? (value.type as BirdType);
}

/** Whether a value of this type can be what is wanted; unknown types can be anything, and addresses are quads as well. */
export function fits(wanted: BirdType, actual: BirdType | undefined): boolean {
  return actual === undefined || actual === wanted || (wanted === 'quad' && actual === 'ip');
}

/** `Argument 1 of AND must be of type bool, got type int` */
export function checkArgument(
  env: Environment,
  place: Place,
  what: { readonly instruction: string; readonly index: number },
  wanted: BirdType,
  actual: BirdType | undefined,
): void {
  if (fits(wanted, actual)) return;
  typeError(env, place, `Argument ${what.index} of ${what.instruction} must be of type ${wanted}, got type ${actual}`);
}

export function typeError(env: Environment, place: Place, text: string): void {
  if (env.unit.dialect.bird === 2) fail(place, text);
  env.unit.remarks.push({ place, text: `${text}: every route that comes here is rejected` });
}
