// topologies/full-mesh.yaml with real Caracal processes, real kernels and real packets.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { waitUntilConverged } from '../../topologies/convergence.ts';
import { describeWith } from '../requirements.ts';
import { editResources, expectKernelRoutes, expectPing, LAB_TIMEOUT_MS, useTopology } from './lab-checks.ts';

const OWN = {
  'node-1': ['blackhole 10.65.0.0/26', 'blackhole fd00:65::/122'],
  'node-2': ['blackhole 10.65.0.64/26', 'blackhole fd00:65::40/122'],
  'node-3': ['blackhole 10.65.0.128/26', 'blackhole fd00:65::80/122'],
};
const TO = {
  'node-1': ['10.65.0.0/26 via 192.0.2.1 dev eth0 metric 1024', 'fd00:65::/122 via 2001:db8:2::1 dev eth0 metric 1024'],
  'node-2': [
    '10.65.0.64/26 via 192.0.2.2 dev eth0 metric 1024',
    'fd00:65::40/122 via 2001:db8:2::2 dev eth0 metric 1024',
  ],
  'node-3': [
    '10.65.0.128/26 via 192.0.2.3 dev eth0 metric 1024',
    'fd00:65::80/122 via 2001:db8:2::3 dev eth0 metric 1024',
  ],
};

describeWith(['namespaces', 'ip', 'ping'], 'the full mesh', () => {
  const lab = useTopology('full-mesh', (built) => {
    // How long the others keep the routes of a node that died: two minutes, unless the mesh says otherwise.
    editResources(built, 'node-1', (text) =>
      text.replace('nodeToNodeMeshEnabled: true', 'nodeToNodeMeshEnabled: true\n  nodeMeshMaxRestartTime: 1s'),
    );
  });

  test('puts a route to every foreign block, and a blackhole for the own ones, into each kernel', async () => {
    await expectKernelRoutes(lab(), 'node-1', [...OWN['node-1'], ...TO['node-2'], ...TO['node-3']]);
    await expectKernelRoutes(lab(), 'node-2', [...OWN['node-2'], ...TO['node-1'], ...TO['node-3']]);
    await expectKernelRoutes(lab(), 'node-3', [...OWN['node-3'], ...TO['node-1'], ...TO['node-2']]);
  });

  test('carries packets from pod to pod, in IPv4 and IPv6', async () => {
    await expectPing(lab(), 'web-1', '10.65.0.66');
    await expectPing(lab(), 'web-1', 'fd00:65::42');
    await expectPing(lab(), 'web-3', '10.65.0.2');
    await expectPing(lab(), 'web-3', 'fd00:65::2');
  });

  test('shows two mesh sessions for each family in the status of a node', async () => {
    const status = await lab().status('node-1');
    const peers = [...(status?.bgp.peersV4 ?? []), ...(status?.bgp.peersV6 ?? [])];
    expect(peers.map(({ name, type, state }) => [name, type, state])).toEqual([
      ['Mesh_192_0_2_2', 'NodeMesh', 'Established'],
      ['Mesh_192_0_2_3', 'NodeMesh', 'Established'],
      ['Mesh_2001_db8_2__2', 'NodeMesh', 'Established'],
      ['Mesh_2001_db8_2__3', 'NodeMesh', 'Established'],
    ]);
  });

  test('leaves the routes in the kernel when the daemon ends, and takes them over when it starts', async () => {
    const routes = [...OWN['node-1'], ...TO['node-2'], ...TO['node-3']];
    await lab().stop('node-1');
    await expectKernelRoutes(lab(), 'node-1', routes);
    lab().start('node-1');
    await waitUntilConverged(lab());
    expect((await lab().status('node-1'))?.kernel).toMatchObject({ wanted: routes.length, installed: routes.length });
    await expectKernelRoutes(lab(), 'node-1', routes);
  });

  test(
    'takes the routes of a node that died out of the kernels of the others',
    async () => {
      await lab().crash('node-2');
      await expectKernelRoutes(lab(), 'node-1', [...OWN['node-1'], ...TO['node-3']]);
      await expectKernelRoutes(lab(), 'node-3', [...OWN['node-3'], ...TO['node-1']]);
      await expectPing(lab(), 'web-1', '10.65.0.130');
    },
    LAB_TIMEOUT_MS,
  );

  test(
    'has the routes again when the node comes back',
    async () => {
      await lab().setLink('node-2', 'up');
      lab().start('node-2');
      await expectKernelRoutes(lab(), 'node-1', [...OWN['node-1'], ...TO['node-2'], ...TO['node-3']]);
      await expectKernelRoutes(lab(), 'node-2', [...OWN['node-2'], ...TO['node-1'], ...TO['node-3']]);
      await expectPing(lab(), 'web-1', '10.65.0.66');
    },
    LAB_TIMEOUT_MS,
  );

  test(
    'ends the sessions and removes the routes of a node that is deleted from the datastore',
    async () => {
      const { resources } = lab().paths('node-1');
      for (const file of ['node-node-3.yaml', 'blocks-node-3.yaml']) rmSync(join(resources, file));
      await expectKernelRoutes(lab(), 'node-1', [...OWN['node-1'], ...TO['node-2']]);
      await expectKernelRoutes(lab(), 'node-2', [...OWN['node-2'], ...TO['node-1']]);
      const status = await lab().status('node-1');
      expect(status?.bgp.peersV4.map(({ peerIP }) => peerIP)).toEqual(['192.0.2.2']);
    },
    LAB_TIMEOUT_MS,
  );
});
