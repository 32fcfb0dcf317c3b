import { describe, expect, test } from 'vitest';
import { felixDisagreements } from './felix-configuration.ts';
import { readResource } from './read-resource.ts';
import type { BGPConfiguration, ClusterRoutesOwner, FelixConfiguration } from './types.ts';

const metadata = { name: 'default', labels: {}, annotations: {} };
const felix = (fields: Partial<FelixConfiguration> = {}): FelixConfiguration => ({
  kind: 'FelixConfiguration',
  metadata,
  ...fields,
});
const bgp = (fields: Partial<BGPConfiguration> = {}): BGPConfiguration => ({
  kind: 'BGPConfiguration',
  metadata,
  ...fields,
});

test('only what must agree is read, and what is wrong in it is ignored', () => {
  const spec = {
    programClusterRoutes: 'Enabled',
    ipv4NormalRoutePriority: 0,
    logSeverityScreen: 'Info',
    bpfEnabled: true,
  };
  const document = {
    apiVersion: 'projectcalico.org/v3',
    kind: 'FelixConfiguration',
    metadata: { name: 'default' },
    spec,
  };
  const { resource, problems } = readResource(document);
  expect(resource).toStrictEqual(felix({ programClusterRoutes: 'Enabled' }));
  expect(problems.map(({ path }) => path)).toEqual(['spec.ipv4NormalRoutePriority']);
  expect(readResource({ ...document, metadata: { name: 'node.n1' } })).toEqual({ problems: [] });
});

describe('who programs which routes', () => {
  const owners: ClusterRoutesOwner[] = ['Enabled', 'Disabled', 'EnabledIPIPOnly', 'EnabledNoEncapOnly'];
  const agree = new Set([
    'Enabled Disabled',
    'Disabled Enabled',
    'EnabledIPIPOnly EnabledNoEncapOnly',
    'EnabledNoEncapOnly EnabledIPIPOnly',
  ]);
  test.each(owners.flatMap((theirs) => owners.map((own) => [theirs, own] as const)))(
    'Felix %s, BGP %s',
    (theirs, own) => {
      const problems = felixDisagreements(felix({ programClusterRoutes: theirs }), bgp({ programClusterRoutes: own }));
      expect(problems.length === 0).toBe(agree.has(`${theirs} ${own}`));
    },
  );

  test('the defaults of both agree', () => {
    expect(felixDisagreements(felix(), undefined)).toEqual([]);
    expect(felixDisagreements(felix({ programClusterRoutes: 'Disabled' }), bgp())).toEqual([
      {
        kind: 'BGPConfiguration',
        name: 'default',
        path: 'spec.programClusterRoutes',
        text: 'is EnabledNoEncapOnly while Felix has Disabled: some routes have two owners or none; Felix should have EnabledIPIPOnly',
        severity: 'warning',
      },
    ]);
  });
});

test('priorities must be the same', () => {
  expect(
    felixDisagreements(felix({ ipv4NormalRoutePriority: 2000 }), bgp({ ipv6NormalRoutePriority: 7 })),
  ).toMatchObject([
    { path: 'spec.ipv4NormalRoutePriority', text: 'is 1024 while Felix has 2000: migrating workloads are misjudged' },
    { path: 'spec.ipv6NormalRoutePriority', text: 'is 7 while Felix has 1024: migrating workloads are misjudged' },
  ]);
});
