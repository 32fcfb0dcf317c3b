// What holds for all clusters: the order in which resources are known does not matter, nor does the way that led to them,
// and the differences found on the way are exactly what leads from one Intent to the next.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Resource } from '../../src/datastore/resources/types.ts';
import { ResourceStore } from '../../src/datastore/store.ts';
import { computeIntent, diffIntents, type Intent, isEmptyChange, type PeerIntent } from '../../src/intent/index.ts';
import { block, configuration, node, OWN, pool, resource, resourcesOf, secret, viewOf } from './support.ts';

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const NODE_NAMES = [OWN, 'beta', 'gamma', 'delta'];
const LABELS = fc.record({ rack: fc.constantFrom('1', '2'), role: fc.constantFrom('hub', 'leaf') });

const nodeText = fc
  .record({
    name: fc.constantFrom(...NODE_NAMES),
    host: fc.integer({ min: 1, max: 6 }),
    families: fc.constantFrom('4', '6', '46', ''),
    as: optional(fc.constantFrom(65001, 65002)),
    clusterId: optional(fc.constantFrom('10.0.0.1', '10.0.0.2')),
    labels: LABELS,
  })
  .map(({ name, host, families, as, clusterId, labels }) =>
    node(name, {
      ...(families.includes('4') ? { ipv4: `10.65.0.${host}/24` } : {}),
      ...(families.includes('6') ? { ipv6: `fd65::${host}/64` } : {}),
      ...(families !== '' && as !== undefined ? { as } : {}),
      ...(families !== '' && clusterId !== undefined ? { clusterId } : {}),
      labels,
    }),
  );

const SELECTORS = ['all()', "rack == '1'", "role != 'hub'", 'has(absent)'];
const ADDRESSES = ['10.65.0.1', '10.65.0.2:179', '10.65.0.3:1790', 'fd65::2', '[fd65::3]:179', '192.0.2.1'];

const peerText = fc
  .record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    scope: fc.oneof(
      fc.constant({}),
      fc.constantFrom(...NODE_NAMES).map((name) => ({ node: name })),
      fc.constantFrom(...SELECTORS).map((nodeSelector) => ({ nodeSelector })),
    ),
    remote: fc.oneof(
      fc.constantFrom(...SELECTORS).map((peerSelector) => ({ peerSelector })),
      fc.record({ peerIP: fc.constantFrom(...ADDRESSES), asNumber: fc.constantFrom(0, 64512, 65001) }),
    ),
    options: fc.record(
      {
        filters: fc.subarray(['f', 'g']),
        reversePeering: fc.constantFrom('Auto', 'Manual'),
        nextHopMode: fc.constantFrom('Auto', 'Self', 'Keep'),
        ttlSecurity: fc.constantFrom(0, 2),
        password: fc.constant({ secretKeyRef: { name: 'bgp', key: 'k' } }),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ name, scope, remote, options }) => resource('BGPPeer', name, { ...scope, ...remote, ...options }));

const otherText = fc.oneof(
  fc
    .record({
      nodeToNodeMeshEnabled: fc.boolean(),
      asNumber: fc.constantFrom(64512, 65001),
      listenPort: fc.constantFrom(179, 1790),
      programClusterRoutes: fc.constantFrom('Enabled', 'Disabled', 'EnabledIPIPOnly', 'EnabledNoEncapOnly'),
      serviceClusterIPs: fc.subarray([{ cidr: '10.101.0.0/16' }, { cidr: 'fd00:96::/112' }]),
    })
    .map((spec) => configuration(spec)),
  fc.constantFrom(179, 1791).map((listenPort) => configuration({ listenPort }, 'node.beta')),
  fc
    .record({ name: fc.constantFrom('p', 'q'), third: fc.constantFrom(66, 67), disableBGPExport: fc.boolean() })
    .map(({ name, third, disableBGPExport }) => pool(name, `10.${third}.0.0/16`, { disableBGPExport })),
  fc
    .record({
      state: fc.constantFrom('', 'confirmed', 'pending', 'pendingDeletion'),
      owner: fc.constantFrom(OWN, 'beta'),
    })
    .map(({ state, owner }) => block('10.66.1.0/26', state, owner)),
  fc
    .record({ name: fc.constantFrom('f', 'g'), action: fc.constantFrom('Accept', 'Reject') })
    .map(({ name, action }) => resource('BGPFilter', name, { exportV4: [{ action }] })),
  fc.constantFrom('one', 'two').map((value) => secret('bgp', { k: value })),
);

/** Present from the start, and often written anew. */
const OWN_NODE = node(OWN, { ipv4: '10.65.0.2/24', ipv6: 'fd65::2/64', labels: { rack: '1', role: 'hub' } });

const resourceList = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: nodeText },
      { weight: 3, arbitrary: peerText },
      { weight: 2, arbitrary: otherText },
    ),
    {
      maxLength: 14,
    },
  )
  .map((texts) => lastOfEach(resourcesOf(OWN_NODE, ...texts)));

function identityOf({ kind, metadata }: Resource): string {
  return `${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
}

function lastOfEach(resources: readonly Resource[]): readonly Resource[] {
  return [...new Map(resources.map((one) => [identityOf(one), one])).values()];
}

const options = { node: OWN };
const compute = (resources: readonly Resource[]): Intent => computeIntent(viewOf(resources), options);
/** Nothing that was remembered about the originals can help. */
const afresh = (resources: readonly Resource[]): Intent => compute(structuredClone(resources) as Resource[]);

describe('an Intent', () => {
  test('is the same for every order of the resources, and its order is that of names', () => {
    const ordered = fc.tuple(resourceList, fc.infiniteStream(fc.nat()));
    fc.assert(
      fc.property(ordered, ([resources, keys]) => {
        const shuffled = resources.map((one) => ({ one, key: keys.next().value })).sort((a, b) => a.key - b.key);
        const intent = compute(shuffled.map(({ one }) => one));
        expect(intent).toEqual(compute(resources));
        expect([...intent.peers.keys()]).toEqual([...intent.peers.keys()].sort());
      }),
    );
  });

  test('has one session per address and port, none with the node itself, and no family without an address', () => {
    fc.assert(
      fc.property(resourceList, (resources) => {
        const { peers, addresses } = compute(resources);
        const targets = [...peers.values()].map(({ address, port }) => `${address} ${port}`);
        expect(new Set(targets).size).toBe(targets.length);
        for (const { address, families } of peers.values()) {
          expect(families.map((family) => addresses[family])).not.toContain(undefined);
          expect(Object.values(addresses)).not.toContain(address);
        }
      }),
    );
  });

  test('differs in nothing from itself, computed twice', () => {
    fc.assert(
      fc.property(resourceList, (resources) => {
        expect(isEmptyChange(diffIntents(compute(resources), afresh(resources)))).toBe(true);
      }),
    );
  });
});

describe('a way between two states', () => {
  test('ends in the same Intent by any steps, and the differences add up to it', () => {
    fc.assert(
      fc.property(resourceList, resourceList, resourceList, (from, detour, to) => {
        const store = new ResourceStore();
        let intent = computeIntent(store, options);
        const sessions = new Map<string, PeerIntent>();
        const goTo = (target: readonly Resource[]) => {
          const wanted = new Set(target.map(identityOf));
          const present = from.concat(detour).filter((one) => !wanted.has(identityOf(one)));
          const removals = present.map(({ kind, metadata: { name, namespace } }) => ({
            ...({ type: 'removed', kind, name } as const),
            ...(namespace === undefined ? {} : { namespace }),
          }));
          for (const event of [...target.map((one) => ({ type: 'set', resource: one }) as const), ...removals]) {
            store.apply([event]);
            const next = computeIntent(store, options);
            applyPeers(sessions, intent, next);
            intent = next;
          }
        };
        for (const target of [from, detour, to]) goTo(target);
        expect(intent).toEqual(afresh(to));
        expect(new Map([...sessions].sort())).toEqual(new Map([...intent.peers].sort()));
      }),
      { numRuns: 60 },
    );
  });
});

/** What somebody does who knows the sessions only by what is said to have changed. */
function applyPeers(sessions: Map<string, PeerIntent>, before: Intent, after: Intent): void {
  for (const change of diffIntents(before, after).peers) {
    if (change.type === 'removed') sessions.delete(change.peer.name);
    else if (change.type === 'added') sessions.set(change.peer.name, change.peer);
    else sessions.set(change.after.name, change.after);
  }
}
