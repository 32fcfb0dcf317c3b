import { encodeRouteRefresh, REFRESH_SUBTYPE } from 'node-bgp';
import { describe, expect, it } from 'vitest';
import { ExternalPeer, type ExternalPeerOptions } from './external-peer.fixture.ts';
import { Lab, MINUTE, reflector, SECOND } from './simulation.fixture.ts';

const RR = '10.9.0.1';
const A = '10.65.1.0/24';
const B = '10.65.2.0/24';

const { BEGIN, END } = REFRESH_SUBTYPE;

function lab(options: Partial<ExternalPeerOptions> = {}) {
  const addresses = ['10.9.0.11', '10.9.0.12'];
  const peers = addresses.map((address) => ({ address }));
  const world = new Lab(reflector('rr', { routerId: RR, asNumber: 64512, listenAddresses: [RR], peers }));
  const [sender, other] = addresses.map(
    (address, i) =>
      new ExternalPeer(world, address, { towards: RR, localAs: 64512, bgpIdentifier: 0x0a090010 + i, ...options }),
  ) as [ExternalPeer, ExternalPeer];
  world.start();
  world.run(5 * SECOND);
  sender.announce([A, B]);
  world.run(SECOND);
  const mark = (subtype: number) => sender.send(encodeRouteRefresh({ type: 'routeRefresh', afi: 1, safi: 1, subtype }));
  return { world, sender, other, mark };
}

describe('a peer that tells its table again (RFC 7313 4)', () => {
  it('has withdrawn what it does not tell, and nothing before its end', () => {
    const { world, sender, other, mark } = lab();
    mark(BEGIN);
    sender.announce([A]);
    world.run(SECOND);
    expect(other.prefixes()).toEqual([A, B]);
    mark(END);
    world.run(SECOND);
    expect(other.prefixes()).toEqual([A]);
    expect(other.heard.filter((what) => what.includes(A))).toEqual([A]);
  });

  it('and never comes to the end is not waited for longer than two minutes', () => {
    const { world, sender, other, mark } = lab();
    mark(BEGIN);
    sender.announce([A]);
    world.run(MINUTE);
    expect(other.prefixes()).toEqual([A, B]);
    world.run(2 * MINUTE);
    expect([other.prefixes(), sender.established]).toEqual([[A], 1]);
  });

  it.each<[string, Partial<ExternalPeerOptions>, readonly number[]]>([
    ['an end without a beginning', {}, [END]],
    ['marks that were not agreed on', { enhancedRouteRefresh: false }, [BEGIN, END]],
  ])('changes nothing by %s', (_, options, marks) => {
    const { world, other, mark } = lab(options);
    for (const subtype of marks) mark(subtype);
    world.run(SECOND);
    expect(other.prefixes()).toEqual([A, B]);
  });
});
