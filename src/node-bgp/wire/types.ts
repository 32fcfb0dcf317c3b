// What BGP messages say, as values. The codec beside this file turns bytes into these and back; nothing here has behaviour.

import type { Address, Family } from '../ip/index.ts';

/** A BGP identifier or cluster id: an unsigned 32-bit number (RFC 6286). Text form by `formatRouterId`. */
export type RouterId = number;

/** An autonomous system number, 0 to 4294967295 (RFC 6793). */
export type Asn = number;

export type Origin = 0 | 1 | 2;

export type AsPathSegmentType = 'set' | 'sequence' | 'confedSequence' | 'confedSet';

export interface AsPathSegment {
  readonly type: AsPathSegmentType;
  readonly asns: readonly Asn[];
}

/** RFC 8092: global administrator and two local data parts, each unsigned 32 bit. */
export type LargeCommunity = readonly [number, number, number];

export interface Aggregator {
  readonly asn: Asn;
  readonly address: RouterId;
}

/**
 * An optional transitive attribute that this library does not know. `flags` is OPTIONAL, TRANSITIVE and PARTIAL: whoever
 * passes on what he does not know has to say so (RFC 4271 5).
 */
export interface UnknownAttribute {
  readonly code: number;
  readonly flags: number;
  readonly value: Uint8Array;
}

/**
 * Path attributes of one route, without the prefixes. AS numbers are always 4-octet here: AS_TRANS and AS4_PATH
 * are undone on decode (RFC 6793 4.2.3) and made on encode.
 */
export interface Attributes {
  readonly origin: Origin;
  readonly asPath: readonly AsPathSegment[];
  /** From NEXT_HOP, or the global next hop of MP_REACH_NLRI. */
  readonly nextHop?: Address;
  /** The second next hop of MP_REACH_NLRI (RFC 2545 3). */
  readonly linkLocalNextHop?: Address;
  readonly med?: number;
  readonly localPref?: number;
  readonly atomicAggregate?: true;
  readonly aggregator?: Aggregator;
  /** Unsigned 32-bit values, in the order received. */
  readonly communities?: readonly number[];
  /** 8 octets each, as 16 hex digits. */
  readonly extendedCommunities?: readonly string[];
  readonly largeCommunities?: readonly LargeCommunity[];
  readonly originatorId?: RouterId;
  readonly clusterList?: readonly RouterId[];
  /** The AS from which the route goes down to customers and nowhere else (OTC, RFC 9234 5). */
  readonly onlyToCustomer?: Asn;
  /** In ascending order of their codes. */
  readonly unknown?: readonly UnknownAttribute[];
  /** Codes of the optional transitive attributes above that came with the partial bit, which has to stay (RFC 4271 5). */
  readonly partial?: readonly number[];
}

/** What a NOTIFICATION says, and so the value by which every decoder blames the peer (RFC 4271 4.5, 6). */
export interface ProtocolFault {
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
  /** For people: what was wrong, in a few words. Never sent. */
  readonly text: string;
}

export type Capability =
  | { readonly type: 'multiprotocol'; readonly afi: number; readonly safi: number }
  | { readonly type: 'routeRefresh' }
  | { readonly type: 'enhancedRouteRefresh' }
  | { readonly type: 'extendedMessage' }
  | {
      readonly type: 'extendedNextHop';
      readonly entries: readonly { readonly afi: number; readonly safi: number; readonly nextHopAfi: number }[];
    }
  | { readonly type: 'role'; readonly role: number }
  | { readonly type: 'fourOctetAs'; readonly asn: Asn }
  | {
      readonly type: 'addPath';
      readonly families: readonly { readonly afi: number; readonly safi: number; readonly mode: 1 | 2 | 3 }[];
    }
  | {
      readonly type: 'gracefulRestart';
      /** The R bit: this speaker has just restarted. */
      readonly restarted: boolean;
      /** The N bit (RFC 8538). */
      readonly notification: boolean;
      /** Seconds, 0 to 4095. */
      readonly restartTime: number;
      readonly families: readonly { readonly afi: number; readonly safi: number; readonly forwarding: boolean }[];
    }
  | {
      readonly type: 'longLivedGracefulRestart';
      readonly families: readonly {
        readonly afi: number;
        readonly safi: number;
        readonly forwarding: boolean;
        /** Seconds, 24 bit. */
        readonly staleTime: number;
      }[];
    }
  | { readonly type: 'unknown'; readonly code: number; readonly value: Uint8Array };

export interface OpenMessage {
  readonly type: 'open';
  readonly version: number;
  /** The 2-octet field of the header of the OPEN; AS_TRANS where the AS needs four octets. */
  readonly myAs: number;
  /** Seconds. */
  readonly holdTime: number;
  readonly bgpIdentifier: RouterId;
  readonly capabilities: readonly Capability[];
}

export interface NotificationMessage {
  readonly type: 'notification';
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
}

export interface RouteRefreshMessage {
  readonly type: 'routeRefresh';
  readonly afi: number;
  readonly safi: number;
  /** RFC 7313: 0 request, 1 begin of route refresh, 2 end of route refresh. */
  readonly subtype: number;
}

export interface KeepaliveMessage {
  readonly type: 'keepalive';
}

/**
 * Prefixes as they stand in a message: a syntactically checked run of (path id,) length, octets. Nothing is copied;
 * `bytes` is a view that is valid until the effects of the input that brought it have been handled.
 */
export interface NlriBlock {
  readonly family: Family;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Every prefix is preceded by a 4-octet path identifier (RFC 7911). */
  readonly addPath: boolean;
}

/** How to read and write attributes for one session: everything that changes the meaning of the bytes. */
export interface AttributeContext {
  /** Both sides sent the 4-octet AS capability. */
  readonly fourOctetAs: boolean;
  readonly peerType: 'ebgp' | 'ibgp' | 'confed';
}

/** Attributes of an UPDATE, interned or not: `attributes` are decoded and valid. */
export interface AttributeSet {
  readonly attributes: Attributes;
}

/**
 * Port: where a session gets attributes from. A routing table that interns attribute blocks by their bytes answers a
 * block seen before without decoding it again; `decodeAttributeSet` is the implementation without memory.
 *
 * @param raw all path attributes of the UPDATE except MP_REACH_NLRI and MP_UNREACH_NLRI, in the order received
 * @param mpNextHop the next hop field of MP_REACH_NLRI (4, 16 or 32 octets); undefined where the NEXT_HOP attribute counts
 * @param needsNextHop the UPDATE carries IPv4 prefixes outside MP_REACH_NLRI, so NEXT_HOP is mandatory
 */
export type AttributeSource = (
  raw: Uint8Array,
  mpNextHop: Uint8Array | undefined,
  needsNextHop: boolean,
  context: AttributeContext,
) => AttributeOutcome;

/** RFC 7606: the outcome of reading attributes. `notes` are errors that were survived (attribute discard). */
export type AttributeOutcome =
  | { readonly verdict: 'ok'; readonly set: AttributeSet; readonly notes: readonly ProtocolFault[] }
  | { readonly verdict: 'withdraw'; readonly fault: ProtocolFault }
  | { readonly verdict: 'reset'; readonly fault: ProtocolFault };

/**
 * A decoded UPDATE. Withdrawals are to be applied before `reached` (RFC 4271 4.3). Where the attributes were bad enough
 * for treat-as-withdraw, the prefixes of the message stand in `withdrawn` and `fault` says why.
 */
export interface UpdateMessage {
  readonly type: 'update';
  readonly withdrawn: readonly NlriBlock[];
  readonly reached: readonly NlriBlock[];
  /** Present iff `reached` is not empty. */
  readonly set?: AttributeSet;
  /** End-of-RIB of this family (RFC 4724 2); then all else is empty. */
  readonly endOfRib?: Family;
  readonly fault?: ProtocolFault;
  readonly notes: readonly ProtocolFault[];
  /**
   * The rest of the same message, to be applied after it: what MP_REACH_NLRI announced where the message also announced
   * IPv4 prefixes with a NEXT_HOP of their own. RFC 7606 5.1 forbids sending this and demands accepting it.
   */
  readonly following?: UpdateMessage;
}

export type Message = OpenMessage | UpdateMessage | NotificationMessage | KeepaliveMessage | RouteRefreshMessage;
