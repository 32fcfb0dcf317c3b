// What the matrix needs of another BGP speaker: how it is started for a setup, and what it says it has.

import type { Asn, Family, Prefix } from 'node-bgp';
import type { Need } from '../../requirements.ts';
import type { Machine } from '../stage.ts';

export type Party = 'caracal' | 'peer' | 'one' | 'two';

export const ADDRESS: Readonly<Record<Party, Readonly<Record<Family, string>>>> = {
  caracal: { ipv4: '10.99.0.1', ipv6: 'fd99::1' },
  peer: { ipv4: '10.99.0.2', ipv6: 'fd99::2' },
  one: { ipv4: '10.99.0.3', ipv6: 'fd99::3' },
  two: { ipv4: '10.99.0.4', ipv6: 'fd99::4' },
};

/** Routes that the speaker itself originates: one as it is, one with communities of all three kinds. */
export const OWN: Readonly<Record<Family, { readonly plain: Prefix; readonly decorated: Prefix }>> = {
  ipv4: { plain: '203.0.113.0/24', decorated: '198.51.100.0/24' },
  ipv6: { plain: '2001:db8:113::/48', decorated: '2001:db8:51::/48' },
};
/** What the speaker has over two paths, from both neighbours that feed it. */
export const TWICE: Readonly<Record<Family, Prefix>> = { ipv4: '198.18.2.0/24', ipv6: '2001:db8:1802::/48' };
export const COMMUNITY = '64500:7';
export const LARGE_COMMUNITY = '64500:1:2';
/** A route target, with 64500 in two octets. */
export const EXTENDED_COMMUNITY = { rt: '64500:5', octets: '0002fbf400000005' };

export const FEEDER_AS: Readonly<Record<'one' | 'two', Asn>> = { one: 65003, two: 65004 };

/** One session between the speaker and Caracal, and two of the speaker with neighbours that feed it. */
export interface Setup {
  readonly name: string;
  /** What TCP runs over. */
  readonly transport: Family;
  readonly families: readonly Family[];
  readonly peerAs: Asn;
  readonly caracalAs: Asn;
  readonly password?: string;
  /** TTL security, one hop. */
  readonly gtsm?: true;
  readonly addPath?: true;
  readonly gracefulRestart?: true;
}

export interface SeenPath {
  readonly asPath: string;
  readonly communities: readonly string[];
  readonly largeCommunities: readonly string[];
  /** Route targets. */
  readonly extendedCommunities: readonly string[];
}

export interface Speaker {
  readonly name: string;
  readonly needs: readonly Need[];
  /** What it does not have, and in whose words; what is not here is expected to work. */
  readonly lacks: Readonly<Partial<Record<Feature, string>>>;
  /** What was found that whoever connects the two should know. */
  readonly notes?: readonly string[];
  version(): Promise<string>;
  /** Writes what it reads, and gives the commands that stay. */
  prepare(machine: Machine, setup: Setup, isRestart: boolean): readonly (readonly string[])[];
  /** After the start: what its configuration cannot say. */
  begin?(machine: Machine, setup: Setup): Promise<void>;
  /** Paths of a prefix that came from Caracal. */
  paths(machine: Machine, prefix: Prefix): Promise<readonly SeenPath[]>;
  /** Prefixes in its table. */
  count(machine: Machine, family: Family): Promise<number>;
  /** Takes its own routes back. */
  withdraw(machine: Machine, setup: Setup): Promise<void>;
  /** Asks Caracal for everything again (RFC 2918). */
  refresh(machine: Machine, setup: Setup): Promise<void>;
}

/** Rows of the matrix. */
export const FEATURES = {
  ipv4: 'IPv4',
  ipv6: 'IPv6, over IPv6',
  both: 'both on one session',
  external: 'eBGP',
  internal: 'iBGP, as client of the reflector',
  fourOctetAs: '4-octet AS',
  md5: 'TCP-MD5',
  gtsm: 'GTSM',
  refresh: 'route refresh',
  restartOfPeer: 'graceful restart of the peer: we keep its routes',
  restartOfCaracal: 'graceful restart of Caracal: it keeps ours',
  addPathToPeer: 'ADD-PATH to the peer',
  addPathFromPeer: 'ADD-PATH from the peer',
  communities: 'communities',
  largeCommunities: 'large communities',
  extendedCommunities: 'extended communities',
  longPath: 'AS path of 300',
  limit: 'too many prefixes: Cease/1',
  withdrawal: 'withdrawal of everything',
  many: '10,000 routes',
} as const;

export type Feature = keyof typeof FEATURES;

/** As BIRD and others print it. */
export function familyOfPrefix(prefix: Prefix): Family {
  return prefix.includes(':') ? 'ipv6' : 'ipv4';
}

/** Neighbours of the speaker, Caracal first. */
export function neighboursOf(
  setup: Setup,
): readonly { readonly name: Party; readonly address: string; readonly as: Asn }[] {
  const { transport, caracalAs } = setup;
  return [
    { name: 'caracal', address: ADDRESS.caracal[transport], as: caracalAs },
    { name: 'one', address: ADDRESS.one[transport], as: FEEDER_AS.one },
    { name: 'two', address: ADDRESS.two[transport], as: FEEDER_AS.two },
  ];
}
