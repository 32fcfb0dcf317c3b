// What comes of BFD for a session: the times of the `protocol bfd` for its interface, and in their place those that the BGP
// protocol gives itself.

import type { BfdIntent } from '../../src/intent/types.ts';
import { matchGlob } from '../../src/policy/glob.ts';
import { isMultihop } from './bgp-options.ts';
import type { BfdOptions, Protocol } from './configuration.ts';

/** BIRD's: milliseconds. */
const DEFAULTS = { minReceive: 10, minTransmit: 100, idleTransmit: 1000, multiplier: 5 } as const;
/** BIRD counts the keys of a list from one. */
const FIRST_KEY = 1;

/** Undefined where a session has none: not asked for, or no `protocol bfd` to do it. */
export function bfdIntentOf({ bgp }: Protocol, protocols: readonly Protocol[]): BfdIntent | undefined {
  const protocol = protocols.find(({ kind }) => kind === 'bfd');
  if (bgp.bfd === 'off' || protocol === undefined) return undefined;
  const multihop = isMultihop(bgp);
  const general = multihop ? protocol.bfd.multihop : interfaceOptions(protocol, bgp.interface);
  const options = { ...DEFAULTS, ...general, ...bgp.bfdOptions };
  const { minReceive, minTransmit, idleTransmit, multiplier, passive, password, authentication: type } = options;
  const isSecured = type !== undefined && type !== 'none' && password !== undefined;
  return {
    ...{ multihop, minReceive, minTransmit, idleTransmit, multiplier },
    ...(passive === true ? { passive } : {}),
    ...(isSecured ? { authentication: { type, keyId: FIRST_KEY, password } } : {}),
    ...(bgp.bfd === 'graceful' ? { graceful: true } : {}),
  };
}

/** Which interface leads to a neighbour is known when packets flow: where it is not named, the first block counts. */
function interfaceOptions({ bfd }: Protocol, name: string | undefined): BfdOptions | undefined {
  const block = name === undefined ? bfd.interfaces[0] : bfd.interfaces.find(({ patterns }) => covers(patterns, name));
  return block?.options;
}

function covers(patterns: readonly string[], name: string): boolean {
  const first = patterns.find((pattern) => matchGlob(pattern.replace(/^-/, ''), name));
  return first !== undefined && !first.startsWith('-');
}
