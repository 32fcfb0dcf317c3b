// A cluster in which Calico enforces policy only: there is no BGP, so nothing is read, nothing is done, and that is fine.

import { expect, test } from 'vitest';
import { statusText } from '../../src/status/text.ts';
import { TestNode } from './nodes.ts';

test.each(['none', 'vxlan'])(
  'CALICO_NETWORKING_BACKEND %s: idle, says so, and is ready without any server',
  async (backend) => {
    const node = new TestNode('node-1', '/no/such/kubeconfig', [], { CALICO_NETWORKING_BACKEND: backend });
    await node.start();
    await expect.poll(() => node.daemon.handlers.readiness(), { timeout: 30_000 }).toMatchObject({ ready: true });
    const text = `CALICO_NETWORKING_BACKEND is ${backend}: no BGP on this node, nothing is done`;
    expect(node.status).toMatchObject({
      agent: { state: 'Ready', reasons: [] },
      datastore: { type: 'none', synced: true },
      bgp: { peersV4: [], peersV6: [] },
      kernel: { type: 'none', wanted: 0 },
      problems: [{ kind: 'Node', name: 'node-1', path: '', text, severity: 'warning' }],
    });
    expect(statusText(node.status)).toContain('Datastore: not read. Kernel: not programmed.');
    expect(statusText(node.status)).toMatch(/^Node node-1, version 0\.1\.0, up /m);
    expect(node.daemon.handlers.intent()).not.toHaveProperty('problem');
    await node.stop();
  },
);
