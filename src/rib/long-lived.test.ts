import { COMMUNITY } from 'node-bgp';
import { describe, expect, it } from 'vitest';
import { addCommunity, deleteCommunity, policy, prefixIn, setLocalPref, when } from '../policy/index.ts';
import { makeRib, settle, TestPeer } from './rib.fixture.ts';

const [A, B] = ['10.65.1.0/26', '10.65.2.0/26'] as const;
const { LLGR_STALE, NO_LLGR } = COMMUNITY;

function clients() {
  const rib = makeRib();
  const away = new TestPeer(rib, 2, { client: true });
  const knowing = new TestPeer(rib, 3, { client: true, llgrAware: true });
  const unknowing = new TestPeer(rib, 4, { client: true });
  const run = () => settle(rib, [away, knowing, unknowing]);
  const told = () => [knowing, unknowing].map(({ table }) => [...table].sort(([a], [b]) => (a < b ? -1 : 1)).map(([prefix, { communities = [] }]) => [prefix, ...communities])); // biome-ignore format: one line
  return { rib, away, run, told };
}

describe('paths of a peer that stays away (RFC 9494)', () => {
  it('are marked, and told to those only who know what that means', () => {
    const { away, run, told } = clients();
    away.announce([A], { communities: [7] });
    run();
    away.stayAway();
    run();
    expect(told()).toEqual([[[A, 7, LLGR_STALE]], []]);
    expect(away.source).toMatchObject({ received: 1, accepted: 1 });
  });

  it('go where they, or the import policy, say that they are not to be kept so long', () => {
    const { away, run, told } = clients();
    away.announce([A], { communities: [NO_LLGR] });
    away.announce([B]);
    run();
    away.stayAway(policy('none', 'accept', [addCommunity('65535:7')]));
    run();
    expect(told()).toEqual([[], []]);
    expect(away.source).toMatchObject({ received: 1, accepted: 0 });
  });

  it('keep the mark whatever the import policy takes off, and lose it when they are announced again', () => {
    const { away, run, told } = clients();
    away.announce([A, B], { communities: [7] });
    run();
    away.stayAway();
    away.refilter(policy('bare', 'accept', [when(prefixIn([A, B]), deleteCommunity('65535:6'), setLocalPref(5))]));
    run();
    expect(told()[0]).toEqual([[A, 7, LLGR_STALE], [B, 7, LLGR_STALE]]); // biome-ignore format: one line
    away.announce([A], { communities: [7] });
    run();
    expect(told()).toEqual([[[A, 7], [B, 7, LLGR_STALE]], [[A, 7]]]); // biome-ignore format: one line
    away.rib.adjRibIn.removeAll(away.source, true);
    run();
    expect(told()).toEqual([[[A, 7]], [[A, 7]]]);
  });
});
