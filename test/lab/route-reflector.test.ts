// topologies/route-reflector.yaml with real Caracal processes, real kernels and real packets.

import { expect, test } from 'vitest';
import { describeWith } from '../requirements.ts';
import { editResources, expectKernelRoutes, expectPing, LAB_TIMEOUT_MS, useTopology } from './lab-checks.ts';

const TO = {
  'node-1': '10.65.0.0/26 via 192.0.2.1 dev eth0 metric 1024',
  'node-2': '10.65.0.64/26 via 192.0.2.2 dev eth0 metric 1024',
  'node-3': '10.65.0.128/26 via 192.0.2.3 dev eth0 metric 1024',
  'node-4': '10.65.0.192/26 via 192.0.2.4 dev eth0 metric 1024',
};

describeWith(['namespaces', 'ip', 'ping'], 'two reflectors in the cluster', () => {
  const lab = useTopology('route-reflector', (built) => {
    editResources(built, 'node-1', (text) =>
      text.replace("peerSelector: role == 'reflector'", "peerSelector: role == 'reflector'\n  maxRestartTime: 1s"),
    );
  });

  test('give every node a route straight to the node that owns the block', async () => {
    await expectKernelRoutes(lab(), 'node-1', ['blackhole 10.65.0.0/26', TO['node-2'], TO['node-3'], TO['node-4']]);
    await expectKernelRoutes(lab(), 'node-4', ['blackhole 10.65.0.192/26', TO['node-1'], TO['node-2'], TO['node-3']]);
    await expectKernelRoutes(lab(), 'reflector-1', Object.values(TO));
    await expectKernelRoutes(lab(), 'reflector-2', Object.values(TO));
  });

  test('are the only peers of a node, which carries packets to the pods of the others', async () => {
    const status = await lab().status('node-1');
    expect(status?.bgp.peersV4.map(({ peerIP, state }) => [peerIP, state])).toEqual([
      ['192.0.2.11', 'Established'],
      ['192.0.2.12', 'Established'],
    ]);
    await expectPing(lab(), 'web-1', '10.65.0.66');
    await expectPing(lab(), 'web-4', '10.65.0.130');
  });

  test(
    'may lose one of them without the loss of a route',
    async () => {
      await lab().crash('reflector-2');
      await expectKernelRoutes(lab(), 'node-1', ['blackhole 10.65.0.0/26', TO['node-2'], TO['node-3'], TO['node-4']]);
      await expectPing(lab(), 'web-1', '10.65.0.194');
    },
    LAB_TIMEOUT_MS,
  );

  test(
    'withdraw the routes of a node that died',
    async () => {
      await lab().crash('node-2');
      await expectKernelRoutes(lab(), 'node-1', ['blackhole 10.65.0.0/26', TO['node-3'], TO['node-4']]);
      await expectKernelRoutes(lab(), 'reflector-1', [TO['node-1'], TO['node-3'], TO['node-4']]);
    },
    LAB_TIMEOUT_MS,
  );
});
