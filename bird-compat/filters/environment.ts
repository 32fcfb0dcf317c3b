// What names mean while filters are compiled: scopes of symbols, and what the whole of a configuration shares.

import { type Expression, type Policy, type PolicyFunction, policyKey, type RoaEntry } from '../../src/policy/index.ts';
import { type Dialect, fail, type Place } from '../language/index.ts';
import type { BirdType } from './types.ts';

/** Something worth knowing about a configuration that is in force all the same. */
export interface Remark {
  readonly place: Place;
  readonly text: string;
}

export interface FunctionSymbol {
  readonly name: string;
  readonly parameters: readonly { readonly name: string; readonly of: BirdType }[];
  /** Absent while its own body is compiled. */
  compiled?: { readonly function: PolicyFunction; readonly uses: ReadonlySet<FunctionSymbol> };
}

export type FilterSymbol =
  | { readonly type: 'constant'; readonly expression: Expression; readonly of: BirdType | undefined }
  | { readonly type: 'variable'; readonly of: BirdType }
  | { readonly type: 'function'; readonly function: FunctionSymbol }
  | { readonly type: 'filter'; readonly policy: Policy }
  | { readonly type: 'roaTable'; readonly entries: readonly RoaEntry[] }
  | { readonly type: 'table'; readonly family: 'any' | 'ipv4' | 'ipv6'; readonly isSorted: boolean }
  | { readonly type: 'protocol' | 'template' };

/** The names of one block, function, or of the whole configuration. */
export class Scope {
  readonly #symbols = new Map<string, FilterSymbol>();
  readonly outer: Scope | undefined;

  constructor(outer?: Scope) {
    this.outer = outer;
  }

  find(name: string): FilterSymbol | undefined {
    return this.#symbols.get(name) ?? this.outer?.find(name);
  }

  /** A name can be taken again in an inner scope only. */
  define(name: string, symbol: FilterSymbol, at: Place, dialect: Dialect): void {
    if (this.#symbols.has(name)) {
      fail(at, dialect.bird === 1 ? 'Symbol already defined' : `Symbol '${name}' already defined`);
    }
    this.#symbols.set(name, symbol);
  }

  /** For the one name that may be defined again: the main table. */
  replace(name: string, symbol: FilterSymbol): void {
    this.#symbols.set(name, symbol);
  }

  entries(): IterableIterator<[string, FilterSymbol]> {
    return this.#symbols.entries();
  }
}

/** What one configuration shares. */
export interface Unit {
  readonly dialect: Dialect;
  readonly global: Scope;
  readonly remarks: Remark[];
  /** Equal policies are one object, so that peers with the same filters are one export group. */
  intern(policy: Policy): Policy;
}

/** Where a term or command stands. */
export interface Environment {
  readonly unit: Unit;
  readonly scope: Scope;
  /** Functions that are called from here. */
  readonly uses: Set<FunctionSymbol>;
}

export function newUnit(dialect: Dialect): Unit {
  const policies = new Map<string, Policy>();
  const intern = (policy: Policy) => {
    const key = policyKey(policy);
    const known = policies.get(key);
    if (known === undefined) policies.set(key, policy);
    return known ?? policy;
  };
  return { dialect, global: new Scope(), remarks: [], intern };
}

export function globalEnvironment(unit: Unit): Environment {
  return { unit, scope: unit.global, uses: new Set() };
}
