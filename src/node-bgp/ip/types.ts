// The names under which addresses travel.

/** 4 or 6, by name. */
export type Family = 'ipv4' | 'ipv6';

/** Canonical text: dotted quad, or RFC 5952 in lower case. Two addresses are equal iff their texts are. */
export type Address = string;

/** Canonical text `address/length` with all host bits zero. */
export type Prefix = string;
