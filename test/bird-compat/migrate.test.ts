// Leaving BIRD: what `caracal migrate` prints is read back by the readers of resources, and means what the configuration means.

import fc from 'fast-check';
import type { Family } from 'node-bgp';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { FRAME, filterOf, read } from '../../bird-compat/bird.fixture.ts';
import { birdIntent } from '../../bird-compat/index.ts';
import { migrate } from '../../bird-compat/migrate/index.ts';
import { rulesOf } from '../../bird-compat/migrate/rules.ts';
import { readResources } from '../../src/datastore/resources/read-resource.ts';
import type { BGPFilter } from '../../src/datastore/resources/types.ts';
import { filterStatements } from '../../src/intent/filters.ts';
import type { PeerIntent } from '../../src/intent/index.ts';
import { evaluate, type Policy, type PolicyRoute, policy } from '../../src/policy/index.ts';
import { attributes, EBGP, route } from '../../src/policy/policy.fixture.ts';
import { intentOf, secret } from '../calico/support.ts';

const NODE = 'n';
const migrated = (text: string) => migrate(read(text), { node: NODE });
const yamlOf = (documents: readonly object[]) => documents.map((document) => `---\n${stringify(document)}`).join('');

/** What the other side of a session can see. */
function visible({
  name,
  address,
  port,
  remoteAs,
  localAs,
  families,
  passive,
  routeReflectorClient,
  holdTime,
  addPath,
  password,
}: PeerIntent) {
  return {
    ...{ name, address, port, remoteAs, localAs, families, passive, routeReflectorClient, holdTime },
    ...{ addPath: addPath !== 'off', password },
  };
}

describe('a machine that only reflects', () => {
  const TEXT = `router id 10.0.0.53;
    listen bgp port 1790;
    protocol device { }
    template bgp common { local as 64512; multihop; rr client; rr cluster id 1.2.3.4; import all; export all; graceful restart; }
    protocol bgp node1 from common { neighbor 10.0.0.11 as 64512; }
    protocol bgp node2 from common { neighbor 10.0.0.12 port 179 as 64512; passive; add paths; hold time 90; password "secret"; }
    protocol bgp core from common { neighbor 10.0.0.13 as 64512; rr client off; }
    protocol bgp tor { local as 64512; neighbor 192.0.2.1 port 1179 as 65001; multihop; import all; export all; }`;

  test('becomes a RouteReflector with the same sessions', () => {
    const { documents, remarks } = migrated(TEXT);
    expect(documents.map((document) => (document as { kind: string }).kind)).toEqual(['RouteReflector']);
    const before = birdIntent(read(TEXT), { node: NODE });
    const after = intentOf([yamlOf(documents), secret('bgp-passwords', { node2: 'secret' })], { node: NODE });
    expect([...after.peers.values()].map(visible)).toEqual([...before.peers.values()].map(visible));
    expect([after.bgpIdentifier, after.clusterId, after.localAs, after.listen.map(({ port }) => port)]).toEqual([
      ...[before.bgpIdentifier, before.clusterId, before.localAs, [1790]],
    ]);
    expect(remarks).toEqual(['passwords are not printed: put them into the Secret bgp-passwords, keys node2']);
  });

  test('of BIRD 2 too, with both families', () => {
    const text = `${FRAME}protocol bgp a { local as 64512; neighbor 10.0.0.2 internal; rr client;
      ipv4 { import all; export all; }; ipv6 { import all; export all; }; }`;
    const { documents } = migrated(text);
    expect(intentOf(yamlOf(documents), { node: NODE }).peers.get('a')).toMatchObject({
      families: ['ipv4', 'ipv6'],
      routeReflectorClient: true,
    });
  });

  test('with limits, roles and neighbours from a range, on a link or of any AS', () => {
    const open = 'import all; export all;';
    const { documents, remarks } = migrated(`${FRAME}
      protocol bgp racks { local as 64512; neighbor range 10.1.0.0/16 internal; rr client; dynamic name "rack"; password "x";
        dynamic name digits 2; ipv4 { ${open} import limit 100 action block; }; }
      protocol bgp uplink { local as 64512; neighbor fe80::2 % eth0 as 65001; local role provider; require roles;
        enable extended messages; ipv4 { ${open} extended next hop; }; ipv6 { ${open} }; }
      protocol bgp other { local as 64512; neighbor 10.0.0.9 external; ipv4 { ${open} }; }`);
    const { peers, peerRanges, problems } = intentOf(yamlOf(documents), { node: NODE });
    expect(problems.map(({ text }) => text)).toEqual([
      'there is no Secret bgp-passwords in namespace kube-system; the session is set up without a password',
    ]);
    expect(peerRanges).toMatchObject([
      {
        ...{ name: 'racks', range: '10.1.0.0/16', namePrefix: 'rack', digits: 2 },
        peer: { routeReflectorClient: true, limits: { import: { count: 100, action: 'block' } } },
      },
    ]);
    expect(peers.get('uplink')).toMatchObject({
      ...{ address: 'fe80::2', interface: 'eth0', families: ['ipv4', 'ipv6'], remoteAs: 65001 },
      ...{ role: 'provider', requireRole: true, extendedMessages: true, extendedNextHop: true },
    });
    expect(peers.get('other')).toMatchObject({ remoteAs: 0, anyExternalAs: true });
    expect(remarks).toEqual(['passwords are not printed: put them into the Secret bgp-passwords, keys racks']);
  });

  test('says what it leaves out, and never a password', () => {
    const client = 'local as 64512; neighbor 10.0.0.2 as 64512; rr client; import all; export all;';
    const { documents, remarks } = migrated(
      `${FRAME}protocol bgp a { ${client} password "hunter2"; keepalive time 10; import limit 5; next hop self; ttl security; }`,
    );
    expect(remarks).toEqual([
      'passwords are not printed: put them into the Secret bgp-passwords, keys a',
      'a: not carried over: keepalive time 10, ttl security, next hop self',
    ]);
    expect(JSON.stringify([documents, remarks])).not.toContain('hunter2');
  });
});

describe('a node', () => {
  const TEXT = `${FRAME}
    protocol direct { interface -"cali*", -"virbr*", "*"; }
    protocol kernel { learn; persist; import all; export all; }
    protocol static { route 10.65.0.0/24 blackhole; route 192.0.2.1/32 via 10.0.0.254; }
    filter from_tor { if net ~ [ 10.0.0.0/8{16,24} ] then accept; reject; }
    protocol bgp Rack_1 { local 10.0.0.1 as 64512; neighbor 192.0.2.1 as 65001; multihop; next hop self; import filter from_tor;
      export where net ~ 10.65.0.0/16; graceful restart; graceful restart time 60; keepalive time 20; allow local as 2; }
    protocol bgp rack2 { local 10.0.0.1 as 64513; neighbor 192.0.2.2 port 1790 as 65001; multihop 2; ttl security; import filter from_tor;
      export where net ~ 10.65.0.0/16; graceful restart; }`;

  test('gets peers, filters and a configuration that can be read without a problem', () => {
    const { documents } = migrated(TEXT);
    const results = parseAllDocuments(yamlOf(documents)).flatMap((document) => readResources(document.toJS()));
    expect(results.flatMap(({ problems }) => problems)).toEqual([]);
    expect(documents).toEqual([
      {
        apiVersion: 'projectcalico.org/v3',
        kind: 'BGPConfiguration',
        metadata: { name: 'default' },
        spec: { asNumber: 64512, nodeToNodeMeshEnabled: false, ignoredInterfaces: ['virbr*'] },
      },
      {
        apiVersion: 'projectcalico.org/v3',
        kind: 'BGPFilter',
        metadata: { name: 'rack-1-filter' },
        spec: {
          importV4: [
            { action: 'Accept', cidr: '10.0.0.0/8', matchOperator: 'In', prefixLength: { min: 16, max: 24 } },
            { action: 'Reject' },
          ],
          exportV4: [{ action: 'Accept', cidr: '10.65.0.0/16', matchOperator: 'In' }, { action: 'Reject' }],
        },
      },
      {
        apiVersion: 'projectcalico.org/v3',
        kind: 'BGPPeer',
        metadata: { name: 'rack-1' },
        spec: {
          node: NODE,
          peerIP: '192.0.2.1',
          asNumber: 65001,
          keepaliveTime: '20s',
          maxRestartTime: '60s',
          numAllowedLocalASNumbers: 2,
          nextHopMode: 'Self',
          reachableBy: '10.0.0.254',
          filters: ['rack-1-filter'],
        },
      },
      {
        apiVersion: 'projectcalico.org/v3',
        kind: 'BGPPeer',
        metadata: { name: 'rack2' },
        spec: {
          node: NODE,
          peerIP: '192.0.2.2:1790',
          asNumber: 65001,
          localASNumber: 64513,
          ttlSecurity: 2,
          filters: ['rack-1-filter'],
        },
      },
    ]);
  });

  test('is told the rest', () => {
    expect(
      migrated(`${TEXT} protocol bgp inner { local as 64512; neighbor 10.0.0.9 as 64512; rr client; hold time 30; }`)
        .remarks,
    ).toEqual([
      'inner: not carried over: hold time 30',
      'the node reflects: give the Node n routeReflectorClusterID 10.0.0.1; who is a client follows from it',
      "static routes are not carried over (10.65.0.0/24): blocks and services make Calico's",
      'BGPConfiguration default is for the whole cluster: merge it with the one that is there',
    ]);
  });

  test('whose file confd made has nothing to migrate', () => {
    const text = `${FRAME}function calico_aggr() { } function calico_export_to_bgp_peers(bool internal) { }`;
    expect(migrated(text)).toEqual({
      documents: [],
      remarks: [
        "bird.conf was made by confd from Calico's resources. Caracal reads those itself: there is nothing to migrate",
      ],
    });
  });
});

describe('rules of a filter', () => {
  const rulesFor = (filter: string, family: Family = 'ipv4') => rulesOf(filterOf(filter), family);

  const SAME = [
    'filter f { accept; }',
    'filter f { reject; }',
    'filter f { if net = 10.1.0.0/16 then accept; if net ~ 10.0.0.0/8 then reject; accept; }',
    'filter f { if net ~ [ 10.0.0.0/8{9,24}, 10.1.2.0/24+, 172.16.0.0/12 ] then accept; reject; }',
    'filter f { if net !~ 10.0.0.0/8 then reject; if ! (net = 10.1.0.0/16) then accept; }',
    'filter f { if net ~ 10.0.0.0/8 && source = RTS_BGP && ifname ~ "eth*" then accept; reject; }',
    'filter f { if (1,2) ~ bgp_community then reject; if (1,2,3) ~ bgp_large_community then reject; accept; }',
    'filter f { if bgp_path ~ [= 64512 65001 * =] then accept; reject; }',
    'filter f { if net ~ 10.0.0.0/8 then { bgp_community.add((1,2)); bgp_path.prepend(7); bgp_local_pref = 2147483000; accept; } reject; }',
    'filter f { if net ~ 10.0.0.0/8 then { if (1,2) ~ bgp_community then accept; if source = RTS_BGP then reject; } accept; }',
    'filter f { if net ~ 10.0.0.0/8 then accept; else reject; }',
    'filter f { if net ~ 10.1.0.0/16 then { if (1,2) ~ bgp_community then accept; else reject; } accept; }',
    'filter f { if net ~ 10.0.0.0/8 || (1,2) ~ bgp_community || ifname ~ "tunl0" then accept; }',
    'filter f { if (net ~ 10.0.0.0/8 || net ~ 172.16.0.0/12) && (source = RTS_BGP || ifname ~ "e*") then accept; reject; }',
    'filter f { if true then { if net ~ 10.0.0.0/8 then accept; } reject; }',
    'function inner() { if net ~ 10.1.0.0/16 then reject; } filter f { inner(); if defined(source) then accept; }',
    'filter f { if bgp_local_pref = 2147483000 then accept; reject; }',
    'filter f { bgp_local_pref = 2147483000; accept; }',
    'filter f { if source ~ [ RTS_BGP ] then accept; reject; }',
  ];

  test.each(SAME)('mean the same: %s', (filter) => {
    const made = rulesFor(filter);
    if ('obstacle' in made) throw new Error(made.obstacle);
    const before = filterOf(filter);
    const after = asPolicy(made.rules);
    fc.assert(
      fc.property(ROUTES, (subject) => {
        expect(verdict(after, subject)).toEqual(verdict(before, subject));
      }),
    );
  });

  test('are those of a family', () => {
    const filter =
      'filter f { if net ~ [ 10.0.0.0/8+ ] then accept; if net ~ [ 2001:db8::/32+ ] then accept; reject; }';
    const rules = (family: Family) => rulesOf(filterOf(filter, { bird: 2 }), family);
    expect(rules('ipv6')).toEqual({
      rules: [{ action: 'Accept', cidr: '2001:db8::/32', matchOperator: 'In' }, { action: 'Reject' }],
    });
  });

  test.each([
    ['bgp_med = 5; accept;', 'a set statement'],
    ['if bgp_med > 5 then accept;', 'a comparison with >'],
    ['if bgp_med = 5 then accept;', 'a comparison that rules do not have'],
    ['if defined(bgp_med) then accept;', 'a question whether an attribute is there'],
    ['if net ~ [ 10.1.0.0/16- ] then accept;', 'prefixes around a prefix'],
    ['if net ~ 10.0.0.0/8 && net ~ 10.1.0.0/16 then accept;', 'two conditions on cidr'],
    ['if ! ((1,2) ~ bgp_community) then accept;', 'a negation'],
    ['if source = RTS_STATIC then accept;', 'a source that is not BGP'],
    ['if bgp_path ~ [= * 5 =] then accept;', 'an AS path mask that is no beginning of a path'],
    [
      'if net ~ 10.0.0.0/8 then bgp_community.add((1,2)); accept;',
      'changes of a route that is not accepted right there',
    ],
    ['bgp_local_pref = bgp_local_pref + 1; accept;', 'a LOCAL_PREF that is worked out'],
    ['bgp_local_pref = 0; accept;', 'LOCAL_PREF 0, which is no priority'],
    ['case bgp_med { 1: accept; }', 'a case statement'],
    ['unset(bgp_med); accept;', 'a unset statement'],
    ['return true;', 'a return statement'],
    ['bgp_community.delete((1,2)); accept;', 'a change statement'],
  ])('cannot say: %s', (commands, obstacle) => {
    expect(rulesFor(`filter f { ${commands} }`)).toEqual({ obstacle });
  });

  test('cannot say functions with parameters, nor very many conditions', () => {
    expect(rulesFor('function g(int x) { accept; } filter f { g(5); }')).toEqual({
      obstacle: 'a function with parameters (g)',
    });
    const prefixes = Array.from({ length: 300 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`).join(', ');
    expect(rulesFor(`filter f { if net ~ [ ${prefixes} ] then accept; }`)).toEqual({ obstacle: 'more than 200 rules' });
  });
});

/** The rules as Calico runs them: through the readers, and behind them a reject. */
function asPolicy(rules: readonly object[]): Policy {
  const document = {
    apiVersion: 'projectcalico.org/v3',
    kind: 'BGPFilter',
    metadata: { name: 'f' },
    spec: { exportV4: rules },
  };
  const [result] = readResources(document);
  expect(result?.problems).toEqual([]);
  return policy('rules', 'reject', filterStatements(result?.resource as BGPFilter, 'exportV4'));
}

function verdict(subject: Policy, given: PolicyRoute) {
  const { accepted, attributes: made, error } = evaluate(subject, given);
  return { accepted, error, attributes: accepted && made };
}

const ROUTES = fc
  .record({
    net: fc.constantFrom(
      '10.0.0.0/8',
      '10.1.0.0/16',
      '10.1.2.0/24',
      '10.1.2.0/25',
      '10.1.2.128/26',
      '172.16.0.0/12',
      '172.16.1.0/24',
      '0.0.0.0/0',
    ),
    source: fc.constantFrom('bgp', 'static', 'kernel'),
    interface: fc.constantFrom('', 'eth0', 'tunl0'),
    communities: fc.constantFrom<readonly number[]>([], [0x10002], [0x10002, 0x10003]),
    large: fc.boolean(),
    localPref: fc.constantFrom(100, 2147483000),
  })
  .map(({ net, source, interface: name, communities, large, localPref }) =>
    route(net, {
      ...{ source, interface: name, peer: EBGP },
      attributes: attributes({
        localPref,
        ...(communities.length === 0 ? {} : { communities }),
        ...(large ? { largeCommunities: [[1, 2, 3] as const] } : {}),
      }),
    }),
  );
