// What we offer in an OPEN, whether the peer's OPEN is acceptable (RFC 4271 6.2), and what both mean together (RFC 5492).
// Pure. Not here: the octets of an OPEN (wire), and when it is sent (fsm).

import type { Family } from '../ip/index.ts';
import {
  ADD_PATH_MODE,
  AFI,
  AS_TRANS,
  afiOf,
  BGP_VERSION,
  CAPABILITY,
  type Decoded,
  ERROR,
  familyOfAfi,
  fault,
  MAX_EXTENDED_MESSAGE_LENGTH,
  MAX_MESSAGE_LENGTH,
  OPEN_ERROR,
  ROLE,
  SAFI,
  type UpdateContext,
} from '../wire/index.ts';
import type { Asn, Capability, OpenMessage, ProtocolFault } from '../wire/types.ts';
import type { Negotiated, PeerConfig, Role } from './types.ts';

const MAX_TWO_OCTET_AS = 0xffff;

/** RFC 9234 4.1, 4.2: the number of each role, and the one that the other end must have. */
const ROLES: Readonly<Record<Role, { readonly number: number; readonly counterpart: Role }>> = {
  provider: { number: ROLE.PROVIDER, counterpart: 'customer' },
  customer: { number: ROLE.CUSTOMER, counterpart: 'provider' },
  peer: { number: ROLE.PEER, counterpart: 'peer' },
  routeServer: { number: ROLE.ROUTE_SERVER, counterpart: 'routeServerClient' },
  routeServerClient: { number: ROLE.ROUTE_SERVER_CLIENT, counterpart: 'routeServer' },
};

type CapabilityOf<T extends Capability['type']> = Extract<Capability, { readonly type: T }>;

/** The OPEN that offers what the configuration says. */
export function openFor(config: PeerConfig): OpenMessage {
  return {
    type: 'open',
    version: BGP_VERSION,
    myAs: config.localAs > MAX_TWO_OCTET_AS ? AS_TRANS : config.localAs,
    holdTime: config.holdTime,
    bgpIdentifier: config.bgpIdentifier,
    capabilities: capabilitiesFor(config),
  };
}

function capabilitiesFor(config: PeerConfig): Capability[] {
  const capabilities: Capability[] = config.families.map((family) => ({ type: 'multiprotocol', ...numbers(family) }));
  if (config.routeRefresh) capabilities.push({ type: 'routeRefresh' });
  if (config.extendedNextHop && config.families.includes('ipv4')) {
    capabilities.push({ type: 'extendedNextHop', entries: [{ ...numbers('ipv4'), nextHopAfi: AFI.IPV6 }] });
  }
  if (config.extendedMessage) capabilities.push({ type: 'extendedMessage' });
  const role = roleOf(config);
  if (role !== undefined) capabilities.push({ type: 'role', role: ROLES[role].number });
  const { gracefulRestart, longLivedGracefulRestart } = config;
  if (gracefulRestart !== undefined) {
    const { restartTime, restarted, notification, forwarding } = gracefulRestart;
    const asked = gracefulRestart.families ?? config.families;
    const families = asked.map((family) => ({ ...numbers(family), forwarding: forwarding.includes(family) }));
    capabilities.push({ type: 'gracefulRestart', restarted, notification, restartTime, families });
  }
  if (config.fourOctetAs) capabilities.push({ type: 'fourOctetAs', asn: config.localAs });
  const addPath = addPathOffer(config);
  if (addPath.length > 0) capabilities.push({ type: 'addPath', families: addPath });
  if (config.enhancedRouteRefresh) capabilities.push({ type: 'enhancedRouteRefresh' });
  if (longLivedGracefulRestart !== undefined) {
    const { staleTime } = longLivedGracefulRestart;
    const families = config.families.flatMap((family) => {
      const forwarding = gracefulRestart?.forwarding.includes(family) ?? false;
      return staleTime === undefined ? [] : [{ ...numbers(family), forwarding, staleTime }];
    });
    capabilities.push({ type: 'longLivedGracefulRestart', families });
  }
  return capabilities;
}

function numbers(family: Family): { afi: number; safi: number } {
  return { afi: afiOf(family), safi: SAFI.UNICAST };
}

function addPathOffer(config: PeerConfig): CapabilityOf<'addPath'>['families'] {
  return config.families.flatMap((family) => {
    const send = config.addPath.send.includes(family);
    const receive = config.addPath.receive.includes(family);
    if (!send && !receive) return [];
    const mode = send && receive ? ADD_PATH_MODE.BOTH : send ? ADD_PATH_MODE.SEND : ADD_PATH_MODE.RECEIVE;
    return [{ ...numbers(family), mode }];
  });
}

/**
 * What our offer and the peer's OPEN mean together. What would be wrong in the OPEN of any peer has been found by
 * `decodeOpen`: version, hold time, identifier 0.
 *
 * Faults (code 2, OPEN Message Error): not the AS number that was configured 2/2, our own identifier within one AS 2/3
 * (RFC 4271 6.2, RFC 6286 2.1), a role that does not go with ours, or none where one is required 2/11 (RFC 9234 4.2), no
 * address family in common 2/7 with the capabilities that are missing (RFC 5492 3).
 */
export function negotiate(local: PeerConfig, remote: OpenMessage): Decoded<Negotiated> {
  const refused = checkOpen(local, remote);
  if (refused !== undefined) return { ok: false, fault: refused };
  const families = commonFamilies(local, remote);
  if (families.length === 0) return { ok: false, fault: noCommonFamily(local) };
  const holdTime = Math.min(local.holdTime, remote.holdTime);
  const find = finder(remote);
  const routeRefresh = local.routeRefresh && find('routeRefresh') !== undefined;
  const extended = local.extendedMessage && find('extendedMessage') !== undefined;
  return {
    ok: true,
    value: {
      peerType: isExternal(local) ? 'ebgp' : 'ibgp',
      remoteAs: asNumberOf(local, remote),
      remoteIdentifier: remote.bgpIdentifier,
      holdTime,
      keepaliveTime: keepaliveTimeFor(local, holdTime),
      families,
      fourOctetAs: local.fourOctetAs && find('fourOctetAs') !== undefined,
      routeRefresh,
      enhancedRouteRefresh: routeRefresh && local.enhancedRouteRefresh && find('enhancedRouteRefresh') !== undefined,
      maxMessageLength: extended ? MAX_EXTENDED_MESSAGE_LENGTH : MAX_MESSAGE_LENGTH,
      addPath: commonAddPath(local, families, find('addPath')),
      extendedNextHop: local.extendedNextHop && carriesIpv4OverIpv6(find('extendedNextHop')),
      ...restarts(local, families, find('gracefulRestart'), find('longLivedGracefulRestart')),
      remoteCapabilities: remote.capabilities,
    },
  };
}

/** Seconds between our KEEPALIVEs: as configured, but never more than a third of the hold time (RFC 4271 4.4); 0 is off. */
export function keepaliveTimeFor(config: PeerConfig, holdTime: number): number {
  const third = Math.floor(holdTime / 3);
  return Math.min(config.keepaliveTime ?? third, third);
}

/** How UPDATEs of such a session are read. */
export function updateContext(negotiated: Negotiated): UpdateContext {
  return {
    fourOctetAs: negotiated.fourOctetAs,
    peerType: negotiated.peerType,
    families: negotiated.families,
    addPathReceive: negotiated.addPath.receive,
    extendedNextHop: negotiated.extendedNextHop,
  };
}

function finder(open: OpenMessage) {
  return <T extends Capability['type']>(type: T): CapabilityOf<T> | undefined =>
    // RFC 4724 3, RFC 7911 4: of several the last one counts.
    open.capabilities.findLast((capability): capability is CapabilityOf<T> => capability.type === type);
}

function checkOpen(local: PeerConfig, remote: OpenMessage): ProtocolFault | undefined {
  const remoteAs = asNumberOf(local, remote);
  if (local.anyExternalAs ? remoteAs === local.localAs : remoteAs !== local.remoteAs) {
    const expected = local.anyExternalAs ? 'any other' : local.remoteAs;
    const text = `the peer is AS ${remoteAs}, expected ${expected}`;
    return fault(ERROR.OPEN, OPEN_ERROR.BAD_PEER_AS, fourOctets(remoteAs), text);
  }
  // RFC 6286 2.1: unique within an AS, and only there.
  if (remote.bgpIdentifier === local.bgpIdentifier && remoteAs === local.localAs) {
    return fault(
      ERROR.OPEN,
      OPEN_ERROR.BAD_BGP_IDENTIFIER,
      fourOctets(remote.bgpIdentifier),
      'the peer has our identifier',
    );
  }
  return checkRole(local, finder(remote)('role')?.role);
}

function isExternal({ localAs, remoteAs, anyExternalAs }: PeerConfig): boolean {
  return anyExternalAs === true || localAs !== remoteAs;
}

/** Roles are between autonomous systems (RFC 9234 4.1). */
function roleOf(config: PeerConfig): Role | undefined {
  return isExternal(config) ? config.role : undefined;
}

function checkRole(local: PeerConfig, remote: number | undefined): ProtocolFault | undefined {
  const role = roleOf(local);
  if (role === undefined) return undefined;
  const { counterpart } = ROLES[role];
  if (remote === ROLES[counterpart].number || (remote === undefined && !local.requireRole)) return undefined;
  const name = Object.entries(ROLES).find(([, { number }]) => number === remote)?.[0];
  const theirs = remote === undefined ? 'the peer tells no role' : `the peer's role is ${name ?? remote}`;
  const text = `${theirs}, with our role ${role} it has to be ${counterpart}`;
  return fault(ERROR.OPEN, OPEN_ERROR.ROLE_MISMATCH, new Uint8Array(), text);
}

/** RFC 6793 4.1: the capability counts where both sides have it. */
function asNumberOf(local: PeerConfig, remote: OpenMessage): Asn {
  return (local.fourOctetAs ? finder(remote)('fourOctetAs')?.asn : undefined) ?? remote.myAs;
}

function fourOctets(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** RFC 4760 8; a peer that says nothing of multiprotocol speaks IPv4 unicast. */
function commonFamilies(local: PeerConfig, remote: OpenMessage): Family[] {
  const offered = remote.capabilities.filter((capability) => capability.type === 'multiprotocol');
  const families: (Family | undefined)[] =
    offered.length === 0 ? ['ipv4'] : offered.map(({ afi, safi }) => familyOfAfi(afi, safi));
  return local.families.filter((family) => families.includes(family));
}

function noCommonFamily(local: PeerConfig): ProtocolFault {
  const missing = local.families.flatMap((family) => [CAPABILITY.MULTIPROTOCOL, 4, 0, afiOf(family), 0, SAFI.UNICAST]);
  const text = `no address family in common, offered ${local.families.join(' and ')}`;
  return fault(ERROR.OPEN, OPEN_ERROR.UNSUPPORTED_CAPABILITY, Uint8Array.from(missing), text);
}

/** RFC 7911 4: paths may flow where one side sends and the other receives. */
function commonAddPath(
  local: PeerConfig,
  families: readonly Family[],
  remote: CapabilityOf<'addPath'> | undefined,
): Negotiated['addPath'] {
  const remoteDoes = (family: Family, mode: number): boolean =>
    remote?.families.some(
      (entry) =>
        familyOfAfi(entry.afi, entry.safi) === family && (entry.mode === mode || entry.mode === ADD_PATH_MODE.BOTH),
    ) ?? false;
  return {
    send: families.filter((f) => local.addPath.send.includes(f) && remoteDoes(f, ADD_PATH_MODE.RECEIVE)),
    receive: families.filter((f) => local.addPath.receive.includes(f) && remoteDoes(f, ADD_PATH_MODE.SEND)),
  };
}

function carriesIpv4OverIpv6(remote: CapabilityOf<'extendedNextHop'> | undefined): boolean {
  return (
    remote?.entries.some(({ afi, safi, nextHopAfi }) => familyOfAfi(afi, safi) === 'ipv4' && nextHopAfi === AFI.IPV6) ??
    false
  );
}

/** RFC 4724 3, RFC 8538 2 (N bit: both), RFC 9494 4.1 (nothing without graceful restart). */
function restarts(
  local: PeerConfig,
  families: readonly Family[],
  remote: CapabilityOf<'gracefulRestart'> | undefined,
  remoteLongLived: CapabilityOf<'longLivedGracefulRestart'> | undefined,
): Pick<Negotiated, 'gracefulRestart' | 'longLivedGracefulRestart'> {
  if (local.gracefulRestart === undefined || remote === undefined) return {};
  const kept = <E extends { readonly afi: number; readonly safi: number }>(entries: readonly E[]) =>
    families.flatMap((family) => {
      const entry = entries.find(({ afi, safi }) => familyOfAfi(afi, safi) === family);
      return entry === undefined ? [] : [{ family, entry }];
    });
  const gracefulRestart: Negotiated['gracefulRestart'] = {
    restartTime: remote.restartTime,
    restarted: remote.restarted,
    notification: local.gracefulRestart.notification && remote.notification,
    families: kept(remote.families).map(({ family, entry }) => ({ family, forwarding: entry.forwarding })),
  };
  if (local.longLivedGracefulRestart === undefined || remoteLongLived === undefined) return { gracefulRestart };
  const longLivedGracefulRestart = kept(remoteLongLived.families).map(({ family, entry }) => ({
    family,
    forwarding: entry.forwarding,
    staleTime: entry.staleTime,
  }));
  return { gracefulRestart, longLivedGracefulRestart };
}
