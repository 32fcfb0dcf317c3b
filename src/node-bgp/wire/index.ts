// The door of the wire room: BGP messages from octets and to octets. No state beyond the carry-over of a Framer.

export { asPathLength, neighborAs } from './as-path.ts';
export { decodeAttributeSet } from './attribute-set.ts';
export { describeNotification, prefixLimitData, shutdownData } from './describe.ts';
export { encodeAttributes, writeAttributes } from './encode-attributes.ts';
export { type Decoded, fault } from './fault.ts';
export { formatAsPath, formatCommunity, formatLargeCommunity } from './format.ts';
export { type Frame, Framer, messageOf } from './frame.ts';
export { toHex } from './hex.ts';
export * from './iana.ts';
export {
  decodeKeepalive,
  decodeNotification,
  decodeRouteRefresh,
  encodeNotification,
  encodeRouteRefresh,
  KEEPALIVE,
} from './messages.ts';
export { type NlriEntry, nlriEntries } from './nlri.ts';
export { decodeOpen, encodeOpen } from './open.ts';
export { type Additions, passOn } from './pass-on.ts';
export type * from './types.ts';
export { decodeUpdate, encodeEndOfRib, type UpdateContext } from './update.ts';
export { UpdatePacker } from './update-packer.ts';
