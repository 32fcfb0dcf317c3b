// topologies/vm-reflector.yaml with real Caracal processes, real kernels and real packets.

import { expect, test } from 'vitest';
import { describeWith } from '../requirements.ts';
import { editResources, expectKernelRoutes, expectPing, LAB_TIMEOUT_MS, useTopology } from './lab-checks.ts';

const TO = {
  'node-1': '10.65.0.0/26 via 192.0.2.1 dev eth0 metric 1024',
  'node-2': '10.65.0.64/26 via 192.0.2.2 dev eth0 metric 1024',
  'node-3': '10.65.0.128/26 via 192.0.2.3 dev eth0 metric 1024',
};

describeWith(['namespaces', 'ip', 'ping'], 'a stand-alone reflector', () => {
  const lab = useTopology('vm-reflector', (built) => {
    editResources(built, 'node-1', (text) =>
      text.replace('peerIP: 192.0.2.100', 'peerIP: 192.0.2.100\n  maxRestartTime: 1s'),
    );
  });

  test('gives every node a route straight to the node that owns the block', async () => {
    await expectKernelRoutes(lab(), 'node-1', ['blackhole 10.65.0.0/26', TO['node-2'], TO['node-3']]);
    await expectKernelRoutes(lab(), 'node-2', ['blackhole 10.65.0.64/26', TO['node-1'], TO['node-3']]);
    await expectKernelRoutes(lab(), 'node-3', ['blackhole 10.65.0.128/26', TO['node-1'], TO['node-2']]);
    await expectPing(lab(), 'web-1', '10.65.0.66');
    await expectPing(lab(), 'web-3', '10.65.0.2');
  });

  test('has the nodes as clients, and leaves its own kernel alone', async () => {
    const status = await lab().status('reflector');
    expect(status?.bgp.peersV4.map((peer) => [peer.peerIP, peer.state, peer.routeReflectorClient])).toEqual([
      ['192.0.2.1', 'Established', true],
      ['192.0.2.2', 'Established', true],
      ['192.0.2.3', 'Established', true],
    ]);
    expect(await lab().kernelRoutes('reflector')).toEqual([]);
  });

  test(
    'withdraws the routes of a node that died',
    async () => {
      await lab().crash('node-2');
      await expectKernelRoutes(lab(), 'node-1', ['blackhole 10.65.0.0/26', TO['node-3']]);
      await expectKernelRoutes(lab(), 'node-3', ['blackhole 10.65.0.128/26', TO['node-1']]);
    },
    LAB_TIMEOUT_MS,
  );

  test(
    'reads the routes again after it was restarted',
    async () => {
      await lab().stop('reflector');
      lab().start('reflector');
      await lab().setLink('node-2', 'up');
      lab().start('node-2');
      await expectKernelRoutes(lab(), 'node-1', ['blackhole 10.65.0.0/26', TO['node-2'], TO['node-3']]);
      // The answer needs node-2's own routes, which may come later.
      await expectKernelRoutes(lab(), 'node-2', ['blackhole 10.65.0.64/26', TO['node-1'], TO['node-3']]);
      await expectPing(lab(), 'web-1', '10.65.0.66');
    },
    LAB_TIMEOUT_MS,
  );
});
