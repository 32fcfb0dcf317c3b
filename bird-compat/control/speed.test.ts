import { expect, test } from 'vitest';
import { block, calico, node } from '../../src/speaker/resources.fixture.ts';
import { greeted, Lab, SECOND, serve, targetOf } from './control.fixture.ts';

const PEERS = 1000;

/** Generous: the machine has other things to do. Measured: 25 ms. */
const LIMIT = 400;

test(`what monitoring asks is answered for ${PEERS} peers at once`, { timeout: 60_000 }, async () => {
  const peers = Array.from({ length: PEERS }, (_, i) =>
    calico('BGPPeer', `peer-${i}`, { node: 'node-1', peerIP: `10.1.${i >> 8}.${i & 255}`, asNumber: 65000 }),
  );
  const lab = new Lab([1, 2].map((n) => node(n) + block(n)).join('') + peers.join(''));
  lab.start();
  lab.run(2 * SECOND);
  const served = await serve(targetOf(lab.router('node-1'), lab));
  const client = await greeted(served.path);
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const began = performance.now();
    const answer = await client.ask('show protocols all');
    times.push(performance.now() - began);
    expect(answer.match(/^[ 1].*BGP {6}master/gm)).toHaveLength(PEERS + 1);
  }
  client.close();
  await served.close();
  expect(Math.min(...times)).toBeLessThan(LIMIT);
});
