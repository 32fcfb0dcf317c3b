// What texts and numbers in resources mean: limits, and the step to domain values (Prefix, Address, seconds, ASN ...).

import type { Asn, RouterId } from 'node-bgp';
import {
  type Address,
  type Family,
  familyOf,
  hostPrefix,
  type Prefix,
  parseAddress,
  parseCidr,
  parseRouterId,
} from 'node-bgp/ip';
import { describe, type Field, type Read } from './reader.ts';
import { parseSelector } from './selector.ts';
import type { CommunityValue, SecretKeyRef } from './types.ts';

const UINT16_MAX = 0xffff;
const UINT32_MAX = 0xffffffff;
const NAME_LIMIT = 253;
const SELECTOR_LIMIT = 1024;

/** RFC 1123 subdomain, as Kubernetes names are. */
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

export function isResourceName(text: string): boolean {
  return text.length <= NAME_LIMIT && NAME.test(text);
}

export function textUpTo(limit: number): Read<string> {
  return (field) => {
    const value = field.value;
    if (typeof value !== 'string') return field.refuse(`must be text, not ${describe(value)}${quoteHint(value)}`);
    return value.length <= limit ? value : field.refuse(`has ${value.length} characters; ${limit} are allowed`);
  };
}

export const text: Read<string> = textUpTo(Number.POSITIVE_INFINITY);

function quoteHint(value: unknown): string {
  return typeof value === 'object' ? '' : ' (quotes make it text)';
}

/** For fields in which the empty text means "not set", as Go's tools write it. */
export function unlessEmpty<T>(read: Read<T>): Read<T> {
  return (field) => (field.value === '' ? undefined : read(field));
}

export const flag: Read<boolean> = (field) =>
  typeof field.value === 'boolean' ? field.value : field.refuse(`must be true or false, not ${describe(field.value)}`);

export function integer(min: number, max: number): Read<number> {
  return (field) => {
    const value = field.value;
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    return field.refuse(`must be a whole number from ${min} to ${max}, not ${describe(value)}`);
  };
}

/** A TCP port; 0 means "not set". */
export const port: Read<number> = (field) => {
  const value = integer(0, UINT16_MAX)(field);
  return value === 0 ? undefined : value;
};

/** One of these words. With a fallback, any other word (of a newer API, say) means the fallback; the empty one is "not set". */
export function oneOf<const T extends string>(words: readonly T[], fallback?: T): Read<T> {
  return (field) => {
    const value = text(field);
    if (value === undefined) return undefined;
    const word = words.find((known) => known === value);
    if (word !== undefined) return word;
    if (fallback === undefined)
      return field.refuse(`must be one of ${words.filter(Boolean).join(', ')}, not ${describe(value)}`);
    if (value !== '') field.warn(`${describe(value)} is none of ${words.join(', ')}; ${fallback} is used`);
    return fallback;
  };
}

export function list<T>(read: Read<T>, limits: { min?: number; max?: number } = {}): Read<readonly T[]> {
  return (field) => {
    const items = field.value;
    if (!Array.isArray(items)) return field.refuse(`must be a list, not ${describe(items)}`);
    const { min = 0, max = Number.POSITIVE_INFINITY } = limits;
    if (items.length < min) return field.refuse(`must have at least ${min} entry`);
    if (items.length > max) return field.refuse(`has ${items.length} entries; ${max} are allowed`);
    const values: T[] = [];
    for (const [index, item] of items.entries()) {
      const entry = field.item(index, item);
      const value = entry.present ? read(entry) : entry.refuse('must not be empty');
      if (value !== undefined) values.push(value);
    }
    return values;
  };
}

/** Labels and annotations. YAML makes booleans and numbers of some texts; calicoctl takes those as their text. */
export const textMap: Read<Readonly<Record<string, string>>> = (field) => {
  const entries = Object.entries(field.object() ?? {}).filter(([name, value]) => {
    const isText = typeof value !== 'object' || value === null;
    return isText || field.at(name).ignore('must be text; it is ignored');
  });
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value ?? '')]));
};

/** An AS number: an integer, or text that holds one, plain or as `high.low` (RFC 5396 asdot). */
export const asnOrZero: Read<Asn> = (field) => {
  const value = typeof field.value === 'string' ? parseAsn(field.value) : field.value;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= UINT32_MAX) return value;
  const hint = typeof value === 'number' && !Number.isInteger(value) ? ' (the dotted form needs quotes)' : '';
  return field.refuse(`must be an AS number from 0 to ${UINT32_MAX}, not ${describe(field.value)}${hint}`);
};

/** An AS number that a speaker can have: 0 is reserved (RFC 7607). */
export const asn: Read<Asn> = (field) => {
  const value = asnOrZero(field);
  return value === 0 ? field.refuse('AS number 0 is reserved (RFC 7607)') : value;
};

function parseAsn(value: string): Asn | undefined {
  if (/^\d+$/.test(value)) return Number(value);
  const parts = /^(\d+)\.(\d+)$/.exec(value)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > UINT16_MAX)) return undefined;
  return parts[0]! * 0x10000 + parts[1]!;
}

function familyName(family: Family | undefined): string {
  return family === undefined ? 'IP' : family === 'ipv4' ? 'IPv4' : 'IPv6';
}

/** An address of this family, or of any. */
export function addressOf(family?: Family): Read<Address> {
  return (field) => {
    const value = text(field);
    if (value === undefined) return undefined;
    const address = parseAddress(value);
    if (address !== undefined && (family === undefined || familyOf(address) === family)) return address;
    return field.refuse(`${describe(value)} is not an ${familyName(family)} address`);
  };
}

export const address: Read<Address> = addressOf();

/** `address/length` without host bits, of this family, or of any. */
export function prefixOf(family?: Family): Read<Prefix> {
  return (field) => {
    const value = text(field);
    if (value === undefined) return undefined;
    const cidr = parseCidr(value);
    if (cidr === undefined || (family !== undefined && familyOf(cidr.prefix) !== family)) {
      return field.refuse(`${describe(value)} is not an ${familyName(family)} prefix such as ${example(family)}`);
    }
    return cidr.exact
      ? cidr.prefix
      : field.refuse(`${describe(value)} has host bits set; the prefix is ${cidr.prefix}`);
  };
}

function example(family: Family | undefined): string {
  return family === 'ipv6' ? '"fd00:10:65::/64"' : '"10.65.0.0/16"';
}

export const prefix: Read<Prefix> = prefixOf();

/** A prefix, or a single address as the prefix that holds it alone. */
export const prefixOrAddress: Read<Prefix> = (field) => {
  const single = typeof field.value === 'string' ? parseAddress(field.value) : undefined;
  return single === undefined ? prefix(field) : hostPrefix(single);
};

/** `address/length` as an interface has it, or the address alone. */
export function interfaceAddressOf(family: Family): Read<{ readonly address: Address; readonly network: Prefix }> {
  return (field) => {
    const value = text(field);
    if (value === undefined) return undefined;
    const cidr = parseCidr(value);
    const single = cidr?.address ?? parseAddress(value);
    if (single === undefined || familyOf(single) !== family) {
      return field.refuse(`${describe(value)} is not an ${familyName(family)} address, with or without a length`);
    }
    return { address: single, network: cidr?.prefix ?? hostPrefix(single) };
  };
}

/** Four numbers with dots: a BGP identifier or a cluster id. */
export const routerId: Read<RouterId> = (field) => {
  const value = text(field);
  if (value === undefined) return undefined;
  const id = parseRouterId(value);
  if (id === undefined)
    return field.refuse(`${describe(value)} is not four numbers such as "10.0.0.1" (without a length)`);
  return id === 0 ? field.refuse('must not be 0.0.0.0') : id;
};

const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};
const DURATION = /^\+?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const DURATION_PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;

/** A Go duration (`1m30s`) in whole seconds, rounded to the nearest, half up; undefined where the text is none. */
export function parseDuration(value: string): number | undefined {
  if (value === '0' || value === '+0' || value === '-0') return 0;
  if (!DURATION.test(value)) return undefined;
  let nanoseconds = 0;
  for (const [, amount, unit] of value.matchAll(DURATION_PART)) nanoseconds += Number(amount) * NANOSECONDS[unit!]!;
  return Math.round(nanoseconds / 1e9);
}

export function durationUpTo(maxSeconds: number, why: string): Read<number> {
  return (field) => {
    const seconds = typeof field.value === 'string' ? parseDuration(field.value) : undefined;
    if (seconds === undefined)
      return field.refuse(`must be a duration such as "90s" or "1m30s", not ${describe(field.value)}`);
    return seconds <= maxSeconds ? seconds : field.refuse(`is ${seconds} s; BGP has room for ${maxSeconds} s (${why})`);
  };
}

/** Graceful restart carries its time in 12 bits. */
export const restartTime: Read<number> = durationUpTo(4095, 'RFC 4724 3');

/** Long-lived graceful restart carries its time in 24 bits. */
export const longLivedStaleTime: Read<number> = durationUpTo(0xffffff, 'RFC 9494 3.1');

/** `aa:nn` or `aa:nn:mm`; undefined where the text is neither or a part is too large. */
export function parseCommunity(value: string): CommunityValue | undefined {
  if (!/^\d+(:\d+){1,2}$/.test(value)) return undefined;
  const parts = value.split(':').map(Number);
  const limit = parts.length === 2 ? UINT16_MAX : UINT32_MAX;
  if (parts.some((part) => part > limit)) return undefined;
  const [first, second, third] = parts as [number, number, number?];
  if (third !== undefined) return { type: 'large', value: [first, second, third] };
  return { type: 'standard', value: first * 0x10000 + second };
}

export function communityUpTo(limit: number): Read<CommunityValue> {
  return (field) => {
    const value = textUpTo(limit)(field);
    if (value === undefined) return undefined;
    const community = parseCommunity(value);
    return (
      community ??
      field.refuse(
        `${describe(value)} is not a community: "aa:nn" (each up to ${UINT16_MAX}) or "aa:nn:mm" (each up to ${UINT32_MAX})`,
      )
    );
  };
}

/** The text of a selector that can be parsed. The empty one counts as absent: Calico makes no difference. */
export const selector: Read<string> = (field) => {
  const value = textUpTo(SELECTOR_LIMIT)(field);
  if (value === undefined || value === '') return undefined;
  const parsed = parseSelector(value);
  if (parsed.ok) return value;
  return field.refuse(`${describe(value)} is not a selector: ${parsed.text} (character ${parsed.position + 1})`);
};

export const nodeName: Read<string> = (field) => {
  const value = textUpTo(NAME_LIMIT)(field);
  return value === '' ? field.refuse('must not be empty') : value;
};

/** A shell pattern of interface names as Calico allows it. */
export function interfacePattern(field: Field): string | undefined {
  const value = text(field);
  if (value === undefined || value === '*' || /^[a-zA-Z0-9_.*-]{1,15}$/.test(value)) return value;
  return field.refuse(`${describe(value)} is not an interface name or pattern: 1 to 15 letters, digits and _ . * -`);
}

const secretKeyRef: Read<SecretKeyRef> = (field) => {
  const name = field.need('name', text);
  const key = field.need('key', text);
  field.pass('optional');
  field.warnOfUnknown();
  return name === undefined || key === undefined ? undefined : { name, key };
};

/** `{secretKeyRef: {name, key}}`, which is the only source of a password. */
export const password: Read<SecretKeyRef> = (field) => {
  const reference = field.need('secretKeyRef', secretKeyRef);
  field.warnOfUnknown();
  return reference;
};
