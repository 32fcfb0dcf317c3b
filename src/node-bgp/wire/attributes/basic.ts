// ORIGIN, NEXT_HOP, MULTI_EXIT_DISC, LOCAL_PREF, ATOMIC_AGGREGATE (RFC 4271 5.1, RFC 7606 7.1, 7.3 to 7.6).

import { addressBytes, addressFromBytes } from '../../ip/index.ts';
import { ATTRIBUTE, ORIGIN } from '../iana.ts';
import { isHostAddress } from '../next-hop.ts';
import type { Origin } from '../types.ts';
import { attribute, invalid, OPTIONAL_NON_TRANSITIVE, putU32, u32, WELL_KNOWN } from './row.ts';

export const origin = attribute({
  code: ATTRIBUTE.ORIGIN,
  name: 'ORIGIN',
  flags: WELL_KNOWN,
  field: 'origin',
  onError: 'withdraw',
  decode: (r) => {
    const value = r.u8();
    if (value > ORIGIN.INCOMPLETE) throw invalid('INVALID_ORIGIN', `ORIGIN ${value}`);
    return value as Origin;
  },
  encode: (w, value) => w.u8(value),
});

export const nextHop = attribute({
  code: ATTRIBUTE.NEXT_HOP,
  name: 'NEXT_HOP',
  flags: WELL_KNOWN,
  field: 'nextHop',
  onError: 'withdraw',
  decode: (r) => {
    const bytes = r.view(4);
    const address = addressFromBytes(bytes);
    if (!isHostAddress(bytes)) throw invalid('INVALID_NEXT_HOP', `NEXT_HOP ${address}`);
    return address;
  },
  encode: (w, value) => w.bytes(addressBytes(value)),
});

export const multiExitDisc = attribute({
  code: ATTRIBUTE.MULTI_EXIT_DISC,
  name: 'MULTI_EXIT_DISC',
  flags: OPTIONAL_NON_TRANSITIVE,
  field: 'med',
  onError: 'withdraw',
  decode: u32,
  encode: putU32,
});

export const localPref = attribute({
  code: ATTRIBUTE.LOCAL_PREF,
  name: 'LOCAL_PREF',
  flags: WELL_KNOWN,
  field: 'localPref',
  onError: 'withdraw',
  between: ({ peerType }) => peerType !== 'ebgp', // RFC 4271 5.1.5, RFC 5065 5
  decode: u32,
  encode: putU32,
});

export const atomicAggregate = attribute({
  code: ATTRIBUTE.ATOMIC_AGGREGATE,
  name: 'ATOMIC_AGGREGATE',
  flags: WELL_KNOWN,
  field: 'atomicAggregate',
  onError: 'discard',
  mayBeEmpty: true,
  decode: () => true,
  encode: () => {},
});
