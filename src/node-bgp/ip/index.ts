// Addresses and prefixes as values. Text is canonical, so that two of them are equal iff their texts are; bytes and
// words are for whoever counts nanoseconds. Not here: what an address is good for.

export {
  addressBytes,
  addressFromBytes,
  formatRouterId,
  isLinkLocal,
  parseAddress,
  parseRouterId,
} from './address.ts';
export {
  contains,
  familyOf,
  hostPrefix,
  maxLength,
  type PrefixWords,
  parseCidr,
  parsePrefix,
  prefixFromBytes,
  prefixFromWords,
  prefixLength,
  prefixParts,
  prefixWords,
} from './prefix.ts';
export type { Address, Family, Prefix } from './types.ts';
