// topologies/tor.yaml with real Caracal processes, real BIRDs as top-of-rack routers, real kernels and real packets.

import { expect, test } from 'vitest';
import { expectKernelRoutes, expectPing, LAB_TIMEOUT_MS, useTopology } from '../lab/lab-checks.ts';
import { describeWith } from '../requirements.ts';
import { eventually, Flood, shownRoutes } from './scenario.ts';

/** Routes of other ASes: Felix's, with lower metrics, always win. */
const FOREIGN = 'metric 2147483547';
const RACK_A = {
  'node-a1': ['blackhole 10.65.0.0/26', `10.65.0.64/26 via 192.0.2.2 dev eth0 ${FOREIGN}`],
  'node-a2': ['blackhole 10.65.0.64/26', `10.65.0.0/26 via 192.0.2.1 dev eth0 ${FOREIGN}`],
};
const TO_RACK_B = ['10.65.1.0/26', '10.65.1.64/26'].map((block) => `${block} via 192.0.2.254 dev eth0 ${FOREIGN}`);
const RACK_B = {
  'node-b1': ['blackhole 10.65.1.0/26', '10.65.1.64/26 via 198.51.100.2 dev eth0 metric 1024'],
  'node-b2': ['blackhole 10.65.1.64/26', '10.65.1.0/26 via 198.51.100.1 dev eth0 metric 1024'],
};
const TO_RACK_A = ['10.65.0.0/26', '10.65.0.64/26'].map((block) => `${block} via 198.51.100.254 dev eth0 ${FOREIGN}`);

describeWith(['namespaces', 'ip', 'ping', 'bird', 'birdc'], 'racks with a top-of-rack router', () => {
  const lab = useTopology('tor');

  test('have direct routes inside a rack and routes through its router to the other', async () => {
    for (const [node, routes] of Object.entries(RACK_A))
      await expectKernelRoutes(lab(), node, [...routes, ...TO_RACK_B]);
    for (const [node, routes] of Object.entries(RACK_B))
      await expectKernelRoutes(lab(), node, [...routes, ...TO_RACK_A]);
  });

  test('carry packets inside a rack and between racks', async () => {
    await expectPing(lab(), 'web-a1', '10.65.0.66');
    await expectPing(lab(), 'web-a1', '10.65.1.66');
    await expectPing(lab(), 'web-b1', '10.65.0.66');
  });

  test('lead to the owner of a block, also where another node of the rack tells of it', async () => {
    // iBGP inside rack b and `nextHopMode: Keep` towards the router: both nodes tell it of both blocks.
    const routes = async () => (await shownRoutes(lab(), 'tor-b')).filter((line) => line.startsWith('10.65.1.'));
    await eventually(routes, [
      '10.65.1.0/26 via 198.51.100.1 dev eth0 metric 32',
      '10.65.1.64/26 via 198.51.100.2 dev eth0 metric 32',
    ]);
  });

  test(
    'lose no packet while a daemon is killed and started again',
    async () => {
      const floods = ['10.65.0.66', '10.65.1.66'].map((to) => new Flood(lab(), 'web-a1', '10.65.0.2', to));
      await eventually(() => floods.every(({ answered }) => answered > 10), true);
      await lab().stop('node-a1', 'SIGKILL');
      lab().start('node-a1');
      await eventually(async () => {
        const status = await lab().status('node-a1');
        return [status?.agent.recovering, status?.bgp.numberEstablishedV4, status?.kernel.installed];
      }, [false, 1, 4]);
      const results = await Promise.all(floods.map((flood) => flood.stop()));
      expect(results.map(({ lost }) => lost)).toEqual([0, 0]);
      await expectKernelRoutes(lab(), 'node-a1', [...RACK_A['node-a1'], ...TO_RACK_B]);
    },
    LAB_TIMEOUT_MS,
  );

  test(
    'forget a whole rack at once, and have it again',
    async () => {
      const birdc = (word: string, protocol: string) =>
        lab().run('tor-b', ['birdc', '-s', lab().paths('tor-b').socket, word, protocol]);
      for (const session of ['node_b1', 'node_b2']) await birdc('disable', session);
      for (const [node, routes] of Object.entries(RACK_A)) await expectKernelRoutes(lab(), node, routes);
      const kernel = (await lab().status('node-a1'))?.kernel;
      expect(kernel).toMatchObject({ wanted: 2, installed: 2 });
      for (const session of ['node_b1', 'node_b2']) await birdc('enable', session);
      for (const [node, routes] of Object.entries(RACK_A))
        await expectKernelRoutes(lab(), node, [...routes, ...TO_RACK_B]);
      await expectPing(lab(), 'web-a1', '10.65.1.66');
    },
    LAB_TIMEOUT_MS,
  );
});
