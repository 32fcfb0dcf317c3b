// Neighbours that come by themselves (`neighbor range` of BIRD 2) in the control socket: each is a protocol of its own, with
// the name that BIRD gives it.

import { expect, test } from 'vitest';
import { greeted, Lab, SECOND, serve, targetOf, withoutTimes } from '../../bird-compat/control/control.fixture.ts';
import { ExternalPeer } from '../../src/speaker/external-peer.fixture.ts';
import { reflector } from '../../src/speaker/resources.fixture.ts';
import { AS, notified, SimulatedBird } from './simulated-bird.ts';

const RANGE = `protocol bgp racks { local as ${AS}; neighbor range 10.0.0.0/24 internal; rr client;
  dynamic name "rack"; dynamic name digits 2; ipv4 { import all; export all; }; }`;

const bgpRows = (answer: string) => answer.split('\n').filter((line) => line.includes(' BGP '));

test('guests of a range are protocols, one by one, for as long as they are here', async () => {
  const bird = new SimulatedBird(RANGE, { bird: 2 });
  const own = async () => bgpRows(withoutTimes((await bird.ask('show protocols'))[0]!));
  const range = expect.stringMatching(/^ ?racks {6}BGP {8}--- {8}start {2}HH:MM:SS\.000 {2}Passive {7}$/);
  expect(await own()).toEqual([range]);
  const [first, second] = [bird.meet('10.0.0.7'), bird.meet('10.0.0.8')];
  expect(await own()).toEqual([
    range,
    expect.stringMatching(/^ rack01 {5}BGP {8}--- {8}up {5}HH:MM:SS\.\d{3} {2}Established {3}$/),
    expect.stringMatching(/^ rack02 {5}BGP {8}--- {8}up {5}HH:MM:SS\.\d{3} {2}Established {3}$/),
  ]);
  const [all, disabled] = await bird.ask('show protocols all "rack0*"', 'disable rack01 "maintenance"');
  expect(all!.split('\n').filter((line) => line.includes('Neighbor address'))).toEqual([
    '     Neighbor address: 10.0.0.7',
    '     Neighbor address: 10.0.0.8',
  ]);
  expect(disabled).toBe('0009-rack01: disabled\n0000 ');
  bird.lab.run(SECOND);
  expect([notified(first), notified(second)]).toEqual([['6.2'], []]);
});

test('guests of a listen range of a RouteReflector, too, in the socket of their family', async () => {
  const [address, range] = ['10.9.0.1', '10.9.1.0/24'];
  const racks = { range, name: 'racks', namePrefix: 'rack_', digits: 2 };
  const lab = new Lab(
    reflector('rr', { routerId: address, asNumber: AS, listenAddresses: [address], peers: [], listenRanges: [racks] }),
  );
  lab.start();
  new ExternalPeer(lab, '10.9.1.1', { towards: address, localAs: AS });
  lab.run(5 * SECOND);
  for (const [family, rows] of [
    ['ipv4', ['rack_01  BGP      master   up     HH:MM:SS    Established   ']],
    ['ipv6', []],
  ] as const) {
    const served = await serve(targetOf(lab.router('rr'), lab, {}, family));
    const client = await greeted(served.path);
    expect(bgpRows(withoutTimes(await client.ask('show protocols'))).map((row) => row.trimStart())).toEqual(rows);
    client.close();
    await served.close();
  }
});
