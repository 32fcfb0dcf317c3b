import { afterEach, describe, expect, test } from 'vitest';
import { block, calico, node } from '../../src/speaker/resources.fixture.ts';
import { Client, greeted, Lab, MINUTE, SECOND, type Served, serve, targetOf } from './control.fixture.ts';
import { isReady, readAgent, readIsRecovering, readPeerDetails, readProtocols, readRoutes } from './readers.fixture.ts';

const THREE = [1, 2, 3].map((n) => node(n) + block(n)).join('');
const TOR = calico('BGPPeer', 'tor', { node: 'node-1', peerIP: '10.0.0.9:1790', asNumber: 65009 });

const open: (Client | Served)[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function serverOf(lab: Lab, name = 'node-1', family: 'ipv4' | 'ipv6' = 'ipv4'): Promise<Served> {
  const served = await serve(targetOf(lab.router(name), lab, {}, family));
  open.push(served);
  return served;
}

async function clientOf(served: Served): Promise<Client> {
  const client = await greeted(served.path);
  open.push(client);
  return client;
}

function cluster(resources: string): Lab {
  const lab = new Lab(resources);
  lab.start();
  lab.run(10 * SECOND);
  return lab;
}

describe('readiness and calicoctl', () => {
  test('see every session with its state', async () => {
    const client = await clientOf(await serverOf(cluster(THREE)));
    const established = { type: 'node-to-node mesh', state: 'up', bgpState: 'Established', info: '' };
    expect(await readProtocols(client)).toEqual([
      { address: '10.0.0.2', since: expect.any(String), ...established },
      { address: '10.0.0.3', since: expect.any(String), ...established },
    ]);
    expect([await isReady(client, true), await isReady(client, false)]).toEqual([true, true]);
  });

  test('see a name that carries a port as they do with BIRD, and what is wrong with its session', async () => {
    const client = await clientOf(await serverOf(cluster(THREE + TOR)));
    expect((await readProtocols(client)).at(-1)).toEqual({
      address: '10.0.0.9.port.1790',
      type: 'node specific',
      state: 'start',
      since: expect.any(String),
      bgpState: 'Active',
      info: 'Socket: No route to host',
    });
    expect([await isReady(client, true), await isReady(client, false)]).toEqual([false, true]);
  });

  test('are content without peers', async () => {
    const client = await clientOf(await serverOf(cluster(node(1))));
    expect(await readProtocols(client)).toEqual([]);
    expect([await isReady(client, true), await isReady(client, false)]).toEqual([true, true]);
  });

  test('do not count a session that is switched off', async () => {
    const client = await clientOf(await serverOf(cluster(THREE)));
    await client.ask('disable Mesh_10_0_0_2');
    expect((await readProtocols(client)).map(({ address }) => address)).toEqual(['10.0.0.3']);
  });

  test('wait for the end of a graceful restart, and no longer', async () => {
    const lab = cluster(THREE);
    const one = lab.router('node-1');
    one.kill();
    lab.router('node-3').powerOff();
    one.start();
    const client = await clientOf(await serverOf(lab));
    expect([await readIsRecovering(client), await isReady(client, false)]).toEqual([true, false]);
    lab.run(20 * SECOND);
    // One has come back, the other is waited for.
    expect([await readIsRecovering(client), await isReady(client, true)]).toEqual([true, false]);
    expect(await isReady(client, false)).toBe(true);
    lab.run(3 * MINUTE);
    expect(await readIsRecovering(client)).toBe(false);
  });

  test('see the sessions of IPv6 in the other socket', async () => {
    const both = ['ipv4', 'ipv6'] as const;
    const lab = cluster([1, 2].map((n) => node(n, both) + block(n, 'ipv6')).join(''));
    const client = await clientOf(await serverOf(lab, 'node-1', 'ipv6'));
    expect((await readProtocols(client, 'ipv6')).map(({ address, bgpState }) => [address, bgpState])).toEqual([
      ['fd00::2', 'Established'],
    ]);
    expect(await client.ask('show route fd00:65:0:2::/122')).toContain('via fd00::2 on eth0 [Mesh_fd00__2 ');
  });
});

describe('the CalicoNodeStatus reporter', () => {
  test('reads the agent from the greeting on', async () => {
    const served = await serverOf(cluster(THREE));
    const client = new Client(served.path);
    open.push(client);
    expect(await readAgent(client)).toEqual({
      state: 'Ready',
      version: 'v1.0.0+birdv1.6.8',
      routerId: '10.0.0.1',
      lastBoot: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
      lastReconfiguration: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
    });
  });

  test('reads the agent during recovery', async () => {
    const lab = cluster(THREE);
    const one = lab.router('node-1');
    one.kill();
    one.start();
    const client = new Client((await serverOf(lab)).path);
    open.push(client);
    expect(await readAgent(client)).toMatchObject({ state: 'Ready', routerId: '10.0.0.1' });
  });

  test('reads each session in detail on one connection', async () => {
    const client = await clientOf(await serverOf(cluster(THREE + TOR)));
    expect(await readPeerDetails(client, 'Mesh_10_0_0_2')).toEqual({ address: '10.0.0.2', state: 'Established' });
    expect(await readPeerDetails(client, 'Node_10_0_0_9_port_1790')).toEqual({ address: '10.0.0.9', state: 'Active' });
    await client.ask('disable Mesh_10_0_0_2');
    expect(await readPeerDetails(client, 'Mesh_10_0_0_2')).toEqual({ address: '10.0.0.2', state: '' });
  });

  test('can place every route', async () => {
    const client = await clientOf(await serverOf(cluster(THREE)));
    expect(await readRoutes(client)).toEqual([
      { destination: '10.0.0.0/24', type: 'FIB', gateway: '', device: 'eth0', learnedFrom: 'direct1' },
      { destination: '10.65.1.0/26', type: 'FIB', gateway: '', device: 'blackhole', learnedFrom: 'static1' },
      { destination: '10.65.2.0/26', type: 'FIB', gateway: '10.0.0.2', device: 'eth0', learnedFrom: 'Mesh_10_0_0_2' },
      { destination: '10.65.3.0/26', type: 'FIB', gateway: '10.0.0.3', device: 'eth0', learnedFrom: 'Mesh_10_0_0_3' },
    ]);
  });
});
