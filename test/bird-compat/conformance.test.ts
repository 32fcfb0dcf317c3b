// Calico's own configurations, read as BIRD reads them and computed from the resources they were made of: both ways lead to
// the same sessions, the same static routes, and filters that say the same about every route.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { type Attributes, contains, type Family, type Prefix, prefixFromWords, prefixWords } from 'node-bgp';
import { describe, expect, test } from 'vitest';
import { birdIntent, diskFiles, readBirdConfiguration } from '../../bird-compat/index.ts';
import type { Intent, LocalRoute, PeerIntent } from '../../src/intent/index.ts';
import { evaluate, type Policy, type PolicyPeer, type PolicyRoute } from '../../src/policy/index.ts';
import { intentOf } from '../calico/support.ts';
import { cases, RECORDINGS } from '../conformance/replay.ts';

const NODE = 'kube-master';
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];
const RUNS = 300;

const runs = cases().flatMap((name) => FAMILIES.map((family) => ({ name, family })));
const reason =
  runs.length === 0
    ? `needs recordings; CARACAL_CONFORMANCE says where they are, and in ${RECORDINGS} are none`
    : undefined;
const title = `Calico's configurations mean what its resources do${reason === undefined ? '' : ` [skipped: ${reason}]`}`;

describe.skipIf(reason !== undefined)(title, () => {
  test('there are twelve of them', () => {
    expect(cases()).toHaveLength(12);
  });

  describe.each(runs)('$name, $family', ({ name, family }) => {
    const folder = join(RECORDINGS, 'cases', name);
    const file = join(folder, family === 'ipv4' ? 'bird.cfg' : 'bird6.cfg');
    const ours = birdIntent(readBirdConfiguration(file, diskFiles, { family }), { node: NODE });
    const computed = ofFamily(intentOf(readFileSync(join(folder, 'resources.yaml'), 'utf8'), { node: NODE }), family);

    test('nothing in it is without effect', () => {
      expect(ours.problems).toEqual([]);
    });

    test('the same sessions', () => {
      expect(ours.peers.size).toBe(computed.peers.size);
      expect([...ours.peers.values()].map(sessionOf)).toEqual([...computed.peers.values()].map(sessionOf));
    });

    test('the same static routes', () => {
      expect(ours.localRoutes.map(routeOf).sort()).toEqual(computed.localRoutes.map(routeOf).sort());
    });

    test('the same router, interfaces and paths', () => {
      expect(ours.kernel[family].directInterfaces).toEqual(computed.kernel[family].directInterfaces);
      expect(ours.kernel[family].maxPaths).toBe(computed.kernel[family].maxPaths);
      expect(ours.bgpIdentifier).toBe(computed.bgpIdentifier);
      if (ours.clusterId !== undefined) expect(ours.clusterId).toBe(computed.clusterId);
      expect(ours.listen.map(({ port }) => port)).toEqual(computed.listen.map(({ port }) => port));
    });

    test('the same kernel routes', () => {
      sameAnswers(ours.kernel[family].policy, computed.kernel[family].policy, family, undefined, kernelAnswer);
    });

    test('the same routes to and from every peer', () => {
      for (const [peerName, peer] of ours.peers) {
        const other = computed.peers.get(peerName)!;
        sameAnswers(peer.exportPolicy, other.exportPolicy, family, peer, exportAnswer);
        sameAnswers(peer.importPolicy, other.importPolicy, family, peer, importAnswer);
      }
    });
  });
});

// --- what is compared

function ofFamily(intent: Intent, family: Family): Intent {
  const peers = new Map([...intent.peers].filter(([, peer]) => peer.families.includes(family)));
  const localRoutes = intent.localRoutes.filter(({ prefix }) => prefix.includes(':') === (family === 'ipv6'));
  return { ...intent, peers, localRoutes, ...(peers.size === 0 ? { listen: [] } : {}) };
}

/** Policies are compared by what they answer; resources name their origin, configurations their timers. */
const NOT_COMPARED = new Set(['importPolicy', 'exportPolicy', 'origin', 'description', 'timers']);

function sessionOf(peer: PeerIntent): object {
  return Object.fromEntries(Object.entries(peer).filter(([field]) => !NOT_COMPARED.has(field)));
}

function routeOf({ prefix, type, gateway = '' }: LocalRoute): string {
  return `${prefix} ${type} ${gateway}`;
}

type Answer = (policy: Policy, route: PolicyRoute) => unknown;

const exportAnswer: Answer = (policy, route) => {
  const { accepted, attributes, error } = evaluate(policy, route);
  return { accepted, error, attributes: accepted && attributes };
};

const importAnswer: Answer = (policy, route) => {
  const { accepted, attributes, preference, error } = evaluate(policy, route);
  return { accepted, error, attributes: accepted && attributes, preference: accepted && preference };
};

/** A tunnel only makes sense for a route with a BGP next hop. */
const kernelAnswer: Answer = (policy, route) => {
  const { accepted, metric, tunnel, preference, error } = evaluate(policy, route);
  const tunnelled = route.source === 'bgp' && route.attributes.nextHop !== undefined;
  return {
    accepted,
    error,
    metric: accepted && metric,
    preference: accepted && preference,
    tunnel: tunnelled && tunnel,
  };
};

function sameAnswers(ours: Policy, theirs: Policy, family: Family, peer: PeerIntent | undefined, answer: Answer): void {
  const prefixes = [...prefixesIn(ours), ...prefixesIn(theirs)].filter((p) => p.includes(':') === (family === 'ipv6'));
  fc.assert(
    fc.property(routes(family, prefixes, peer, answer === importAnswer), (route) => {
      expect(answer(ours, route)).toEqual(answer(theirs, route));
    }),
    { numRuns: RUNS },
  );
}

// --- routes near what the filters speak of

/** Every prefix that stands anywhere in a policy. */
function prefixesIn(part: unknown): readonly Prefix[] {
  if (typeof part === 'string') return /^[\d.a-f:]+\/\d+$/.test(part) ? [part] : [];
  return typeof part === 'object' && part !== null ? Object.values(part).flatMap(prefixesIn) : [];
}

function routes(
  family: Family,
  known: readonly Prefix[],
  peer: PeerIntent | undefined,
  isImport: boolean,
): fc.Arbitrary<PolicyRoute> {
  const usual =
    family === 'ipv4' ? ['0.0.0.0/0', '10.192.0.0/16', '192.168.7.0/26'] : ['::/0', '2001::/64', 'fd00::/122'];
  const base = fc.constantFrom(...known, ...usual);
  const prefix = fc.oneof(base, fc.tuple(base, fc.nat(), fc.integer({ min: 0, max: 12 })).map(inside));
  const communities = fc.uniqueArray(fc.constantFrom(65000 * 65536 + 42, 65000 * 65536 + 100, 65001 * 65536 + 200, 5), {
    maxLength: 3,
  });
  const policyPeer = peer && asPolicyPeer(peer);
  return fc
    .record({
      prefix,
      source: isImport ? fc.constant('bgp' as const) : fc.constantFrom('bgp', 'kernel', 'static', 'direct'),
      interface: fc.constantFrom(
        '',
        'eth0',
        'tunl0',
        'vxlan.calico',
        'cali1234',
        'bpfin.cali',
        'bpfout.cali',
        'a.calico',
      ),
      metric: fc.constantFrom(undefined, 0, 512, 1024, 2000),
      localPref: fc.constantFrom(undefined, 100, 2147482623, 2147482624, 2147483391, 2147483647),
      nextHop: fc.constantFrom(
        ...(family === 'ipv4' ? ['10.192.0.3', '10.225.0.4', '172.16.0.9'] : ['2001::103', 'fd00::9']),
      ),
      communities,
      asPath: fc.array(fc.constantFrom(65000, 64512, 65105, 1), { maxLength: 3 }),
    })
    .map((made): PolicyRoute => {
      const isBgp = made.source === 'bgp';
      const attributes: Attributes = {
        origin: 0,
        asPath: isBgp && made.asPath.length > 0 ? [{ type: 'sequence', asns: made.asPath }] : [],
        ...(isBgp ? { nextHop: made.nextHop } : {}),
        ...(isBgp && made.localPref !== undefined ? { localPref: made.localPref } : {}),
        ...(isBgp && made.communities.length > 0 ? { communities: made.communities.sort((a, b) => a - b) } : {}),
      };
      return {
        ...prefixWords(made.prefix),
        attributes,
        source: made.source,
        protocol: `${made.source}1`,
        from: isBgp ? (policyPeer ?? FROM) : undefined,
        peer: policyPeer,
        interface: made.interface,
        gateway: undefined,
        // Only the kernel gives routes a metric before a filter does.
        metric: made.source === 'kernel' ? made.metric : undefined,
        preference: { bgp: 100, kernel: 10, static: 200, direct: 240 }[made.source],
      };
    });
}

const FROM: PolicyPeer = { name: 'Mesh_1', type: 'ibgp', localAs: 64512, remoteAs: 64512, address: '10.192.0.3' };

function asPolicyPeer({ name, localAs, remoteAs, address }: PeerIntent): PolicyPeer {
  return { name, type: localAs === remoteAs ? 'ibgp' : 'ebgp', localAs, remoteAs, address };
}

/** A prefix with `more` bits more, which are those of `bits`. */
function inside([outer, bits, more]: readonly [Prefix, number, number]): Prefix {
  const { family, word0, word1, word2, word3, length } = prefixWords(outer);
  const longest = family === 'ipv4' ? 32 : 128;
  const wanted = Math.min(length + more, longest);
  const words = [word0, word1, word2, word3];
  for (let i = length; i < wanted; i++) if ((bits >>> (i - length)) & 1) words[i >> 5]! |= 1 << (31 - (i & 31));
  const made = prefixFromWords(family, words[0]!, words[1]!, words[2]!, words[3]!, wanted);
  if (!contains(outer, made)) throw new Error(`${made} is not in ${outer}`);
  return made;
}
