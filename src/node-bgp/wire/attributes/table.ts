// All path attributes that this library knows, in ascending order of their codes. MP_REACH_NLRI and MP_UNREACH_NLRI are
// not among them: they carry prefixes and are taken out of the UPDATE before (../update.ts).

import { aggregator, as4Aggregator, as4Path, asPath } from './as-path.ts';
import { atomicAggregate, localPref, multiExitDisc, nextHop, origin } from './basic.ts';
import { communities, extendedCommunities, largeCommunities } from './communities.ts';
import { clusterList, originatorId } from './reflection.ts';
import { onlyToCustomer } from './roles.ts';
import type { AttributeRow } from './row.ts';

export const ATTRIBUTE_ROWS: readonly AttributeRow[] = [
  origin,
  asPath,
  nextHop,
  multiExitDisc,
  localPref,
  atomicAggregate,
  aggregator,
  communities,
  originatorId,
  clusterList,
  extendedCommunities,
  as4Path,
  as4Aggregator,
  largeCommunities,
  onlyToCustomer,
];

const ROW_OF_CODE: readonly (AttributeRow | undefined)[] = Array.from({ length: 256 }, (_, code) =>
  ATTRIBUTE_ROWS.find((row) => row.code === code),
);

export function attributeRow(code: number): AttributeRow | undefined {
  return ROW_OF_CODE[code];
}
