// The router ID where the configuration gives none: the lowest IPv4 address of the machine that others can reach.

import { networkInterfaces } from 'node:os';
import { parseRouterId, type RouterId } from 'node-bgp';
import { matchesInterface } from '../../src/fib/interface-pattern.ts';

/** The configuration gives none, and the machine has no address to take it from. */
export class NoRouterId extends Error {
  constructor() {
    super('Cannot determine router ID, please configure it manually');
    this.name = 'NoRouterId';
  }
}

/** Not of a machine: itself, and addresses that count on one link only. */
const NOT_UNIQUE = /^(?:127\.|169\.254\.|0\.)/;

/** @param patterns of interfaces that count; absent: all */
export function chooseRouterId(patterns: readonly string[] | undefined): RouterId | undefined {
  const addresses = Object.entries(networkInterfaces())
    .filter(([name]) => patterns === undefined || matchesInterface(patterns, name))
    .flatMap(([, found]) => found ?? [])
    .filter(({ family, address }) => family === 'IPv4' && !NOT_UNIQUE.test(address));
  const ids = addresses.flatMap(({ address }) => parseRouterId(address) ?? []);
  return ids.length === 0 ? undefined : Math.min(...ids);
}
