// What the router does with BFD: whom it wants watched, and what becomes of a session that BFD finds dead.

import { expect, it } from 'vitest';
import type { Effect } from './index.ts';
import { block, calico, Lab, node, POOLS, type Router, reflector, SECOND } from './simulation.fixture.ts';

const SETTINGS = { multihop: false, minTransmit: 300, minReceive: 300, multiplier: 3 };
const WISH = { remote: '10.0.0.1', local: '10.0.0.9', settings: SETTINGS };
const TEXT = 'BFD has heard nothing from 10.0.0.1 for 900 ms';

const hub = (peer: object): string =>
  reflector('hub', {
    ...{ routerId: '10.0.0.9', asNumber: 64512, listenAddresses: ['10.0.0.9'] },
    peers: [{ name: 'one', address: '10.0.0.1', ...peer }],
  });

function pair(peer: object = { bfd: {} }): { readonly lab: Lab; readonly router: Router } {
  const toHub = calico('BGPPeer', 'hub', { node: 'node-1', peerIP: '10.0.0.9', asNumber: 64512 });
  const lab = new Lab(POOLS + hub(peer) + node(1) + toHub);
  lab.start();
  lab.converge();
  return { lab, router: lab.router('hub') };
}

const ordered = ({ effects }: Router): Effect[] => effects.filter(({ type }) => type === 'bfd');

it('wants a peer watched as long as its intent says so, also while a session restarts', () => {
  const { lab, router } = pair();
  expect(ordered(router)).toEqual([{ type: 'bfd', peer: 'one', wish: WISH }]);
  lab.apply(hub({ bfd: { multihop: true, intervalMilliseconds: 50, multiplier: 5 } }));
  const faster = { multihop: true, minTransmit: 50, minReceive: 50, multiplier: 5 };
  expect(ordered(router).slice(1)).toEqual([{ type: 'bfd', peer: 'one', wish: { ...WISH, settings: faster } }]);
  expect(router.peer('one').counters.flaps).toBe(0);
  lab.apply(hub({}));
  expect(ordered(router).slice(2)).toEqual([{ type: 'bfd', peer: 'one' }]);
});

it('wants nobody watched where no intent says so', () => {
  expect(ordered(pair({}).router)).toEqual([]);
});

it('closes a session that BFD finds dead with Cease/BFD Down at once, says why, and tries again', () => {
  const { lab, router } = pair();
  lab.simulation.link('hub', 'node-1').cut();
  const at = lab.now;
  router.input({ type: 'bfdDown', peer: 'one', text: TEXT });
  expect(router.peer('one')).toMatchObject({
    state: 'Idle',
    since: at,
    lastError: { direction: 'sent', code: 6, subcode: 9, text: expect.stringContaining(TEXT) },
    counters: { flaps: 1, received: 0 },
  });
  expect(router.factsOf('peerDown', at)).toMatchObject([{ peer: 'one', wasEstablished: true }]);
  lab.simulation.link('hub', 'node-1').restore();
  lab.converge(30 * SECOND);
  expect(lab.router('node-1').peers()[0]).toMatchObject({ state: 'Established' });
});

it('does nothing about a peer that has no session, or is none any more', () => {
  const { lab, router } = pair();
  lab.router('node-1').kill();
  lab.run(5 * SECOND);
  const before = router.peer('one');
  router.input({ type: 'bfdDown', peer: 'one', text: TEXT });
  router.input({ type: 'bfdDown', peer: 'two', text: TEXT });
  expect(router.peer('one')).toEqual(before);
});

it('keeps the routes of a graceful peer, as if its connection had been lost', () => {
  const { lab, router } = pair();
  lab.apply(block(1));
  const intent = router.speaker.intent!;
  const one = intent.peers.get('one')!;
  const graceful = { ...one, bfd: { ...one.bfd!, graceful: true as const } };
  router.input({ type: 'intent', intent: { ...intent, peers: new Map([['one', graceful]]) } });
  lab.run(SECOND);
  const before = router.peer('one').counters.received;
  lab.simulation.link('hub', 'node-1').cut();
  router.input({ type: 'bfdDown', peer: 'one', text: TEXT });
  const { lastError, counters } = router.peer('one');
  expect([before, counters.received, counters.flaps]).toEqual([1, 1, 1]);
  expect(lastError).toMatchObject({ text: TEXT });
  expect(lastError?.code).toBeUndefined();
});
