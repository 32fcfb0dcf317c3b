import { describe, expect, it } from 'vitest';
import type { LocalRoute } from '../intent/types.ts';
import { makeRib, settle, TestPeer } from '../rib/rib.fixture.ts';
import { addLocalSources, StaticRoutes } from './local-routes.ts';

const BLOCK: LocalRoute = { prefix: '10.65.0.0/26', type: 'blackhole', origin: 'BlockAffinity a' };
const PEER: LocalRoute = {
  prefix: '192.0.2.1/32',
  type: 'via',
  gateway: '10.0.0.254',
  origin: 'BGPPeer a reachableBy',
};
const OTHER_FAMILY: LocalRoute = { prefix: 'fd00:65::/122', type: 'blackhole', origin: 'BlockAffinity b' };

function setUp() {
  const rib = makeRib();
  const neighbours = new Set(['10.0.0.254']);
  const statics = new StaticRoutes(rib, addLocalSources(rib).static, (gateway) => neighbours.has(gateway));
  const peer = new TestPeer(rib, 2);
  const told = () => {
    settle(rib, [peer]);
    return Object.fromEntries([...peer.table].map(([prefix, { nextHop }]) => [prefix, nextHop]));
  };
  return { statics, neighbours, told };
}

describe('routes of static1', () => {
  it('come and go with the intent, in the table of their family', () => {
    const { statics, told } = setUp();
    statics.apply({ added: [BLOCK, PEER, OTHER_FAMILY], removed: [] });
    expect(told()).toEqual({ '10.65.0.0/26': '10.0.0.254', '192.0.2.1/32': '10.0.0.254' });
    statics.apply({ added: [], removed: [BLOCK, OTHER_FAMILY] });
    expect(told()).toEqual({ '192.0.2.1/32': '10.0.0.254' });
    statics.apply({ added: [{ ...PEER, gateway: '10.0.0.253' }], removed: [PEER] });
    expect(told()).toEqual({});
  });

  it('lead through a gateway only while it is a neighbour', () => {
    const { statics, neighbours, told } = setUp();
    neighbours.clear();
    statics.apply({ added: [PEER], removed: [] });
    expect(told()).toEqual({});
    neighbours.add('10.0.0.254');
    statics.lookAgain();
    expect(told()).toEqual({ '192.0.2.1/32': '10.0.0.254' });
    neighbours.clear();
    statics.lookAgain();
    expect(told()).toEqual({});
  });
});
