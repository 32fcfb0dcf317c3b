// A cordoned node may take its services away from itself before its pods go.

import { describe, expect, test } from 'vitest';
import type { IntentOptions } from '../../src/intent/index.ts';
import {
  block,
  configuration,
  exported,
  intentOf,
  node,
  OWN,
  pool,
  programmed,
  resource,
  routesOf,
} from './support.ts';

const RANGE = '10.101.0.0/16';
const BLOCK = '10.66.1.0/26';
const CLUSTER = [
  configuration({ serviceClusterIPs: [{ cidr: RANGE }] }),
  pool('one', '10.66.0.0/16'),
  block(BLOCK),
  node('beta', { ipv4: '10.65.0.3/24' }),
  resource('BGPPeer', 'tor', { peerIP: '10.65.0.99', asNumber: 65001, filters: ['all'] }),
  resource('BGPFilter', 'all', { exportV4: [{ action: 'Accept' }] }),
].join('');

/** As the API server gives it: what Calico knows in annotations. */
function kubernetesNode(unschedulable: boolean): string {
  const annotations = { 'projectcalico.org/IPv4Address': '10.65.0.2/24' };
  const metadata = { name: OWN, annotations };
  return `---\n${JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata, spec: { unschedulable } })}\n`;
}

function intent(unschedulable: boolean, drain?: IntentOptions['drain']) {
  return intentOf([CLUSTER, kubernetesNode(unschedulable)], drain === undefined ? {} : { drain });
}

const told = (of: ReturnType<typeof intent>, prefix: string) =>
  ['Mesh_10_65_0_3', 'Global_10_65_0_99'].map((peer) => exported(of, peer, { prefix }));

describe('the services of a cordoned node', () => {
  test('are kept where nothing else is said', () => {
    expect(intent(true)).toEqual(intent(false));
  });

  test.each(['withdraw', 'lower'] as const)('are as ever while it is not cordoned, with %s', (drain) => {
    expect(intent(false, drain)).toEqual(intent(false));
  });

  test('are withdrawn, and nothing else, with a word about it', () => {
    const drained = intent(true, 'withdraw');
    expect(routesOf(intent(false))).toEqual([`${BLOCK} blackhole`, `${RANGE} blackhole`]);
    expect(routesOf(drained)).toEqual([`${BLOCK} blackhole`]);
    expect(exported(drained, 'Mesh_10_65_0_3', { prefix: RANGE })).toBe('rejected');
    expect(told(drained, BLOCK)).toEqual(told(intent(false), BLOCK));
    // kube-proxy still takes care of them here.
    expect(programmed(drained, { prefix: RANGE })).toBe('rejected');
    expect(drained.problems).toEqual([
      {
        ...{ kind: 'Node', name: OWN, path: 'spec.unschedulable', severity: 'warning' },
        text: 'the node is cordoned: its service routes are withdrawn',
      },
    ]);
  });

  test('are lowered for everybody, whatever filters say, and nothing else', () => {
    const drained = intent(true, 'lower');
    expect(routesOf(drained)).toEqual(routesOf(intent(false)));
    const lowest = { localPref: 0, med: 0xffff_ffff, communities: ['65535:0'] };
    expect(told(drained, RANGE)).toEqual([expect.objectContaining(lowest), expect.objectContaining(lowest)]);
    expect(told(drained, BLOCK)).toEqual(told(intent(false), BLOCK));
    expect(drained.problems.map(({ text }) => text)).toEqual([
      'the node is cordoned: its service routes are advertised with the lowest preference',
    ]);
  });

  test('of others are passed on by a reflector as they are', () => {
    const passedOn = { prefix: RANGE, source: 'bgp', localPref: 100 } as const;
    expect(exported(intent(true, 'lower'), 'Global_10_65_0_99', passedOn)).toMatchObject({ localPref: 100 });
  });
});
