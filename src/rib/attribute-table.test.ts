import { type AttributeContext, type Attributes, encodeAttributes } from 'node-bgp';
import { describe, expect, it } from 'vitest';
import { AttributeTable, InternedSet } from './attribute-table.ts';

const PATH: Attributes = { origin: 0, asPath: [{ type: 'sequence', asns: [65001] }], nextHop: '10.0.0.7' };

function receive(table: AttributeTable, attributes: Attributes, peerType: AttributeContext['peerType']): InternedSet {
  const context: AttributeContext = { fourOctetAs: true, peerType };
  // As an internal peer would write it, so that what an external one must not send is there too.
  const raw = encodeAttributes(attributes, { fourOctetAs: true, peerType: 'ibgp' }, false);
  const outcome = table.source(raw, undefined, true, context);
  if (outcome.verdict !== 'ok' || !(outcome.set instanceof InternedSet)) throw new Error(outcome.verdict);
  return outcome.set;
}

describe('attributes that a peer sent', () => {
  it.each<[string, Attributes, AttributeContext['peerType'], number]>([
    ['LOCAL_PREF of an internal peer counts', { ...PATH, localPref: 2_147_482_623 }, 'ibgp', 2_147_482_623],
    ['an internal peer that says none means 100', PATH, 'ibgp', 100],
    ['of an external peer it is 100', PATH, 'ebgp', 100],
    ['whatever an external peer says', { ...PATH, localPref: 7 }, 'ebgp', 100],
  ])('have a LOCAL_PREF: %s', (_, attributes, peerType, localPref) => {
    expect(receive(new AttributeTable(), attributes, peerType).attributes).toEqual({ ...PATH, localPref });
  });

  it('are found again by their bytes and not decoded twice', () => {
    const table = new AttributeTable();
    const first = receive(table, PATH, 'ebgp');
    const again = receive(table, PATH, 'ebgp');
    expect([again.id, table.size]).toEqual([first.id, 1]);
    expect(again.attributes).toBe(first.attributes);
  });
});
