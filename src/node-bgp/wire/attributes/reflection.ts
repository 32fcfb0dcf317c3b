// ORIGINATOR_ID and CLUSTER_LIST (RFC 4456 8, RFC 7606 7.9, 7.10): they live inside one AS and nowhere else.

import { ATTRIBUTE } from '../iana.ts';
import { attribute, listOf, OPTIONAL_NON_TRANSITIVE, putList, putU32, u32 } from './row.ts';

export const originatorId = attribute({
  code: ATTRIBUTE.ORIGINATOR_ID,
  name: 'ORIGINATOR_ID',
  flags: OPTIONAL_NON_TRANSITIVE,
  field: 'originatorId',
  onError: 'withdraw',
  between: ({ peerType }) => peerType === 'ibgp',
  decode: u32,
  encode: putU32,
});

export const clusterList = attribute({
  code: ATTRIBUTE.CLUSTER_LIST,
  name: 'CLUSTER_LIST',
  flags: OPTIONAL_NON_TRANSITIVE,
  field: 'clusterList',
  onError: 'withdraw',
  between: ({ peerType }) => peerType === 'ibgp',
  decode: listOf(u32),
  encode: putList(putU32),
});
