// A peer's OPEN in words: one short text for each capability. Knows the names, not what they are good for.

import type { Capability } from 'node-bgp';

const AFI: Readonly<Record<number, string>> = { 1: 'IPv4', 2: 'IPv6' };
const SAFI: Readonly<Record<number, string>> = { 1: 'unicast', 2: 'multicast', 4: 'labelled unicast', 128: 'VPN' };
const ADD_PATH_MODE = { 1: 'receive', 2: 'send', 3: 'receive and send' } as const;
/** RFC 9234 4.1. */
const ROLE: Readonly<Record<number, string>> = {
  0: 'provider',
  1: 'route server',
  2: 'route server client',
  3: 'customer',
  4: 'peer',
};

export function capabilityText(capability: Capability): string {
  switch (capability.type) {
    case 'multiprotocol':
      return familyText(capability);
    case 'routeRefresh':
      return 'route refresh';
    case 'enhancedRouteRefresh':
      return 'enhanced route refresh';
    case 'extendedMessage':
      return 'extended messages';
    case 'extendedNextHop':
      return `extended next hop${list(capability.entries, (e) => `${familyText(e)} over ${AFI[e.nextHopAfi] ?? `AFI ${e.nextHopAfi}`}`)}`;
    case 'role':
      return `role ${ROLE[capability.role] ?? capability.role}`;
    case 'fourOctetAs':
      return `4-octet AS ${capability.asn}`;
    case 'addPath':
      return `ADD-PATH${list(capability.families, (f) => `${familyText(f)} ${ADD_PATH_MODE[f.mode]}`)}`;
    case 'gracefulRestart': {
      const marks = `${capability.restarted ? ', restarted' : ''}${capability.notification ? ', also after a NOTIFICATION' : ''}`;
      return `graceful restart ${capability.restartTime} s${marks}${list(capability.families, forwardingText)}`;
    }
    case 'longLivedGracefulRestart':
      return `long-lived graceful restart${list(capability.families, (f) => `${forwardingText(f)} ${f.staleTime} s`)}`;
    case 'unknown':
      return `capability ${capability.code}${capability.value.length > 0 ? ` (${hex(capability.value)})` : ''}`;
  }
}

function familyText({ afi, safi }: { readonly afi: number; readonly safi: number }): string {
  return `${AFI[afi] ?? `AFI ${afi}`} ${SAFI[safi] ?? `SAFI ${safi}`}`;
}

function forwardingText(family: { readonly afi: number; readonly safi: number; readonly forwarding: boolean }): string {
  return `${familyText(family)}${family.forwarding ? ' forwarding kept' : ''}`;
}

function list<T>(entries: readonly T[], text: (entry: T) => string): string {
  return entries.length === 0 ? '' : ` (${entries.map(text).join(', ')})`;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
