import { describe, expect, test } from 'vitest';
import type { BGPPeer, Service } from './resources/types.ts';
import { ResourceStore } from './store.ts';
import type { DatastoreEvent, ResourceProblem } from './types.ts';

function peer(name: string, asNumber = 64512): BGPPeer {
  return { kind: 'BGPPeer', metadata: { name, labels: {}, annotations: {} }, asNumber };
}

function service(name: string, namespace: string): Service {
  return {
    kind: 'Service',
    metadata: { name, namespace, labels: {}, annotations: {} },
    type: 'ClusterIP',
    clusterIPs: [],
    externalIPs: [],
    loadBalancerIngressIPs: [],
    ipFamilies: [],
  };
}

const PROBLEM: ResourceProblem = { kind: 'BGPPeer', name: 'a', path: '', text: 'is odd' };
const set = (resource: BGPPeer | Service): DatastoreEvent => ({ type: 'set', resource });

describe('the store', () => {
  test('holds what was set last and lists it by name', () => {
    const store = new ResourceStore();
    store.apply([set(peer('b')), set(peer('a')), set(peer('b', 65000))]);
    expect(store.list('BGPPeer')).toEqual([peer('a'), peer('b', 65000)]);
    expect(store.get('BGPPeer', 'b')).toEqual(peer('b', 65000));
    expect(store.get('BGPPeer', 'c')).toBeUndefined();
    expect(store.list('IPPool')).toEqual([]);
  });

  test('forgets what was removed', () => {
    const store = new ResourceStore();
    store.apply([set(peer('a')), set(peer('b'))]);
    store.apply([{ type: 'removed', kind: 'BGPPeer', name: 'a' }]);
    expect(store.list('BGPPeer')).toEqual([peer('b')]);
  });

  test('tells namespaces apart', () => {
    const store = new ResourceStore();
    store.apply([set(service('web', 'shop')), set(service('web', 'blog'))]);
    expect(store.list('Service')).toEqual([service('web', 'blog'), service('web', 'shop')]);
    store.apply([{ type: 'removed', kind: 'Service', name: 'web', namespace: 'shop' }]);
    expect(store.get('Service', 'web', 'shop')).toBeUndefined();
    expect(store.get('Service', 'web', 'blog')).toEqual(service('web', 'blog'));
  });

  test('gives the same list until something of that kind changes', () => {
    const store = new ResourceStore();
    store.apply([set(peer('a')), set(service('web', 'shop'))]);
    const peers = store.list('BGPPeer');
    store.apply([set(service('db', 'shop'))]);
    expect(store.list('BGPPeer')).toBe(peers);
    store.apply([set(peer('b'))]);
    expect(store.list('BGPPeer')).not.toBe(peers);
  });

  test('is in sync when every source is, and says why it is not', () => {
    const store = new ResourceStore(['files', 'endpoints']);
    expect([store.synced, store.detail]).toEqual([false, undefined]);
    store.apply([{ type: 'synced', synced: true }], 'files');
    expect(store.synced).toBe(false);
    store.apply([{ type: 'synced', synced: true }], 'endpoints');
    expect(store.synced).toBe(true);
    store.apply([{ type: 'synced', synced: false, detail: 'gone' }], 'files');
    expect([store.synced, store.detail]).toEqual([false, 'gone']);
  });

  test('keeps the problems of each source apart', () => {
    const store = new ResourceStore(['files', 'endpoints']);
    const other = { ...PROBLEM, name: 'b' };
    store.apply([{ type: 'problems', problems: [PROBLEM] }], 'endpoints');
    store.apply([{ type: 'problems', problems: [other] }], 'files');
    expect(store.problems).toEqual([other, PROBLEM]);
    store.apply([{ type: 'problems', problems: [] }], 'files');
    expect(store.problems).toEqual([PROBLEM]);
  });

  test.each<[what: string, events: DatastoreEvent[], changed: boolean]>([
    ['nothing', [], false],
    ['a new resource', [set(peer('new'))], true],
    ['a removal', [{ type: 'removed', kind: 'BGPPeer', name: 'a' }], true],
    ['the removal of what is not there', [{ type: 'removed', kind: 'BGPPeer', name: 'x' }], false],
    ['no problems after none', [{ type: 'problems', problems: [] }], false],
    ['a problem', [{ type: 'problems', problems: [PROBLEM] }], true],
    ['the same state of synchronisation', [{ type: 'synced', synced: false }], false],
    ['another state of synchronisation', [{ type: 'synced', synced: true }], true],
  ])('says whether %s changes it, and counts', (_what, events, changed) => {
    const store = new ResourceStore();
    store.apply([set(peer('a'))]);
    const before = store.changes;
    expect(store.apply(events)).toBe(changed);
    expect(store.changes > before).toBe(changed);
  });

  test('refuses events of a source that nobody announced', () => {
    expect(() => new ResourceStore().apply([], 'etcd')).toThrow('unknown source etcd');
  });
});
