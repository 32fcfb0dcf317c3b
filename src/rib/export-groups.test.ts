import { describe, expect, it } from 'vitest';
import { type Policy, policy, prefixIn, reject, when } from '../policy/index.ts';
import { makeRib, settle, TestPeer } from './rib.fixture.ts';

const A = '10.1.0.0/16';
const B = '10.2.0.0/16';
const WITHOUT_A: Policy = policy('without A', 'accept', [when(prefixIn([A]), reject())]);
const WITHOUT_B: Policy = policy('without B', 'accept', [when(prefixIn([B]), reject())]);

describe('a peer that waits for its group to be filled', () => {
  it('gets what its options say by then, not what they said when it began to wait', () => {
    const rib = makeRib();
    const teller = new TestPeer(rib, 1, { type: 'ebgp' });
    teller.announce([A, B]);
    settle(rib, [teller]);
    const peer = new TestPeer(rib, 2);
    rib.groups.change(new Map([[peer.source.id, peer.groupOptions(WITHOUT_A)]]));
    settle(rib, [teller, peer]);
    expect([peer.prefixes(), peer.endOfRibs, rib.groups.size]).toEqual([[B], 1, 2]);
  });

  it('stays where it is when the change is taken back before it has moved', () => {
    const rib = makeRib();
    const [teller, peer, other] = [new TestPeer(rib, 1, { type: 'ebgp' }), new TestPeer(rib, 2), new TestPeer(rib, 3)];
    teller.announce([A, B]);
    settle(rib, [teller, peer, other]);
    const change = (options: ReturnType<TestPeer['groupOptions']>) =>
      rib.groups.change(new Map([[peer.source.id, options]]));
    change(peer.groupOptions(WITHOUT_A));
    change(peer.groupOptions());
    settle(rib, [teller, peer, other]);
    expect([peer.prefixes(), other.prefixes(), rib.groups.size]).toEqual([[A, B], [A, B], 2]);
    change(peer.groupOptions(WITHOUT_A));
    change(peer.groupOptions(WITHOUT_B));
    settle(rib, [teller, peer, other]);
    expect([peer.prefixes(), other.prefixes(), rib.groups.size]).toEqual([[A], [A, B], 3]);
  });

  it('is not drawn into the change of those who are in the group already', () => {
    const rib = makeRib();
    const [teller, first, second] = [
      new TestPeer(rib, 1, { type: 'ebgp' }),
      new TestPeer(rib, 2),
      new TestPeer(rib, 3),
    ];
    teller.announce([A, B]);
    settle(rib, [teller, first, second]);
    const both = (policy: Policy) =>
      rib.groups.change(new Map([first, second].map((peer) => [peer.source.id, peer.groupOptions(policy)])));
    both(WITHOUT_A); // the group is looked through again, and admits nobody until that is done
    const late = new TestPeer(rib, 4, { exportPolicy: WITHOUT_A });
    both(WITHOUT_B);
    settle(rib, [teller, first, second, late]);
    expect([first, second, late].map((peer) => peer.prefixes())).toEqual([[A], [A], [B]]);
  });

  it('leaves no group behind when it goes before it was let in', () => {
    const rib = makeRib();
    const teller = new TestPeer(rib, 1, { type: 'ebgp' });
    teller.announce([A]);
    settle(rib, [teller]);
    const peer = new TestPeer(rib, 2);
    rib.groups.leave(peer.source.id);
    settle(rib, [teller]);
    expect([rib.groups.size, rib.isClean]).toEqual([1, true]);
  });
});

describe('End-of-RIB', () => {
  it('stands behind everything that the table held when the peer came', () => {
    const rib = makeRib();
    const [teller, first] = [new TestPeer(rib, 1, { type: 'ebgp' }), new TestPeer(rib, 2)];
    teller.announce([A]);
    settle(rib, [teller, first]);
    teller.announce([B]);
    settle(rib, [teller, first]);
    const late = new TestPeer(rib, 3);
    rib.recycle(rib.flush(1000));
    while (late.endOfRibs === 0) late.pull(1);
    expect(late.prefixes()).toEqual([A, B]);
  });

  it('is told to a peer that moves to another group first, be its table empty', () => {
    const rib = makeRib();
    const [first, peer] = [new TestPeer(rib, 1), new TestPeer(rib, 2)];
    rib.recycle(rib.flush(1000));
    rib.groups.change(new Map([[peer.source.id, peer.groupOptions(WITHOUT_A)]]));
    settle(rib, [first, peer]);
    expect([first.endOfRibs, peer.endOfRibs, rib.groups.allUpToDate()]).toEqual([1, 1, true]);
  });

  it('is the only UPDATE among the marks of a refresh', () => {
    const rib = makeRib();
    const [teller, peer] = [new TestPeer(rib, 1, { type: 'ebgp' }), new TestPeer(rib, 2)];
    teller.announce([A]);
    settle(rib, [teller, peer]);
    rib.groups.resend(peer.source.id, Uint8Array.of(1), Uint8Array.of(2));
    rib.recycle(rib.flush(1000));
    const told: [number, number][] = [];
    rib.groups.memberOf(peer.source.id)!.pull(1e6, (bytes, messages) => told.push([bytes.length, messages]));
    expect([told[0], told.at(-1), told.reduce((sum, [, messages]) => sum + messages, 0)]).toEqual([[1, 0], [1, 0], 1]);
  });
});

describe('what is known of a source', () => {
  it('may change: that its peer is a client now, all others are told', () => {
    const rib = makeRib();
    const [teller, peer] = [new TestPeer(rib, 1), new TestPeer(rib, 2)];
    teller.announce([A]);
    settle(rib, [teller, peer]);
    expect(peer.prefixes()).toEqual([]);
    rib.redescribe(teller.source, { ...teller.source.info, routeReflectorClient: true });
    settle(rib, [teller, peer]);
    expect(peer.prefixes()).toEqual([A]);
    rib.redescribe(teller.source, { ...teller.source.info, routeReflectorClient: false });
    settle(rib, [teller, peer]);
    expect(peer.prefixes()).toEqual([]);
  });
});

describe('a group of one peer', () => {
  it('does not work out what that peer has announced itself', () => {
    const rib = makeRib();
    const teller = new TestPeer(rib, 1, { type: 'ebgp' });
    settle(rib, [teller]);
    teller.announce([A, B]);
    settle(rib, [teller]);
    const group = rib.groups.groupOf(teller.source.id)!;
    expect([group.packedOctets, group.advertisedTo(teller.source.id)]).toEqual([0, 0]);
  });

  it('tells a second one everything before End-of-RIB, and the first nothing of its own', () => {
    const rib = makeRib();
    const [teller, other] = [new TestPeer(rib, 1, { type: 'ebgp' }), new TestPeer(rib, 2)];
    settle(rib, [teller, other]);
    teller.announce([A]);
    other.announce([B]);
    settle(rib, [teller, other]);
    const octets = teller.octets;
    const second = new TestPeer(rib, 3, { type: 'ebgp' });
    rib.recycle(rib.flush(1000));
    while (second.endOfRibs === 0) {
      rib.recycle(rib.flush(1000));
      second.pull(1);
    }
    settle(rib, [teller, other, second]);
    expect([second.prefixes(), teller.prefixes(), teller.octets]).toEqual([[A, B], [B], octets]);
    expect(rib.groups.groupOf(teller.source.id)!.advertisedTo(second.source.id)).toBe(2);
  });

  it('takes back from a second one what its own routes have replaced since the snapshot that both begin with', () => {
    const rib = makeRib();
    const [other, first] = [new TestPeer(rib, 9, { type: 'ebgp' }), new TestPeer(rib, 1, { client: true })];
    other.announce([A]);
    settle(rib, [other, first]);
    const second = new TestPeer(rib, 2, { client: true });
    second.announce([A]);
    rib.groups.resend(first.source.id, undefined, undefined);
    settle(rib, [other, first, second]);
    expect([other.prefixes(), first.prefixes(), second.prefixes()]).toEqual([[A], [A], []]);
  });

  it('is told what the other one had, when that one leaves and its routes stay', () => {
    const rib = makeRib();
    const [first, second] = [new TestPeer(rib, 1, { type: 'ebgp' }), new TestPeer(rib, 2, { type: 'ebgp' })];
    settle(rib, [first, second]);
    first.announce([A]);
    second.announce([B]);
    settle(rib, [first, second]);
    rib.groups.leave(first.source.id);
    second.withdraw([B]);
    settle(rib, [second]);
    second.announce([B]);
    settle(rib, [second]);
    expect([second.prefixes(), rib.groups.memberOf(second.source.id)!.isUpToDate]).toEqual([[A], true]);
    rib.groups.leave(second.source.id);
    const third = new TestPeer(rib, 3, { type: 'ebgp' });
    settle(rib, [third]);
    expect(third.prefixes()).toEqual([A, B]);
  });
});
