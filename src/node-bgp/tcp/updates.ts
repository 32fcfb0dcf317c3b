// UPDATEs for one session from values: for programs that announce a handful of prefixes. Whoever has tables packs them
// with `UpdatePacker` once for many peers.

import { addressBytes, type Family, familyOf, type Prefix, prefixWords } from '../ip/index.ts';
import type { Negotiated } from '../session/types.ts';
import { encodeAttributes, UpdatePacker } from '../wire/index.ts';
import type { Attributes } from '../wire/types.ts';

/** The path identifier where a session wants one (RFC 7911): there is but one path a prefix here. */
const PATH_ID = 1;
const NO_PATH_ID = -1;

/** Attributes of a route that is announced: there is always a next hop. */
export type AnnouncedAttributes = Attributes & Required<Pick<Attributes, 'nextHop'>>;

export function encodeAnnouncement(
  session: Negotiated,
  attributes: AnnouncedAttributes,
  prefixes: readonly Prefix[],
): Uint8Array {
  const packer = new UpdatePacker(session.maxMessageLength);
  for (const family of session.families) {
    const mp = family === 'ipv6' || familyOf(attributes.nextHop) === 'ipv6';
    packer.reach(family, encodeAttributes(attributes, session, mp), mp ? addressBytes(attributes.nextHop) : undefined);
    pack(packer, session, family, prefixes);
  }
  return packer.take();
}

export function encodeWithdrawal(session: Negotiated, prefixes: readonly Prefix[]): Uint8Array {
  const packer = new UpdatePacker(session.maxMessageLength);
  for (const family of session.families) {
    packer.withdraw(family);
    pack(packer, session, family, prefixes);
  }
  return packer.take();
}

/** Prefixes of a family that the session does not carry are left out. */
function pack(packer: UpdatePacker, session: Negotiated, family: Family, prefixes: readonly Prefix[]): void {
  const pathId = session.addPath.send.includes(family) ? PATH_ID : NO_PATH_ID;
  for (const prefix of prefixes) {
    if (familyOf(prefix) !== family) continue;
    const { word0, word1, word2, word3, length } = prefixWords(prefix);
    packer.prefix(word0, word1, word2, word3, length, pathId);
  }
}
