// The door of the wire room: BGP messages from bytes and to bytes. No state beyond the carry-over of a Framer.

import type { Address, Family } from '../ip/index.ts';
import type {
  Asn,
  AsPathSegment,
  AttributeContext,
  AttributeSource,
  Attributes,
  KeepaliveMessage,
  LargeCommunity,
  NotificationMessage,
  OpenMessage,
  ProtocolFault,
  RouteRefreshMessage,
  UpdateMessage,
} from './types.ts';

export * from './iana.ts';
export type * from './types.ts';

export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: ProtocolFault };
export type Frame = { readonly type: number; readonly body: Uint8Array } | { readonly fault: ProtocolFault };

export declare class Framer {
  constructor(maxLength: number);
  setMaxLength(maxLength: number): void;
  push(chunk: Uint8Array): void;
  next(): Frame | undefined;
}

export interface UpdateContext extends AttributeContext {
  readonly families: readonly Family[];
  readonly addPathReceive: readonly Family[];
  readonly extendedNextHop: boolean;
}

export declare function decodeOpen(body: Uint8Array): Decoded<OpenMessage>;
export declare function decodeNotification(body: Uint8Array): Decoded<NotificationMessage>;
export declare function decodeRouteRefresh(body: Uint8Array): Decoded<RouteRefreshMessage>;
export declare function decodeKeepalive(body: Uint8Array): Decoded<KeepaliveMessage>;
export declare function decodeUpdate(
  body: Uint8Array,
  context: UpdateContext,
  source: AttributeSource,
): Decoded<UpdateMessage>;
export declare const decodeAttributeSet: AttributeSource;

export declare function encodeAttributes(attributes: Attributes, context: AttributeContext, mp: boolean): Uint8Array;
export declare function encodeOpen(message: OpenMessage): Uint8Array;
export declare function encodeNotification(fault: {
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
}): Uint8Array;
export declare const KEEPALIVE: Uint8Array;
export declare function encodeRouteRefresh(message: RouteRefreshMessage): Uint8Array;
export declare function encodeEndOfRib(family: Family): Uint8Array;
/** The next hop field of MP_REACH_NLRI (4, 16 or 32 octets). */
export declare function mpNextHopBytes(nextHop: Address, linkLocalNextHop: Address | undefined): Uint8Array;
/** The value of MP_REACH_NLRI up to where the prefixes begin. */
export declare function encodeMpReachHeader(family: Family, nextHop: Uint8Array): Uint8Array;
/** The value of MP_UNREACH_NLRI up to where the prefixes begin. */
export declare function encodeMpUnreachHeader(family: Family): Uint8Array;

export declare function describeNotification(code: number, subcode: number, data: Uint8Array): string;
export declare function shutdownData(text: string): Uint8Array;
export declare function fault(code: number, subcode: number, data?: Uint8Array, text?: string): ProtocolFault;

export declare function formatAsPath(path: readonly AsPathSegment[]): string;
export declare function formatCommunity(community: number): string;
export declare function formatLargeCommunity(community: LargeCommunity): string;
export declare function asPathLength(attributes: Attributes): number;
export declare function neighborAs(attributes: Attributes): Asn | undefined;
