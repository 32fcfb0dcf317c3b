import { describe, expect, test } from 'vitest';
import { LabError, parseLab } from './lab-file.ts';

const TWO_SUBNETS = `
description: two racks
subnets:
  a: [192.0.2.0/24, 2001:db8:a::/64]
  b: [198.51.100.0/25]
nodes:
  node-1:
    addresses: [192.0.2.1, 2001:db8:a::1]
    blocks: [10.65.0.0/26]
    labels: { rack: a, zone: 7 }
    asNumber: 64513
    routeReflectorClusterID: 244.0.0.1
    routes: [198.51.100.0/25 via 192.0.2.254]
    pods: { web-1: [10.65.0.2] }
machines:
  router:
    addresses: [192.0.2.254, 198.51.100.126]
    daemon: bird
    bird: protocol device { }
resources:
  - kind: IPPool
    metadata: { name: pods }
`;

describe('a lab file', () => {
  test('says what machines there are, and each address finds its subnet', () => {
    const pods = [{ name: 'web-1', addresses: ['10.65.0.2'] }];
    expect(parseLab('racks', TWO_SUBNETS)).toEqual({
      name: 'racks',
      description: 'two racks',
      subnets: [
        { name: 'a', prefixes: ['192.0.2.0/24', '2001:db8:a::/64'] },
        { name: 'b', prefixes: ['198.51.100.0/25'] },
      ],
      machines: [
        {
          name: 'node-1',
          isNode: true,
          addresses: [
            { address: '192.0.2.1', length: 24, subnet: 'a' },
            { address: '2001:db8:a::1', length: 64, subnet: 'a' },
          ],
          daemon: 'caracal',
          arguments: [],
          routes: ['198.51.100.0/25 via 192.0.2.254'],
          blocks: ['10.65.0.0/26'],
          pods,
          labels: { rack: 'a', zone: '7' },
          asNumber: 64513,
          routeReflectorClusterID: '244.0.0.1',
          resources: [],
        },
        {
          name: 'router',
          isNode: false,
          addresses: [
            { address: '192.0.2.254', length: 24, subnet: 'a' },
            { address: '198.51.100.126', length: 25, subnet: 'b' },
          ],
          daemon: 'bird',
          arguments: [],
          bird: 'protocol device { }',
          routes: [],
          blocks: [],
          pods: [],
          labels: {},
          resources: [],
        },
      ],
      resources: [{ kind: 'IPPool', metadata: { name: 'pods' } }],
    });
  });

  const node = (text: string) => `subnets: { a: [192.0.2.0/24] }\nnodes:\n  node-1: ${text}`;
  test.each([
    ['an unknown field', node('{ address: [192.0.2.1] }'), /node-1: there is no field address, only addresses, /],
    ['an address in no subnet', node('{ addresses: [198.51.100.1] }'), /198\.51\.100\.1 is in none of the subnets/],
    ['an address that is none', node('{ addresses: [192.0.2] }'), /node-1: expected|192\.0\.2 is no address/],
    ['a daemon that is none', node('{ addresses: [], daemon: frr }'), /daemon is caracal, bird or none, not frr/],
    ['BIRD without a configuration', node('{ addresses: [], daemon: bird }'), /go together/],
    ['a name that is none', 'nodes: { Node_1: { addresses: [] } }', /Node_1 is no name for a machine/],
    ['a subnet that is none', 'subnets: { a: [192.0.2.0] }', /subnet a: 192\.0\.2\.0 is no prefix/],
    ['resources without a kind', 'resources: [{ metadata: {} }]', /a list of resources, each with its kind/],
    ['text that is no YAML', 'nodes: [', /^lab x is not YAML: /],
    [
      'an address that is used twice',
      `${node('{ addresses: [192.0.2.1] }')}\n  node-2: { addresses: [192.0.2.1] }`,
      /192\.0\.2\.1 is used twice: by node-1 and by node-2/,
    ],
    [
      'a pod of the same name as a machine',
      node('{ addresses: [192.0.2.1], pods: { node-1: [10.0.0.1] } }'),
      /the name node-1 is used twice/,
    ],
  ])('with %s is refused with a sentence', (_, text, sentence) => {
    expect(() => parseLab('x', text)).toThrow(LabError);
    expect(() => parseLab('x', text)).toThrow(sentence);
  });
});
