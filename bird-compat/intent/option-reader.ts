// One option while it is given its meaning: its arguments as values, and BIRD's sentences where they are none.

import { type Address, familyOf, type Prefix, parseRouterId, type RouterId } from 'node-bgp';
import type { Policy, Value } from '../../src/policy/index.ts';
import { compileFilterSpec, compileGlobalTerm, prefixOf, requireValue, type Unit } from '../filters/index.ts';
import {
  type Argument,
  fail,
  type InterfacePattern,
  type Option,
  type Place,
  type PrefixLiteral,
  type Term,
} from '../language/index.ts';

type Of<T extends Argument['type']> = Extract<Argument, { readonly type: T }>;

export class OptionReader {
  readonly option: Option;
  readonly unit: Unit;

  constructor(option: Option, unit: Unit) {
    this.option = option;
    this.unit = unit;
  }

  get end(): Place {
    return this.option.end;
  }

  fail(text: string): never {
    return fail(this.end, text);
  }

  remark(text: string): void {
    this.unit.remarks.push({ place: this.option.at, text });
  }

  /** The argument at this place; undefined where it was left out. */
  argument<T extends Argument['type']>(index: number, type: T): Of<T> | undefined {
    const argument = this.option.arguments[index];
    return argument?.type === type ? (argument as Of<T>) : undefined;
  }

  // --- values of terms

  number(index = 0): number {
    return this.numberOf(this.argument(index, 'term')!.term);
  }

  /** A number within bounds; BIRD looks at it before it looks further. */
  boundedNumber(index: number, low: number, high: number, otherwise: string): number {
    const { term } = this.argument(index, 'term')!;
    const value = this.numberOf(term);
    return value >= low && value <= high ? value : fail(term.end, otherwise);
  }

  optionalNumber(index = 0): number | undefined {
    const argument = this.argument(index, 'term');
    return argument === undefined ? undefined : this.numberOf(argument.term);
  }

  numberOf(term: Term): number {
    const value = this.constantOf(term, 'Number expected');
    if (value.type === 'int') return value.value;
    return fail(term.end, term.type === 'symbol' ? 'Number expected' : 'Integer expression expected');
  }

  /** `expected`: BIRD 1.6's sentence for a name that is no constant. */
  constantOf(term: Term, expected: string): Value {
    if (term.type === 'symbol') {
      const symbol = this.unit.global.find(term.name);
      if (symbol === undefined && this.unit.dialect.bird === 2) {
        fail(term.at, 'syntax error, unexpected CF_SYM_UNDEFINED');
      }
      if (symbol?.type !== 'constant') fail(term.at, expected);
    }
    return requireValue(compileGlobalTerm(term, this.unit), this.end, this.unit);
  }

  flag(index = 0): boolean {
    const value = this.argument(index, 'flag')?.value ?? true;
    return typeof value === 'boolean' ? value : this.numberOf(value) !== 0;
  }

  word(index = 0): string | undefined {
    return this.argument(index, 'word')?.word;
  }

  text(index = 0): string {
    return this.textOf(this.argument(index, 'text')!.text);
  }

  textOf(term: Term): string {
    const value = this.constantOf(term, 'String expected');
    return value.type === 'string' ? value.value : fail(term.at, 'String expected');
  }

  flags(index = 0): 'all' | readonly string[] {
    const { flags } = this.argument(index, 'flags')!;
    return flags === 'off' ? [] : flags;
  }

  address(index = 0): Address {
    return this.addressOf(this.argument(index, 'address')!.address);
  }

  addressOf(term: Term): Address {
    const value = this.constantOf(term, 'IP address expected');
    if (value.type !== 'ip') return fail(term.at, 'IP address expected');
    const { dialect } = this.unit;
    if (dialect.bird === 1 && familyOf(value.value) !== dialect.family) this.fail('IP address expected');
    return value.value;
  }

  identifier(index = 0): RouterId {
    const { term } = this.argument(index, 'term')!;
    const value = this.constantOf(term, 'Number or IPv4 address constant expected');
    if (value.type === 'int' || value.type === 'quad') return value.value;
    const id = value.type === 'ip' ? parseRouterId(value.value) : undefined;
    return id ?? fail(term.at, 'Number or IPv4 address constant expected');
  }

  port(term: Term, place: Place): number {
    const port = this.numberOf(term);
    return port >= 1 && port <= 0xffff ? port : fail(place, 'Invalid port number');
  }

  prefix(index = 0): Prefix {
    return this.prefixOf(this.argument(index, 'prefix')!.prefix);
  }

  prefixOf(prefix: PrefixLiteral | Term): Prefix {
    if (!('type' in prefix)) return prefixOf(prefix, this.unit.dialect, true);
    const value = this.constantOf(prefix, 'Prefix expected');
    return value.type === 'prefix' ? value.value : fail(prefix.at, 'Prefix expected');
  }

  policy(index = 0): Policy {
    return compileFilterSpec(this.argument(index, 'filter')!.filter, this.unit);
  }

  /** Interface patterns as the Intent has them. Networks in them are refused: addresses are not looked at. */
  patterns(index = 0): readonly string[] {
    return this.argument(index, 'interfaces')!.patterns.map((pattern) => this.#pattern(pattern));
  }

  #pattern({ exclude, name, prefix }: InterfacePattern): string {
    if (prefix !== undefined) this.fail('Caracal chooses interfaces by name, not by network');
    return `${exclude ? '-' : ''}${name}`;
  }
}
