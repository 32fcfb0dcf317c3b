// Who programs the routes of a pool: every value of programClusterRoutes with every encapsulation.

import { describe, expect, test } from 'vitest';
import type { Intent } from '../../src/intent/index.ts';
import {
  block,
  configuration,
  exported,
  intentOf,
  NO_MESH,
  node,
  pool,
  programmed,
  resource,
  THREE_NODES,
} from './support.ts';

const POOLS =
  pool('ipip', '10.66.0.0/16', { ipipMode: 'Always' }) +
  pool('cross', '10.67.0.0/16', { ipipMode: 'CrossSubnet' }) +
  pool('plain', '10.68.0.0/16') +
  pool('vxlan', '10.69.0.0/16', { vxlanMode: 'CrossSubnet' }) +
  pool('six', 'fd66::/64') +
  pool('six-vxlan', 'fd67::/64', { vxlanMode: 'Always' });

const NEAR = '10.65.0.3';
const FAR = '172.31.0.3';

/** `no`, `direct`, or the device, per pool, towards a node in the own subnet and one outside it. */
function verdictsOf(intent: ReturnType<typeof intentOf>) {
  const verdict = (prefix: string, nextHop: string) => {
    const outcome = programmed(intent, { prefix, nextHop });
    return outcome === 'rejected' ? 'no' : (outcome.tunnel ?? 'direct');
  };
  const both = (prefix: string) => `${verdict(prefix, NEAR)} ${verdict(prefix, FAR)}`;
  return {
    ipip: both('10.66.1.0/26'),
    cross: both('10.67.1.0/26'),
    plain: both('10.68.1.0/26'),
    vxlan: both('10.69.1.0/26'),
    six: verdict('fd66::40/122', 'fd65::3'),
    sixVxlan: verdict('fd67::40/122', 'fd65::3'),
    outside: both('203.0.113.0/24'),
  };
}

const NOTHING = {
  ipip: 'no no',
  cross: 'no no',
  plain: 'no no',
  vxlan: 'no no',
  six: 'no',
  sixVxlan: 'no',
  outside: 'direct direct',
};
const PLAIN_ONLY = { ...NOTHING, plain: 'direct direct', six: 'direct' };
const IPIP_ONLY = { ...NOTHING, ipip: 'tunl0 tunl0', cross: 'direct tunl0' };
const ALL = { ...PLAIN_ONLY, ...IPIP_ONLY, plain: 'direct direct', six: 'direct' };

describe('kernel', () => {
  test.each([
    ['row 51: Disabled, as where Felix routes the cluster', 'Disabled', NOTHING],
    ['row 52: unset', undefined, PLAIN_ONLY],
    ['row 53: Enabled', 'Enabled', ALL],
    ['row 54: EnabledIPIPOnly', 'EnabledIPIPOnly', IPIP_ONLY],
    ['row 55: EnabledNoEncapOnly', 'EnabledNoEncapOnly', PLAIN_ONLY],
  ])('%s', (_row, programClusterRoutes, expected) => {
    expect(verdictsOf(intentOf([configuration({ programClusterRoutes }), THREE_NODES, POOLS]))).toEqual(expected);
  });

  test('own blocks are never tunnelled', () => {
    const intent = intentOf([configuration({ programClusterRoutes: 'Enabled' }), THREE_NODES, POOLS]);
    for (const prefix of ['10.66.1.0/26', '10.67.1.0/26']) {
      expect(programmed(intent, { prefix, source: 'static' })).toEqual({ metric: undefined, tunnel: undefined });
    }
  });

  test('without an own IPv4 network nothing is said about IPv4 pools; those of IPv6 stay as they are', () => {
    const own = node('alpha', { ipv6: 'fd65::2/64' });
    const intent = intentOf([configuration({ programClusterRoutes: 'Disabled' }), own, POOLS]);
    expect(verdictsOf(intent)).toEqual({
      ...NOTHING,
      ipip: 'direct direct',
      cross: 'direct direct',
      plain: 'direct direct',
      vxlan: 'direct direct',
    });
  });

  test('disabled pools and pools without BGP export are programmed as any other', () => {
    const pools = pool('a', '10.66.0.0/16', { disabled: true }) + pool('b', '10.67.0.0/16', { disableBGPExport: true });
    expect(verdictsOf(intentOf([THREE_NODES, pools]))).toMatchObject({ ipip: 'direct direct', cross: 'direct direct' });
  });
});

describe('the tunnel device', () => {
  const own = node('alpha', { ipv4: '10.65.0.2/24' });
  const blocks = block('10.68.3.0/26') + block('10.67.1.64/26') + block('10.66.1.64/26');
  const enabled = configuration({ programClusterRoutes: 'EnabledIPIPOnly' });
  const tunnelOf = (...parts: readonly string[]) => intentOf([own, ...parts]).tunnel;

  test.each<[string, readonly string[], Intent['tunnel']]>([
    ['has the first address of the first block in an IPIP pool', [enabled, POOLS, blocks], { device: 'tunl0', carrier: '10.65.0.2', address: '10.66.1.64' }], // biome-ignore format: one line
    ['has no address where no block is in such a pool', [enabled, POOLS, block('10.68.3.0/26')], { device: 'tunl0', carrier: '10.65.0.2' }], // biome-ignore format: one line
    ['is needed for CrossSubnet too', [enabled, pool('cross', '10.67.0.0/16', { ipipMode: 'CrossSubnet' })], { device: 'tunl0', carrier: '10.65.0.2' }], // biome-ignore format: one line
    ['is of no concern without IPIP pools', [enabled, pool('plain', '10.68.0.0/16'), blocks], undefined],
    ['is of no concern where Felix programs IPIP', [configuration({}), POOLS, blocks], undefined],
  ])('%s', (_, parts, expected) => {
    expect(tunnelOf(...parts)).toEqual(expected);
  });

  test("has the Node's address where it says one, and none without an own IPv4 address", () => {
    const bgp = { ipv4Address: '10.65.0.2/24', ipv4IPIPTunnelAddr: '10.66.9.9' };
    expect(intentOf([resource('Node', 'alpha', { bgp }), enabled, POOLS, blocks]).tunnel?.address).toBe('10.66.9.9');
    expect(intentOf([node('alpha', { ipv6: 'fd65::2/64' }), enabled, POOLS, blocks]).tunnel).toBeUndefined();
  });
});

describe('export', () => {
  test.each([undefined, 'Disabled', 'Enabled', 'EnabledIPIPOnly'])(
    'pools of every kind are told to peers, whoever programs them: %s',
    (programClusterRoutes) => {
      const intent = intentOf([configuration({ programClusterRoutes }), THREE_NODES, POOLS]);
      for (const prefix of ['10.66.1.0/26', '10.67.1.0/26', '10.68.1.0/26', '10.69.1.0/26']) {
        expect(exported(intent, 'Mesh_10_65_0_3', { prefix })).not.toBe('rejected');
      }
      for (const prefix of ['fd66::40/122', 'fd67::40/122']) {
        expect(exported(intent, 'Mesh_fd65__3', { prefix })).not.toBe('rejected');
      }
    },
  );

  test('routes of tunnel devices stay inside the node towards the own AS, and are told to other ASes', () => {
    const tor = `---
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: tor}
spec: {peerIP: 192.0.2.1, asNumber: 65001}
---
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: inside}
spec: {peerIP: 192.0.2.2, asNumber: 64512}
`;
    const intent = intentOf([NO_MESH, THREE_NODES, POOLS, tor]);
    const isTold = (peer: string, device: string) =>
      exported(intent, peer, { prefix: '10.66.1.0/26', source: 'kernel', metric: 1024, interface: device }) !==
      'rejected';
    const devices = ['vxlan.calico', 'wireguard.cali', 'tunl0', 'bpfin.cali', 'eth0'];
    expect(devices.map((device) => isTold('Global_192_0_2_2', device))).toEqual([false, false, false, false, true]);
    expect(devices.map((device) => isTold('Global_192_0_2_1', device))).toEqual([true, true, true, false, true]);
  });
});
