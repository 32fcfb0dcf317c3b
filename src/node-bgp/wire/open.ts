// The OPEN message (RFC 4271 4.2, 6.2; RFC 5492; RFC 6286; RFC 9072). What is wrong whoever the peer is, is found here;
// whether he is the one that was configured is the session's to say.

import { decodeCapabilities, encodeCapability } from './capabilities.ts';
import { type Decoded, decode, Malformed, openFault } from './fault.ts';
import { BGP_VERSION, MESSAGE_TYPE, OPTIONAL_PARAMETER, UNSPECIFIC } from './iana.ts';
import { Reader } from './reader.ts';
import type { Capability, OpenMessage, ProtocolFault } from './types.ts';
import { encodeMessage, Writer } from './writer.ts';

/** RFC 4271 4.2: a hold time is 0 or at least this. */
const MIN_HOLD_TIME = 3;

const malformed = (): ProtocolFault => openFault(UNSPECIFIC, 'the optional parameters do not fit their lengths');

/** Reads the body of an OPEN. Unknown capabilities are kept, the same capability with the same value only once. */
export function decodeOpen(body: Uint8Array): Decoded<OpenMessage> {
  return decode(() => {
    const r = new Reader(body, malformed);
    const version = r.u8();
    if (version !== BGP_VERSION) {
      throw new Malformed(
        openFault('UNSUPPORTED_VERSION_NUMBER', `BGP version ${version}`, Uint8Array.of(0, BGP_VERSION)),
      );
    }
    const myAs = r.u16();
    const holdTime = r.u16();
    const bgpIdentifier = r.u32();
    if (myAs === 0) throw new Malformed(openFault('BAD_PEER_AS', 'AS number 0')); // RFC 7607 2
    if (holdTime > 0 && holdTime < MIN_HOLD_TIME) {
      throw new Malformed(openFault('UNACCEPTABLE_HOLD_TIME', `hold time ${holdTime}`));
    }
    if (bgpIdentifier === 0) throw new Malformed(openFault('BAD_BGP_IDENTIFIER', 'BGP identifier 0.0.0.0')); // RFC 6286 2.1
    const capabilities = decodeOptionalParameters(r);
    checkCapabilities(capabilities);
    return { type: 'open', version, myAs, holdTime, bgpIdentifier, capabilities };
  });
}

function decodeOptionalParameters(r: Reader): Capability[] {
  let length = r.u8();
  // RFC 9072 2: the type octet of the first parameter says that there are two octets for each length
  const extended = length > 0 && r.remaining > 0 && r.bytes[r.position] === OPTIONAL_PARAMETER.EXTENDED_LENGTH;
  if (extended) {
    r.u8();
    length = r.u16();
  }
  if (r.remaining !== length) throw new Malformed(malformed());
  const capabilities: Capability[] = [];
  while (r.remaining > 0) {
    const type = r.u8();
    const parameter = r.sub(extended ? r.u16() : r.u8());
    if (type !== OPTIONAL_PARAMETER.CAPABILITIES) {
      throw new Malformed(openFault('UNSUPPORTED_OPTIONAL_PARAMETER', `optional parameter ${type}`));
    }
    for (const capability of decodeCapabilities(parameter)) {
      if (!capabilities.some((other) => sameCapability(other, capability))) capabilities.push(capability);
    }
  }
  return capabilities;
}

/** Flat JSON is enough: two capabilities read by the same row hold their fields in the same order. */
function sameCapability(a: Capability, b: Capability): boolean {
  if (a.type === 'unknown' && b.type === 'unknown') {
    return a.code === b.code && a.value.length === b.value.length && a.value.every((octet, i) => octet === b.value[i]);
  }
  return a.type === b.type && JSON.stringify(a) === JSON.stringify(b);
}

function checkCapabilities(capabilities: readonly Capability[]): void {
  if (capabilities.some((c) => c.type === 'fourOctetAs' && c.asn === 0)) {
    throw new Malformed(openFault('BAD_PEER_AS', 'AS number 0 in the capability')); // RFC 7607 2
  }
  if (capabilities.filter((c) => c.type === 'role').length > 1) {
    throw new Malformed(openFault('ROLE_MISMATCH', 'several roles')); // RFC 9234 4.2
  }
}

/** A complete OPEN, with lengths as in RFC 9072 where the capabilities need them. */
export function encodeOpen(message: OpenMessage): Uint8Array {
  const list = new Writer();
  for (const capability of message.capabilities) encodeCapability(list, capability);
  const capabilities = list.finish();
  return encodeMessage(MESSAGE_TYPE.OPEN, (w) => {
    w.u8(message.version).u16(message.myAs).u16(message.holdTime).u32(message.bgpIdentifier);
    if (capabilities.length === 0) {
      w.u8(0);
    } else if (capabilities.length + 2 < 255) {
      w.u8(capabilities.length + 2)
        .u8(OPTIONAL_PARAMETER.CAPABILITIES)
        .u8(capabilities.length);
    } else {
      w.u8(255)
        .u8(OPTIONAL_PARAMETER.EXTENDED_LENGTH)
        .u16(capabilities.length + 3);
      w.u8(OPTIONAL_PARAMETER.CAPABILITIES).u16(capabilities.length);
    }
    w.bytes(capabilities);
  });
}
