// ONLY_TO_CUSTOMER (OTC, RFC 9234 5). Who may pass such a route on to whom is the router's to say.

import { ATTRIBUTE } from '../iana.ts';
import { attribute, OPTIONAL_TRANSITIVE, putU32, u32 } from './row.ts';

export const onlyToCustomer = attribute({
  code: ATTRIBUTE.ONLY_TO_CUSTOMER,
  name: 'ONLY_TO_CUSTOMER',
  flags: OPTIONAL_TRANSITIVE,
  field: 'onlyToCustomer',
  onError: 'withdraw',
  decode: u32,
  encode: putU32,
});
