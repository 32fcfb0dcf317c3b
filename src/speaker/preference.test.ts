import { expect, it } from 'vitest';
import { ExternalPeer } from './external-peer.fixture.ts';
import { block, calico, Lab, MESH_OFF, node, POOLS, SECOND } from './simulation.fixture.ts';

const TOR = '10.0.0.99';
const TOR_NAME = 'Global_10_0_0_99';
const BLOCK = '10.65.1.0/26';

it('the preference of a peer counts against routes of our own, from the next intent on', () => {
  const lab = new Lab(
    POOLS + MESH_OFF + node(1) + block(1) + calico('BGPPeer', 'tor', { peerIP: TOR, asNumber: 65001 }),
  );
  const tor = new ExternalPeer(lab, TOR, { towards: '10.0.0.1', bgpIdentifier: 1 });
  lab.start();
  lab.converge();
  tor.announce([BLOCK]);
  lab.run(SECOND);
  const router = lab.router('node-1');
  const best = () => router.page(BLOCK).find((route) => route.best)?.protocol;
  const prefer = (preference: number | undefined) => {
    const intent = router.speaker!.intent!;
    const { preference: _, ...peer } = intent.peers.get(TOR_NAME)!;
    const changed = preference === undefined ? peer : { ...peer, preference };
    router.input({ type: 'intent', intent: { ...intent, peers: new Map([[TOR_NAME, changed]]) } });
    lab.run(SECOND);
    return best();
  };
  expect([best(), prefer(250), prefer(undefined)]).toEqual(['static1', TOR_NAME, 'static1']);
});
