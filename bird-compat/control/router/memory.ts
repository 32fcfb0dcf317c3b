// How much the tables take, worked out from how many things are in them: what a process takes as a whole is known to the
// system, what of it is whose is not.

import type { Speaker } from '../../../src/speaker/index.ts';
import type { MemoryView } from '../types.ts';

/** Octets of typed arrays and hash slots for each. */
const A_PREFIX = 4 + 1 + 16 + 4 + 4;
const A_PATH = 8 * 4 + 2 + 1;
const AN_ATTRIBUTE_SET = 160;
const A_SESSION = 16_384;
const A_CONFIGURATION = 65_536;

export function memoryOf(speaker: Speaker): readonly MemoryView[] {
  const { ipv4, ipv6 } = speaker.families;
  let tables = 0;
  let reserved = 0;
  for (const { rib } of [ipv4, ipv6]) {
    const { prefixes, paths } = rib.tables;
    tables += prefixes.size * A_PREFIX + paths.size * A_PATH;
    reserved += prefixes.capacity * A_PREFIX + paths.capacity * A_PATH;
  }
  const attributes = ipv4.rib.tables.attributes.size * AN_ATTRIBUTE_SET;
  const protocols = [...speaker.sessions.all()].length * A_SESSION;
  const rows: readonly MemoryView[] = [
    { name: 'tables', effective: tables, overhead: Math.max(0, reserved - tables) },
    { name: 'attributes', effective: attributes, overhead: 0 },
    { name: 'roa', effective: 0, overhead: 0 },
    { name: 'protocols', effective: protocols, overhead: 0 },
    { name: 'configuration', effective: A_CONFIGURATION, overhead: 0 },
  ];
  const sum = (which: 'effective' | 'overhead') => rows.reduce((total, each) => total + each[which], 0);
  return [...rows, { name: 'total', effective: sum('effective'), overhead: sum('overhead') }];
}
