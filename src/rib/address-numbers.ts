// Next hops as small integers, counted: few values under many sets.

import type { Address } from 'node-bgp';

export type AddressNumber = number;

export const NO_ADDRESS: AddressNumber = 0;

export class AddressNumbers {
  readonly #numbers = new Map<Address, AddressNumber>();
  readonly #addresses: Address[] = [''];
  readonly #refs: number[] = [0];
  readonly #free: AddressNumber[] = [];

  get(number: AddressNumber): Address {
    return this.#addresses[number]!;
  }

  /** The number of an address, once more in use; to be given back with `drop`. */
  take(address: Address): AddressNumber {
    const known = this.#numbers.get(address);
    if (known !== undefined) {
      this.#refs[known]!++;
      return known;
    }
    const number = this.#free.pop() ?? this.#addresses.length;
    this.#numbers.set(address, number);
    this.#addresses[number] = address;
    this.#refs[number] = 1;
    return number;
  }

  drop(number: AddressNumber): void {
    if (--this.#refs[number]! > 0) return;
    this.#numbers.delete(this.#addresses[number]!);
    this.#free.push(number);
  }
}
