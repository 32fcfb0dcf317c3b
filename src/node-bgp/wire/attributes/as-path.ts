// AS_PATH, AGGREGATOR and their four-octet companions, each as it stands in the block (RFC 4271 4.3, RFC 5065 3,
// RFC 6793, RFC 7606 7.2, 7.7, RFC 7607). Putting the companions together is the work of as4.ts.

import { updateFault } from '../fault.ts';
import { AS_PATH_SEGMENT, AS_TRANS, ATTRIBUTE } from '../iana.ts';
import type { Reader } from '../reader.ts';
import type { Aggregator, Asn, AsPathSegment, AsPathSegmentType } from '../types.ts';
import type { Writer } from '../writer.ts';
import { attribute, invalid, OPTIONAL_TRANSITIVE, WELL_KNOWN } from './row.ts';

export const MAX_TWO_OCTET_AS = 0xffff;
export const MAX_SEGMENT_LENGTH = 255;

const SEGMENT_TYPE: ReadonlyMap<number, AsPathSegmentType> = new Map([
  [AS_PATH_SEGMENT.SET, 'set'],
  [AS_PATH_SEGMENT.SEQUENCE, 'sequence'],
  [AS_PATH_SEGMENT.CONFED_SEQUENCE, 'confedSequence'],
  [AS_PATH_SEGMENT.CONFED_SET, 'confedSet'],
]);

const SEGMENT_CODE: Readonly<Record<AsPathSegmentType, number>> = {
  set: AS_PATH_SEGMENT.SET,
  sequence: AS_PATH_SEGMENT.SEQUENCE,
  confedSequence: AS_PATH_SEGMENT.CONFED_SEQUENCE,
  confedSet: AS_PATH_SEGMENT.CONFED_SET,
};

export function isConfed(segment: AsPathSegment): boolean {
  return segment.type === 'confedSequence' || segment.type === 'confedSet';
}

function readSegments(attribute: Reader, fourOctets: boolean): AsPathSegment[] {
  const r = attribute.sub(attribute.remaining, () =>
    updateFault('MALFORMED_AS_PATH', 'a path segment ends after the attribute'),
  );
  const segments: AsPathSegment[] = [];
  while (r.remaining > 0) {
    const code = r.u8();
    const type = SEGMENT_TYPE.get(code);
    if (type === undefined) throw invalid('MALFORMED_AS_PATH', `path segment type ${code}`);
    const count = r.u8();
    if (count === 0) throw invalid('MALFORMED_AS_PATH', 'a path segment without AS numbers');
    const asns: Asn[] = [];
    for (let i = 0; i < count; i++) asns.push(checkAsn(fourOctets ? r.u32() : r.u16()));
    segments.push({ type, asns });
  }
  return segments;
}

/** RFC 7607 2: zero is no AS number. */
function checkAsn(asn: Asn): Asn {
  if (asn === 0) throw invalid('MALFORMED_AS_PATH', 'AS number 0');
  return asn;
}

function putSegments(w: Writer, segments: readonly AsPathSegment[], fourOctets: boolean): void {
  for (const { type, asns } of segments) {
    for (let from = 0; from < asns.length; from += MAX_SEGMENT_LENGTH) {
      const end = Math.min(from + MAX_SEGMENT_LENGTH, asns.length);
      w.u8(SEGMENT_CODE[type]).u8(end - from);
      for (let i = from; i < end; i++) putAsn(w, asns[i]!, fourOctets);
    }
  }
}

function putAsn(w: Writer, asn: Asn, fourOctets: boolean): void {
  if (fourOctets) w.u32(asn);
  else w.u16(asn > MAX_TWO_OCTET_AS ? AS_TRANS : asn);
}

function readAggregator(r: Reader, fourOctets: boolean): Aggregator {
  const asn = fourOctets ? r.u32() : r.u16();
  const address = r.u32();
  if (asn === 0) throw invalid('OPTIONAL_ATTRIBUTE_ERROR', 'AS number 0'); // RFC 7607 2
  return { asn, address };
}

export const asPath = attribute({
  code: ATTRIBUTE.AS_PATH,
  name: 'AS_PATH',
  flags: WELL_KNOWN,
  field: 'asPath',
  onError: 'withdraw',
  mayBeEmpty: true,
  decode: (r, { fourOctetAs, peerType }) => {
    const segments = readSegments(r, fourOctetAs);
    if (peerType === 'ebgp' && segments.some(isConfed)) {
      throw invalid('MALFORMED_AS_PATH', 'a confederation segment from outside of the confederation'); // RFC 5065 5
    }
    return segments;
  },
  encode: (w, value, { fourOctetAs }) => putSegments(w, value, fourOctetAs),
});

export const as4Path = attribute({
  code: ATTRIBUTE.AS4_PATH,
  name: 'AS4_PATH',
  flags: OPTIONAL_TRANSITIVE,
  field: 'as4Path',
  onError: 'discard', // RFC 6793 6
  between: ({ fourOctetAs }) => !fourOctetAs,
  decode: (r) => readSegments(r, true).filter((segment) => !isConfed(segment)), // RFC 6793 6
  encode: (w, value) => putSegments(w, value, true),
});

export const aggregator = attribute({
  code: ATTRIBUTE.AGGREGATOR,
  name: 'AGGREGATOR',
  flags: OPTIONAL_TRANSITIVE,
  field: 'aggregator',
  onError: 'discard',
  decode: (r, { fourOctetAs }) => readAggregator(r, fourOctetAs),
  encode: (w, value, { fourOctetAs }) => {
    putAsn(w, value.asn, fourOctetAs);
    w.u32(value.address);
  },
});

export const as4Aggregator = attribute({
  code: ATTRIBUTE.AS4_AGGREGATOR,
  name: 'AS4_AGGREGATOR',
  flags: OPTIONAL_TRANSITIVE,
  field: 'as4Aggregator',
  onError: 'discard', // RFC 6793 6
  between: ({ fourOctetAs }) => !fourOctetAs,
  decode: (r) => readAggregator(r, true),
  encode: (w, value) => w.u32(value.asn).u32(value.address),
});
