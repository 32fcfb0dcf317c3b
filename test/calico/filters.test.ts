// BGPFilters: which peers they are asked for, in which order, and what each match field and operation does.

import { describe, expect, test } from 'vitest';
import { filterFunctionName } from '../../src/intent/index.ts';
import {
  block,
  configuration,
  exported,
  imported,
  intentOf,
  NO_MESH,
  namesOf,
  node,
  OWN,
  peerOf,
  pool,
  programmed,
  resource,
  THREE_NODES,
} from './support.ts';

const filter = (name: string, spec: object) => resource('BGPFilter', name, spec);
const peer = (name: string, spec: object) => resource('BGPPeer', name, spec);
const POOLS = pool('one', '10.66.0.0/16') + pool('six', 'fd66::/64');
const PREFERRED = 2147482623;

const V4_RULE = { action: 'Reject', matchOperator: 'In', cidr: '10.66.9.0/24' };
const V6_RULE = { action: 'Reject', matchOperator: 'In', cidr: 'fd66::9:0/112' };
const FOUR_WAYS = { exportV4: [V4_RULE], importV4: [V4_RULE], exportV6: [V6_RULE], importV6: [V6_RULE] };

/** Which of export and import, IPv4 and IPv6, keep a route back that the rules above name. */
function blockedWays(intent: ReturnType<typeof intentOf>, v4Peer: string, v6Peer: string) {
  const v4 = { prefix: '10.66.9.64/26' };
  const v6 = { prefix: 'fd66::9:0/122' };
  return Object.entries({
    exportV4: exported(intent, v4Peer, v4),
    importV4: imported(intent, v4Peer, v4),
    exportV6: exported(intent, v6Peer, v6),
    importV6: imported(intent, v6Peer, v6),
  })
    .filter(([, outcome]) => outcome === 'rejected')
    .map(([way]) => way);
}

describe('which peers', () => {
  const ALL_WAYS = ['exportV4', 'importV4', 'exportV6', 'importV6'];
  const GLOBAL = { peerSelector: 'all()', filters: ['guard'] };
  const globalWays = (spec: object) => {
    const intent = intentOf([NO_MESH, THREE_NODES, POOLS, filter('guard', spec), peer('all', GLOBAL)]);
    return blockedWays(intent, 'Global_10_65_0_3', 'Global_fd65__3');
  };
  const EXPLICIT = [
    peer('a', { peerIP: '10.65.0.3', asNumber: 64517, filters: ['guard'] }),
    peer('b', { peerIP: 'fd65::3', asNumber: 64517, filters: ['guard'] }),
  ];
  const explicitIntent = (spec: object) => intentOf([NO_MESH, THREE_NODES, POOLS, filter('guard', spec), ...EXPLICIT]);
  const explicitWays = (spec: object) => blockedWays(explicitIntent(spec), 'Global_10_65_0_3', 'Global_fd65__3');

  test('row 56: selected peers, all four directions, before the built-in policy', () => {
    expect(globalWays(FOUR_WAYS)).toEqual(ALL_WAYS);
  });

  test('row 57: peers by address of another AS', () => {
    expect(explicitWays(FOUR_WAYS)).toEqual(ALL_WAYS);
    expect(peerOf(explicitIntent(FOUR_WAYS), 'Global_10_65_0_3')).toMatchObject({ remoteAs: 64517, passive: true });
  });

  test.each([
    ['row 58', { peerSelector: 'all()' }],
    ['row 59', { peerIP: '10.65.0.3', asNumber: 64517 }],
  ])('%s: several filters in the order in which they are listed', (_row, spec) => {
    const first = filter('first', {
      exportV4: [{ action: 'Accept', interface: '*', matchOperator: 'In', cidr: '10.66.9.0/24' }],
    });
    const second = filter('second', { exportV4: [V4_RULE] });
    const verdictWith = (...filters: string[]) => {
      const intent = intentOf([NO_MESH, THREE_NODES, POOLS, first, second, peer('all', { ...spec, filters })]);
      return exported(intent, 'Global_10_65_0_3', { prefix: '10.66.9.64/26' }) === 'rejected' ? 'Reject' : 'Accept';
    };
    expect(verdictWith('first', 'second')).toBe('Accept');
    expect(verdictWith('second', 'first')).toBe('Reject');
  });

  test('row 60: never the mesh', () => {
    const intent = intentOf([THREE_NODES, POOLS, filter('guard', FOUR_WAYS)]);
    expect(blockedWays(intent, 'Mesh_10_65_0_3', 'Mesh_fd65__3')).toEqual([]);
  });

  test.each([
    ['rows 68 and 69', ['importV4', 'importV6'] as const],
    ['rows 70 and 71', ['exportV4', 'exportV6'] as const],
    ['row 72', ['exportV4', 'importV4'] as const],
    ['row 73', ['exportV6', 'importV6'] as const],
  ])('%s: a filter with some rule lists only (%s) leaves the other ways alone', (_row, ways) => {
    const spec = Object.fromEntries(ways.map((way) => [way, FOUR_WAYS[way]]));
    expect([globalWays(spec), explicitWays(spec)]).toEqual([ways, ways]);
  });

  test('a filter that says nothing for a family leaves its peers the policy of those without filters', () => {
    const intent = intentOf([
      NO_MESH,
      THREE_NODES,
      filter('guard', { exportV4: [V4_RULE] }),
      peer('a', { peerIP: 'fd65::3', filters: ['guard'] }),
      peer('b', { peerIP: 'fd65::4' }),
    ]);
    expect(peerOf(intent, 'Global_fd65__3').exportPolicy).toBe(peerOf(intent, 'Global_fd65__4').exportPolicy);
  });

  test('row 79: a deleted filter is skipped and named; its peers stay', () => {
    const before = intentOf([NO_MESH, THREE_NODES, POOLS, filter('guard', FOUR_WAYS), ...EXPLICIT]);
    const after = intentOf([NO_MESH, THREE_NODES, POOLS, ...EXPLICIT]);
    expect(namesOf(after)).toEqual(namesOf(before));
    expect(blockedWays(after, 'Global_10_65_0_3', 'Global_fd65__3')).toEqual([]);
    expect(after.problems.map(({ name, path, text }) => `${name} ${path} ${text}`)).toEqual([
      'a spec.filters[0] there is no BGPFilter guard; it is skipped',
      'b spec.filters[0] there is no BGPFilter guard; it is skipped',
    ]);
  });
});

describe('matching', () => {
  type Sample = Parameters<typeof exported>[2];
  /** Whether one rule matches what is exported to, or imported from, a peer of our AS (or of `asNumber`). */
  const matchesOf = (
    rule: object,
    samples: readonly Sample[],
    asNumber = 64512,
    way: 'export' | 'import' = 'export',
  ) => {
    const six = samples[0]?.prefix.includes(':');
    const spec = { [`${way}V${six ? 6 : 4}`]: [{ action: 'Reject', ...rule }] };
    const peerIP = six ? '2001:db8::1' : '192.0.2.1';
    const everything = pool('all4', '10.0.0.0/8') + pool('all6', 'fd00::/8');
    const intent = intentOf([
      NO_MESH,
      THREE_NODES,
      everything,
      filter('f', spec),
      peer('p', { peerIP, asNumber, filters: ['f'] }),
    ]);
    const name = namesOf(intent)[0] ?? '';
    return samples.map((sample) => (way === 'export' ? exported : imported)(intent, name, sample) === 'rejected');
  };
  const prefixes = (...list: string[]): readonly Sample[] => list.map((prefix) => ({ prefix }));

  test.each([
    ['Equal', [true, false, false]],
    ['NotEqual', [false, true, true]],
    ['In', [true, true, false]],
    ['NotIn', [false, false, true]],
  ])('row 64: %s', (matchOperator, expected) => {
    expect(
      matchesOf({ cidr: '10.77.0.0/16', matchOperator }, prefixes('10.77.0.0/16', '10.77.3.0/26', '10.78.0.0/16')),
    ).toEqual(expected);
    expect(matchesOf({ cidr: 'fd77::/64', matchOperator }, prefixes('fd77::/64', 'fd77::40/122', 'fd78::/64'))).toEqual(
      expected,
    );
  });

  test.each([
    ['In', { min: 24, max: 26 }, [false, true, true, false]],
    ['In', { min: 8 }, [true, true, true, true]],
    ['In', { max: 24 }, [true, true, false, false]],
    ['NotIn', { min: 24, max: 26 }, [true, false, false, true]],
    ['Equal', { min: 16 }, [false, false, false, false]],
    ['NotEqual', { min: 16 }, [true, true, true, true]],
  ])('%s with prefix length %j', (matchOperator, prefixLength, expected) => {
    const sample = prefixes('10.77.0.0/16', '10.77.0.0/24', '10.77.0.0/26', '10.77.0.1/32');
    expect(matchesOf({ cidr: '10.77.0.0/16', matchOperator, prefixLength }, sample)).toEqual(expected);
  });

  test('row 65: RemotePeers is what came by BGP', () => {
    const samples: readonly Sample[] = [
      { prefix: '10.77.0.0/16', source: 'bgp', localPref: 100 },
      { prefix: '10.77.0.0/16', source: 'static' },
      { prefix: '10.77.0.0/16', source: 'kernel', metric: 1024 },
    ];
    expect(matchesOf({ source: 'RemotePeers' }, samples)).toEqual([true, false, false]);
    expect(matchesOf({ source: 'RemotePeers' }, prefixes('10.77.0.0/16'), 64512, 'import')).toEqual([true]);
  });

  test('row 66: the interface, together with the prefix', () => {
    const rule = { interface: '*.calico', cidr: '10.77.0.0/16', matchOperator: 'NotIn' };
    const via = (prefix: string, device: string): Sample => ({
      prefix,
      source: 'kernel',
      metric: 1024,
      interface: device,
    });
    const samples = [
      via('10.78.0.0/16', 'vxlan.calico'),
      via('10.77.0.0/24', 'vxlan.calico'),
      via('10.78.0.0/16', 'eth0'),
    ];
    expect(matchesOf(rule, samples, 65001)).toEqual([true, false, false]);
  });

  test('an interface pattern of a star alone also matches routes without an interface', () => {
    expect(matchesOf({ interface: '*' }, prefixes('10.77.0.0/16'))).toEqual([true]);
    expect(matchesOf({ interface: 'eth*' }, prefixes('10.77.0.0/16'))).toEqual([false]);
  });

  test('row 76: peer type by the AS numbers of the session', () => {
    for (const way of ['export', 'import'] as const) {
      const sample = prefixes('10.77.0.0/16');
      expect(matchesOf({ peerType: 'iBGP' }, sample, 64512, way)).toEqual([true]);
      expect(matchesOf({ peerType: 'eBGP' }, sample, 64512, way)).toEqual([false]);
      expect(matchesOf({ peerType: 'iBGP' }, sample, 65001, way)).toEqual([false]);
      expect(matchesOf({ peerType: 'eBGP' }, sample, 65001, way)).toEqual([true]);
    }
  });

  test('communities, standard and large', () => {
    const sample = (...communities: string[]): Sample => ({
      prefix: '10.77.0.0/16',
      source: 'bgp',
      localPref: 100,
      communities,
    });
    const samples = [sample(), sample('65000:42'), sample('65000:42:1'), sample('1:1', '65000:42')];
    expect(matchesOf({ communities: { values: ['65000:42'] } }, samples)).toEqual([false, true, false, true]);
    expect(matchesOf({ communities: { values: ['65000:42:1'] } }, samples)).toEqual([false, false, true, false]);
  });

  test('the beginning of the AS path; towards another AS the own one stands in front', () => {
    const sample = (...asPath: number[]): Sample => ({ prefix: '10.77.0.0/16', source: 'bgp', localPref: 100, asPath });
    const samples = [sample(65000, 65001), sample(65000), sample(65001, 65000), sample()];
    expect(matchesOf({ asPathPrefix: [65000] }, samples)).toEqual([true, true, false, false]);
    expect(matchesOf({ asPathPrefix: [65000, 65001] }, samples)).toEqual([true, false, false, false]);
    expect(matchesOf({ asPathPrefix: [64512, 65000] }, samples, 65009)).toEqual([true, true, false, false]);
  });

  test('priority is what LOCAL_PREF stands for', () => {
    const workload = (metric: number): Sample => ({ prefix: '10.77.0.1/32', source: 'kernel', metric });
    expect(matchesOf({ priority: 512 }, [workload(512), workload(1024)])).toEqual([true, false]);
  });

  test('a rule without match fields matches everything, and the first match decides', () => {
    const spec = {
      exportV4: [{ action: 'Accept', cidr: '10.77.0.0/24', matchOperator: 'Equal' }, { action: 'Reject' }],
    };
    const intent = intentOf([
      NO_MESH,
      THREE_NODES,
      POOLS,
      filter('f', spec),
      peer('p', { peerIP: '192.0.2.1', filters: ['f'] }),
    ]);
    expect(exported(intent, 'Global_192_0_2_1', { prefix: '10.77.0.0/24' })).not.toBe('rejected');
    expect(exported(intent, 'Global_192_0_2_1', { prefix: '10.66.1.0/26' })).toBe('rejected');
  });
});

describe('operations', () => {
  const exportWith = (rules: readonly object[], asNumber = 64512) => {
    const spec = { exportV4: rules, importV4: rules };
    return intentOf([
      NO_MESH,
      THREE_NODES,
      POOLS,
      filter('f', spec),
      peer('p', { peerIP: '192.0.2.1', asNumber, filters: ['f'] }),
    ]);
  };

  test('row 74: community, prepending and priority', () => {
    const sample = { prefix: '10.66.1.0/26', source: 'bgp', localPref: 100, communities: ['65000:42'] } as const;
    const operations = [{ addCommunity: { value: '65001:200' } }, { prependASPath: { prefix: [65000] } }];
    const intent = exportWith([
      { action: 'Accept', communities: { values: ['65000:42'] }, operations },
      { action: 'Reject' },
    ]);
    expect(exported(intent, 'Global_192_0_2_1', sample)).toEqual({
      localPref: 100,
      asPath: [65000],
      communities: ['65000:42', '65001:200'],
      preference: 100,
    });
    const priority = exportWith([{ action: 'Accept', operations: [{ setPriority: { value: 256 } }] }]);
    expect(imported(priority, 'Global_192_0_2_1', { prefix: '10.1.0.0/16', communities: ['65000:100'] })).toEqual({
      localPref: 2147483391,
      asPath: [],
      communities: ['65000:100'],
      preference: 100,
    });
  });

  test('row 75: large communities', () => {
    const operations = [{ addCommunity: { value: '65001:2:3' } }, { addCommunity: { value: '65001:2:3' } }];
    const intent = exportWith([{ action: 'Accept', communities: { values: ['65000:1:1'] }, operations }]);
    const sample = { prefix: '10.66.1.0/26', source: 'bgp', localPref: 100, communities: ['65000:1:1'] } as const;
    expect(exported(intent, 'Global_192_0_2_1', sample)).toMatchObject({ communities: ['65000:1:1', '65001:2:3'] });
  });

  test('row 77: the first matching rule wins, and prepended numbers keep their order', () => {
    const rule = (asPathPrefix: readonly number[], prefix: readonly number[]) => ({
      action: 'Accept',
      asPathPrefix,
      operations: [{ prependASPath: { prefix } }],
    });
    const intent = exportWith([rule([65000, 65001], [65000, 65001]), rule([65000], [65009])]);
    const sample = (...asPath: number[]) =>
      ({ prefix: '10.66.1.0/26', source: 'bgp', localPref: 100, asPath }) as const;
    expect(exported(intent, 'Global_192_0_2_1', sample(65000, 65001))).toMatchObject({
      asPath: [65000, 65001, 65000, 65001],
    });
    expect(exported(intent, 'Global_192_0_2_1', sample(65000, 65002))).toMatchObject({ asPath: [65009, 65000, 65002] });
  });

  test('towards another AS prepended numbers stand before the own one', () => {
    const intent = exportWith(
      [{ action: 'Accept', operations: [{ prependASPath: { prefix: [65000, 65009] } }] }],
      65001,
    );
    expect(exported(intent, 'Global_192_0_2_1', { prefix: '10.66.1.0/26' })).toMatchObject({
      asPath: [65000, 65009, 64512],
    });
  });

  test('row 78: live migration across ASes: priorities become communities and come back', () => {
    const exportRule = (priority: number, community: string) => ({
      action: 'Accept',
      priority,
      operations: [{ addCommunity: { value: community } }, { prependASPath: { prefix: [65100] } }],
    });
    const importRule = (community: string, value: number) => ({
      action: 'Accept',
      communities: { values: [community] },
      asPathPrefix: [65100],
      operations: [{ setPriority: { value } }],
    });
    const migration = filter('migration', {
      exportV4: [exportRule(100, '65000:100'), exportRule(200, '65000:200')],
      importV4: [importRule('65000:100', 100), importRule('65000:200', 200)],
    });
    const tor = peer('tor', { peerIP: '192.0.2.1', asNumber: 65001, filters: ['migration'] });
    const intent = intentOf([NO_MESH, THREE_NODES, POOLS, block('10.66.1.0/26'), migration, tor]);
    const workload = (metric: number) => ({ prefix: '10.66.1.5/32', source: 'kernel', metric }) as const;
    expect(exported(intent, 'Global_192_0_2_1', workload(100))).toMatchObject({
      asPath: [65100, 64512],
      communities: ['65000:100'],
    });
    expect(exported(intent, 'Global_192_0_2_1', workload(200))).toMatchObject({
      asPath: [65100, 64512],
      communities: ['65000:200'],
    });
    expect(exported(intent, 'Global_192_0_2_1', workload(1024))).toBe('rejected');
    const received = { prefix: '10.66.1.5/32', asPath: [65100, 65001], communities: ['65000:100'] };
    expect(imported(intent, 'Global_192_0_2_1', received)).toMatchObject({ localPref: 2147483547 });
  });

  test('an accepting rule is final: no preference 200 on import, no communities and pools on export', () => {
    const accepting = exportWith([{ action: 'Accept' }]);
    expect(imported(accepting, 'Global_192_0_2_1', { prefix: '10.1.0.0/16', localPref: 2147483135 })).toMatchObject({
      preference: 100,
    });
    expect(exported(accepting, 'Global_192_0_2_1', { prefix: '203.0.113.0/24' })).toMatchObject({
      localPref: PREFERRED,
    });
  });
});

describe('names and priorities', () => {
  test('row 67: names of filter functions fit into 64 characters', () => {
    const exact = '45characters.so.should.not.truncate-123456789';
    const longer = '46characters.exactly.so.should.truncate-123456';
    expect([exact.length, longer.length]).toEqual([45, 46]);
    expect(filterFunctionName(exact, 'import', 'ipv4')).toBe(`bgp_${exact}_importFilterV4`);
    expect(filterFunctionName(longer, 'export', 'ipv6')).toBe(
      'bgp_46characters.exactly.so.shou_9615CBDC00BAC628_exportFilterV6',
    );
    expect(filterFunctionName('x'.repeat(253), 'export', 'ipv4')).toHaveLength(64);
  });

  test('rows 61 to 63: other normal priorities move every threshold and metric of their family', () => {
    const spec = { ipv4NormalRoutePriority: 5000, ipv6NormalRoutePriority: 80 };
    const blocks = block('10.66.1.0/26') + block('fd66::40/122');
    const intent = intentOf([
      configuration(spec),
      node(OWN, { ipv4: '10.65.0.2/24', ipv6: 'fd65::2/64' }),
      node('beta', { ipv4: '10.65.0.3/24', ipv6: 'fd65::3/64' }),
      POOLS,
      blocks,
    ]);
    expect(exported(intent, 'Mesh_10_65_0_3', { prefix: '10.66.1.0/26' })).toMatchObject({ localPref: 2147478647 });
    expect(exported(intent, 'Mesh_fd65__3', { prefix: 'fd66::40/122' })).toMatchObject({ localPref: 2147483567 });
    const preferenceOf = (peerName: string, prefix: string, localPref: number) =>
      imported(intent, peerName, { prefix, localPref });
    expect(preferenceOf('Mesh_10_65_0_3', '10.66.2.0/26', 2147478647)).toMatchObject({ preference: 100 });
    expect(preferenceOf('Mesh_10_65_0_3', '10.66.2.0/26', 2147478648)).toMatchObject({ preference: 200 });
    expect(preferenceOf('Mesh_fd65__3', 'fd66::80/122', 2147483567)).toMatchObject({ preference: 100 });
    const workload = (prefix: string, metric: number) => ({ prefix, source: 'kernel', metric }) as const;
    expect(exported(intent, 'Mesh_10_65_0_3', workload('10.66.1.5/32', 4999))).toMatchObject({ localPref: 2147478648 });
    expect(exported(intent, 'Mesh_10_65_0_3', workload('10.66.1.5/32', 5000))).toBe('rejected');
    expect(exported(intent, 'Mesh_fd65__3', workload('fd66::41/128', 80))).toBe('rejected');
    expect(programmed(intent, { prefix: '10.66.2.0/26', localPref: 2147478647 })).toEqual({
      metric: 5000,
      tunnel: undefined,
    });
  });
});
