// The lab builder itself, with the real BIRD as the daemon: what it builds works, and it leaves nothing behind.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { existingNamespaces } from '../../topologies/commands.ts';
import { waitUntilConverged } from '../../topologies/convergence.ts';
import { HOME } from '../../topologies/daemons.ts';
import { Lab } from '../../topologies/lab.ts';
import { LabError, parseLab } from '../../topologies/lab-file.ts';
import { labProcesses, removeAbandonedLabs } from '../../topologies/lab-state.ts';
import { waitFor } from '../../topologies/wait-for.ts';
import { describeWith } from '../requirements.ts';
import { expectKernelRoutes, expectPing, LAB_TIMEOUT_MS } from './lab-checks.ts';

/** Two BIRDs and a session between them. */
const PAIR = `
subnets:
  rack: [192.0.2.0/24]
nodes:${[1, 2]
  .map(
    (own) => `
  node-${own}:
    addresses: [192.0.2.${own}]
    blocks: [10.65.${own}.0/26]
    pods: { web-${own}: [10.65.${own}.2] }
    daemon: bird
    bird: |
      router id 192.0.2.${own};
      protocol device { }
      protocol kernel { ipv4 { export all; }; }
      protocol static { ipv4; route 10.65.${own}.0/26 blackhole; }
      protocol bgp {
        local as 64512;
        neighbor 192.0.2.${3 - own} as 64512;
        direct;
        connect delay time 1;
        ipv4 { import all; export where source = RTS_STATIC; };
      }`,
  )
  .join('')}
`;

describeWith(['namespaces', 'ip', 'ping', 'bird'], 'a lab', () => {
  test(
    'of two BIRDs carries packets from pod to pod, and is gone without a trace afterwards',
    async () => {
      const lab = await Lab.buildFrom(parseLab('pair', PAIR), { id: `pair-${process.pid}` });
      try {
        lab.startAll();
        await waitUntilConverged(lab);
        await expectKernelRoutes(lab, 'node-1', [
          'blackhole 10.65.1.0/26',
          '10.65.2.0/26 via 192.0.2.2 dev eth0 metric 32',
        ]);
        await expectPing(lab, 'web-1', '10.65.2.2');
        expect(labProcesses(lab.id).length).toBe(2);
      } finally {
        await lab.down();
        await lab.down();
      }
      expect(labProcesses(lab.id)).toEqual([]);
      expect(existsSync(lab.directory)).toBe(false);
      expect([...existingNamespaces()].filter((name) => name.startsWith(`${lab.id}.`))).toEqual([]);
    },
    LAB_TIMEOUT_MS,
  );

  test('whose daemon ends says so with the last words of its log', async () => {
    const broken = PAIR.replace('protocol device { }', 'protocol nonsense { }');
    const lab = await Lab.buildFrom(parseLab('broken', broken), { id: `broken-${process.pid}` });
    try {
      lab.startAll();
      await expect(waitUntilConverged(lab)).rejects.toThrow(
        /the daemon of node-1 ended with exit code 1: .*syntax error/s,
      );
    } finally {
      await lab.down();
    }
  });

  test('cannot be up twice under one name', async () => {
    const id = `twice-${process.pid}`;
    const lab = await Lab.buildFrom(parseLab('pair', PAIR), { id });
    try {
      await expect(Lab.buildFrom(parseLab('pair', PAIR), { id })).rejects.toThrow(LabError);
      expect(existingNamespaces().has(`${id}.node-1`)).toBe(true);
    } finally {
      await lab.down();
    }
  });

  test(
    'is taken down by the next one when its maker was killed',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'caracal-lab-test-'));
      const file = join(folder, 'pair.yaml');
      await writeFile(file, PAIR);
      // The demo builds its lab under the name demo-PID.
      const maker = spawn(process.execPath, [join(HOME, 'topologies/demo.ts'), file], { stdio: 'ignore' });
      const exited = once(maker, 'exit');
      const id = `demo-${maker.pid}`;
      try {
        expect(await waitFor(() => labProcesses(id).length === 2, LAB_TIMEOUT_MS)).toBe(true);
      } finally {
        maker.kill('SIGKILL');
        await exited;
      }
      await removeAbandonedLabs();
      expect(labProcesses(id)).toEqual([]);
      expect([...existingNamespaces()].filter((name) => name.startsWith(`${id}.`))).toEqual([]);
      await rm(folder, { recursive: true });
    },
    LAB_TIMEOUT_MS,
  );
});
