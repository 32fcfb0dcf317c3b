// The driver against a real etcd: the contract of all drivers, and what only etcd does. Skipped, with the reason, where
// there is none.

import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { describeWith } from '../../../test/requirements.ts';
import { type DatastoreHarness, datastoreContract, eventually, type Observed, observe } from '../datastore-contract.ts';
import { type Clock, systemClock } from '../files/clock.ts';
import type { CuttableProxy } from '../kubernetes/cuttable-proxy.fixture.ts';
import { type EtcdOptions, etcdDatastore } from './etcd.ts';
import { keyOf, RealEtcd, resourceKey } from './real-etcd.fixture.ts';
import { WRITTEN } from './written.fixture.ts';

const START_TIMEOUT = 60_000;
/** Milliseconds that something may take on a machine that does much else. */
const PATIENCE = 20_000;

/** Waits a twentieth of the time. */
const hurried: Clock = { ...systemClock, after: (milliseconds, call) => systemClock.after(milliseconds / 20, call) };

let running: Observed[] = [];

async function start(access: EtcdOptions['access'], options: Partial<EtcdOptions> = {}): Promise<Observed> {
  const observed = await observe(etcdDatastore({ node: 'node-1', access, clock: hurried, ...options }));
  running.push(observed);
  return observed;
}

async function stopAll(): Promise<void> {
  for (const { driver } of running) await driver.stop();
  running = [];
}

function pool(cidr: string): string {
  return JSON.stringify({ kind: 'IPPool', apiVersion: 'projectcalico.org/v3', metadata: {}, spec: { cidr } });
}

function poolsOf({ store }: Observed): string[] {
  return store.list('IPPool').map(({ metadata, cidr }) => `${metadata.name} ${cidr}`);
}

function becomes(observed: Observed, expected: readonly string[]): Promise<void> {
  const holds = () => JSON.stringify(poolsOf(observed)) === JSON.stringify(expected);
  return eventually(holds, () => [poolsOf(observed), observed.store.detail], PATIENCE);
}

function isSynced(observed: Observed, synced: boolean): Promise<void> {
  const { store } = observed;
  return eventually(
    () => store.synced === synced,
    () => [store.synced, store.detail, observed.driver.contact?.()],
    PATIENCE,
  );
}

function listsOf({ driver }: Observed): number | undefined {
  return driver.contact?.().watches[0]?.lists;
}

function hostOf({ port }: CuttableProxy): string {
  return `127.0.0.1:${port}`;
}

function urlOf(proxy: CuttableProxy): string {
  return `http://${hostOf(proxy)}`;
}

const RED = resourceKey('ippools', 'red');
const BLUE = resourceKey('ippools', 'blue');
const GREEN = resourceKey('ippools', 'green');

describeWith(['etcd'], 'a real etcd', () => {
  let etcd: RealEtcd;
  beforeAll(async () => {
    etcd = await RealEtcd.start();
  }, START_TIMEOUT);
  afterAll(() => etcd.stop());
  afterEach(async () => {
    await stopAll();
    await etcd.clear();
  });

  datastoreContract('the etcd driver', async (): Promise<DatastoreHarness> => {
    return {
      driver: () => etcdDatastore({ node: 'node-1', access: { endpoints: [etcd.url] } }),
      put: (resource) => etcd.put(keyOf(resource), JSON.stringify(resource)),
      remove: (resource) => etcd.delete(keyOf(resource)),
      dispose: () => etcd.clear(),
    };
  });

  test('what calicoctl, IPAM and calico-node write is read', async () => {
    for (const [key, value] of Object.entries(WRITTEN)) await etcd.put(key, value);
    const { store } = await start({ endpoints: [etcd.url] });
    expect(store.problems).toEqual([]);
    expect(store.list('BGPConfiguration')).toMatchObject([{ metadata: { name: 'default' }, asNumber: 64512 }]);
    expect(store.list('BGPPeer')).toMatchObject([{ peerIP: { address: '10.9.0.1' }, asNumber: 64567 }]);
    expect(store.list('BGPFilter')).toMatchObject([{ metadata: { name: 'only-pods' } }]);
    expect(store.list('IPPool')).toMatchObject([{ cidr: '10.65.0.0/16', ipipMode: 'CrossSubnet' }]);
    expect(store.list('FelixConfiguration')).toMatchObject([{ metadata: { name: 'default' } }]);
    expect(store.list('Node')).toMatchObject([
      { metadata: { name: 'node-1', labels: { rack: 'a' } }, bgp: { asNumber: 64512 }, tunnelAddress: '10.65.0.1' },
      { metadata: { name: 'node-2' } },
    ]);
    expect(store.list('BlockAffinity').map(({ cidr, node, state, type }) => [cidr, node, state, type])).toEqual([
      ['10.65.0.0/26', 'node-1', 'confirmed', 'host'],
      ['10.65.1.0/26', 'node-1', 'pending', 'host'],
      ['10.65.2.0/26', 'node-1', '', 'host'],
      ['fd00:65::/122', 'node-1', 'confirmed', 'host'],
    ]);
  });

  test('more keys than fit into an answer are all read, at one revision', async () => {
    const names = Array.from({ length: 1_234 }, (_, index) => `node-${String(index).padStart(4, '0')}`);
    const success = names.map((name) => ({
      request_put: etcd.putRequest(resourceKey('nodes', name), JSON.stringify({ metadata: { name }, spec: {} })),
    }));
    for (let at = 0; at < success.length; at += 100)
      await etcd.call('kv/txn', { success: success.slice(at, at + 100) });
    const { store, batches } = await start({ endpoints: [etcd.url] });
    expect(store.list('Node').map(({ metadata }) => metadata.name)).toEqual(names);
    expect(batches).toHaveLength(1);
  });

  test('a value that is no JSON is a problem, and the last valid version stays', async () => {
    await etcd.put(RED, pool('10.1.0.0/16'));
    const observed = await start({ endpoints: [etcd.url] });
    await etcd.put(RED, 'rubbish');
    const { store } = observed;
    await eventually(
      () => store.problems.length > 0,
      () => store.problems,
    );
    expect(store.problems).toEqual([
      {
        kind: 'IPPool',
        name: 'red',
        path: '',
        text: 'its value in etcd is not a JSON object; write it again with calicoctl',
      },
    ]);
    expect(poolsOf(observed)).toEqual(['red 10.1.0.0/16']);
    await etcd.put(RED, pool('10.2.0.0/16'));
    await becomes(observed, ['red 10.2.0.0/16']);
    expect(store.problems).toEqual([]);
  });

  test('a block that this node loses is gone, and those of others are not read', async () => {
    const own = '/calico/ipam/v2/host/node-1/ipv4/block/10.65.0.0-26';
    await etcd.put(own, '{"state":"confirmed"}');
    await etcd.put('/calico/ipam/v2/host/node-11/ipv4/block/10.65.9.0-26', '{"state":"confirmed"}');
    const { store } = await start({ endpoints: [etcd.url] });
    const blocks = () => store.list('BlockAffinity').map(({ cidr }) => cidr);
    expect(blocks()).toEqual(['10.65.0.0/26']);
    await etcd.delete(own);
    await eventually(() => blocks().length === 0, blocks);
  });

  test('contact with etcd is in status, and a watch is asked now and then whether etcd is there', async () => {
    await etcd.put(RED, pool('10.1.0.0/16'));
    const observed = await start({ endpoints: [etcd.url] }, { probeInterval: 200 });
    await becomes(observed, ['red 10.1.0.0/16']);
    const contact = observed.driver.contact?.();
    expect(contact).toMatchObject({ server: `127.0.0.1:${etcd.port}` });
    expect(contact?.watches.map(({ name, state, resources, lists }) => [name, state, resources, lists])).toEqual([
      ['bgpconfigurations', 'watching', 0, 1],
      ['bgppeers', 'watching', 0, 1],
      ['bgpfilters', 'watching', 0, 1],
      ['ippools', 'watching', 1, 1],
      ['nodes', 'watching', 0, 1],
      ['felixconfigurations', 'watching', 0, 1],
      ['block affinities of node-1', 'watching', 0, 1],
    ]);
  });
});

describeWith(['etcd'], 'an etcd with faults', () => {
  let etcd: RealEtcd;
  beforeAll(async () => {
    etcd = await RealEtcd.start();
  }, START_TIMEOUT);
  afterAll(() => etcd.stop());
  afterEach(async () => {
    await stopAll();
    await etcd.clear();
  });

  test('restarted: what is known stays, it is told, and the watch goes on where it was', async () => {
    await etcd.put(RED, pool('10.1.0.0/16'));
    const observed = await start({ endpoints: [etcd.url] });
    await etcd.kill();
    await isSynced(observed, false);
    expect(observed.store.detail).toBe(`127.0.0.1:${etcd.port} refuses connections`);
    expect(poolsOf(observed)).toEqual(['red 10.1.0.0/16']);
    await etcd.restart();
    await etcd.put(BLUE, pool('10.2.0.0/16'));
    await becomes(observed, ['blue 10.2.0.0/16', 'red 10.1.0.0/16']);
    await isSynced(observed, true);
    expect(listsOf(observed)).toBe(1);
    const sets = observed.batches.flat().filter(({ type }) => type === 'set');
    expect(sets).toHaveLength(2);
  });

  test('compacted while nobody watched: all is read anew, and only what is different is told', async () => {
    await etcd.put(RED, pool('10.1.0.0/16'));
    await etcd.put(BLUE, pool('10.2.0.0/16'));
    const proxy = await etcd.proxy();
    const observed = await start({ endpoints: [urlOf(proxy)] });
    await proxy.close();
    await isSynced(observed, false);
    await etcd.delete(BLUE);
    await etcd.put(GREEN, pool('10.3.0.0/16'));
    await etcd.put(GREEN, pool('10.4.0.0/16'));
    await etcd.compact();
    const before = observed.batches.length;
    await proxy.listen();
    await becomes(observed, ['green 10.4.0.0/16', 'red 10.1.0.0/16']);
    await isSynced(observed, true);
    const told = observed.batches.slice(before).flat();
    expect(told.filter(({ type }) => type === 'set' || type === 'removed')).toMatchObject([
      { type: 'removed', name: 'blue' },
      { type: 'set', resource: { metadata: { name: 'green' } } },
    ]);
    expect(listsOf(observed)).toBe(2);
    await proxy.close();
  });

  test('replaced by an empty one at the same place: what is no longer there is gone', async () => {
    await etcd.put(RED, pool('10.1.0.0/16'));
    await etcd.put(RED, pool('10.2.0.0/16'));
    const observed = await start({ endpoints: [etcd.url] });
    await etcd.kill();
    etcd.wipe();
    await etcd.restart();
    await becomes(observed, []);
    await etcd.put(BLUE, pool('10.3.0.0/16'));
    await becomes(observed, ['blue 10.3.0.0/16']);
  });

  test('frozen: a connection that stays without an answer is not taken for peace', async () => {
    const observed = await start({ endpoints: [etcd.url] }, { probeInterval: 1_000, patience: 300 });
    etcd.freeze();
    await isSynced(observed, false);
    expect(observed.store.detail).toBe(`127.0.0.1:${etcd.port} has not answered for 0.3 s`);
    etcd.thaw();
    await isSynced(observed, true);
    await etcd.put(RED, pool('10.1.0.0/16'));
    await becomes(observed, ['red 10.1.0.0/16']);
  });

  test('away when the driver starts: start is done all the same, and everything comes when etcd does', async () => {
    await etcd.put(RED, pool('10.1.0.0/16'));
    await etcd.kill();
    const observed = await start({ endpoints: [etcd.url] });
    expect([observed.store.synced, observed.store.detail]).toEqual([
      false,
      `127.0.0.1:${etcd.port} refuses connections`,
    ]);
    await etcd.restart();
    await becomes(observed, ['red 10.1.0.0/16']);
    await isSynced(observed, true);
  });

  test('one of several members gone: another one is asked, and nothing is read anew', async () => {
    await etcd.put(RED, pool('10.1.0.0/16'));
    const [first, second] = [await etcd.proxy(), await etcd.proxy()];
    const observed = await start({ endpoints: [urlOf(first), urlOf(second)] }, { random: () => 0 });
    expect(observed.driver.contact?.().server).toBe(hostOf(first));
    await first.close();
    await eventually(
      () => observed.driver.contact?.().server === hostOf(second),
      () => observed.driver.contact?.(),
      PATIENCE,
    );
    await etcd.put(BLUE, pool('10.2.0.0/16'));
    await becomes(observed, ['blue 10.2.0.0/16', 'red 10.1.0.0/16']);
    expect(listsOf(observed)).toBe(1);
    expect(observed.batches.flat().filter((event) => event.type === 'synced' && !event.synced)).toEqual([]);
    await second.close();
  });

  test('users are given, but etcd has none: it is read as it is', async () => {
    await etcd.put(RED, pool('10.1.0.0/16'));
    const credentials = { username: 'calico', password: 'x' };
    expect(poolsOf(await start({ endpoints: [etcd.url], credentials }))).toEqual(['red 10.1.0.0/16']);
  });
});

describeWith(['etcd'], 'an etcd with users', () => {
  let etcd: RealEtcd;
  beforeAll(async () => {
    etcd = await RealEtcd.start();
    await etcd.put(RED, pool('10.1.0.0/16'));
    await etcd.enableUsers('one');
  }, START_TIMEOUT);
  afterEach(stopAll);
  afterAll(() => etcd.stop());

  test('the right one reads, and what is wrong with others is said', async () => {
    const host = `127.0.0.1:${etcd.port}`;
    const endpoints = [etcd.url];
    const as = (username: string, password: string) => start({ endpoints, credentials: { username, password } });
    expect(poolsOf(await as('calico', 'one'))).toEqual(['red 10.1.0.0/16']);
    expect((await as('calico', 'wrong')).store.detail).toBe(
      'etcd does not accept user and password: ETCD_USERNAME or ETCD_PASSWORD is wrong, or there is no such user',
    );
    expect((await as('nobody', 'one')).store.detail).toBe(
      `${host} does not allow nobody to read bgpconfigurations; a role of nobody needs: etcdctl role grant-permission ROLE read --prefix /calico/`,
    );
    expect((await start({ endpoints })).store.detail).toMatch(
      /^etcd does not answer without a user: set ETCD_USERNAME and ETCD_PASSWORD/,
    );
  });

  test('a password that is changed and given back: the last state stays until then', async () => {
    const credentials = { username: 'calico', password: 'one' };
    const observed = await start({ endpoints: [etcd.url], credentials }, { probeInterval: 1_000 });
    await etcd.asRoot('auth/user/changepw', { name: 'calico', password: 'two' });
    await isSynced(observed, false);
    expect(poolsOf(observed)).toEqual(['red 10.1.0.0/16']);
    await etcd.asRoot('auth/user/changepw', { name: 'calico', password: 'one' });
    await isSynced(observed, true);
  });
});

describeWith(['etcd', 'openssl'], 'an etcd with TLS', () => {
  let etcd: RealEtcd;
  beforeAll(async () => {
    etcd = await RealEtcd.start({ tls: true });
    await etcd.put(RED, pool('10.1.0.0/16'));
  }, START_TIMEOUT);
  afterEach(stopAll);
  afterAll(() => etcd.stop());

  const files = () => ({
    ...{ caFile: etcd.file('ca.crt'), certFile: etcd.file('client.crt'), keyFile: etcd.file('client.key') },
  });

  test('is read with a client certificate', async () => {
    expect(poolsOf(await start({ endpoints: [etcd.url], ...files() }))).toEqual(['red 10.1.0.0/16']);
  });

  test('is read with certificate and key as texts', async () => {
    const [ca, cert, key] = Object.values(files()).map((path) => readFileSync(path, 'utf8'));
    const inline = { ca: ca!, cert: cert!, key: key! };
    expect(poolsOf(await start({ endpoints: [etcd.url], inline }))).toEqual(['red 10.1.0.0/16']);
  });

  test.each<[string, () => Partial<EtcdOptions['access']>, RegExp]>([
    ['by another CA', () => ({ caFile: etcd.file('stranger.crt') }), /is not signed by the CA that was given$/],
    ['without a certificate', () => ({ caFile: etcd.file('ca.crt') }), /wants a client certificate that it knows$/],
    [
      'with a certificate of a stranger',
      () => ({ ...files(), certFile: etcd.file('stranger.crt'), keyFile: etcd.file('stranger.key') }),
      /wants a client certificate that it knows$/,
    ],
    ['without TLS', () => ({ endpoints: [etcd.url.replace('https', 'http')] }), /https:|closed the connection/],
  ])('is not read %s, and it is said why', async (_, access, text) => {
    const observed = await start({ endpoints: [etcd.url], ...access() });
    expect(poolsOf(observed)).toEqual([]);
    expect(observed.store.detail).toMatch(text);
  });

  test('certificates that are replaced are used without a restart', async () => {
    const certFile = join(etcd.folder, 'mine.crt');
    const keyFile = join(etcd.folder, 'mine.key');
    etcd.copy('stranger', 'mine');
    const observed = await start({ endpoints: [etcd.url], ...files(), certFile, keyFile });
    expect(observed.store.synced).toBe(false);
    etcd.copy('client', 'mine');
    await becomes(observed, ['red 10.1.0.0/16']);
  });

  test('a file that cannot be read is named at the start, and later is no end', async () => {
    const caFile = join(etcd.folder, 'absent.crt');
    const access = { endpoints: [etcd.url], ...files(), caFile };
    await expect(start(access)).rejects.toThrow(`${caFile} does not exist`);
    writeFileSync(caFile, '');
    const observed = await start(access);
    unlinkSync(caFile);
    await eventually(
      () => observed.store.detail === `${caFile} does not exist`,
      () => observed.store.detail,
      PATIENCE,
    );
  });
});

describeWith(['etcd', 'openssl'], 'an etcd whose tokens expire', () => {
  let etcd: RealEtcd;
  beforeAll(async () => {
    etcd = await RealEtcd.start({ tokenSeconds: 1 });
  }, START_TIMEOUT);
  afterEach(stopAll);
  afterAll(() => etcd.stop());

  test('gets a new one each time, and nobody notices', async () => {
    await etcd.put(RED, pool('10.1.0.0/16'));
    await etcd.enableUsers('one');
    const credentials = { username: 'calico', password: 'one' };
    const observed = await start({ endpoints: [etcd.url], credentials }, { probeInterval: 1_000 });
    const clients = new Set<unknown>();
    await eventually(
      () => clients.add(observed.driver.contact?.().watches[0]?.failuresInARow).has(1),
      () => [...clients],
      PATIENCE,
    );
    await etcd.asRoot('kv/put', etcd.putRequest(BLUE, pool('10.2.0.0/16')));
    await becomes(observed, ['blue 10.2.0.0/16', 'red 10.1.0.0/16']);
    expect(observed.batches.flat().filter((event) => event.type === 'synced')).toEqual([
      { type: 'synced', synced: true },
    ]);
    expect(listsOf(observed)).toBe(1);
  });
});

describeWith(['etcd'], 'an etcd that tells how far it is', () => {
  let etcd: RealEtcd;
  beforeAll(async () => {
    etcd = await RealEtcd.start({ progressSeconds: 1 });
  }, START_TIMEOUT);
  afterEach(stopAll);
  afterAll(() => etcd.stop());

  test('is not read anew after a compaction of what was only other data', async () => {
    await etcd.put(RED, pool('10.1.0.0/16'));
    const proxy = await etcd.proxy();
    const observed = await start({ endpoints: [urlOf(proxy)] }, { probeInterval: 600_000 });
    for (let version = 0; version < 5; version++) await etcd.put('/elsewhere', `${version}`);
    // Without a question of ours, contact that is new can only be progress.
    const contactAt = () => performance.now() - (observed.driver.contact?.().contactAge ?? 0);
    const before = performance.now();
    await eventually(() => contactAt() > before + 1_100, contactAt, PATIENCE);
    await proxy.close();
    await isSynced(observed, false);
    await etcd.compact();
    await proxy.listen();
    await isSynced(observed, true);
    await etcd.put(BLUE, pool('10.2.0.0/16'));
    await becomes(observed, ['blue 10.2.0.0/16', 'red 10.1.0.0/16']);
    expect(listsOf(observed)).toBe(1);
    await proxy.close();
  });
});

describe('what cannot be an etcd', () => {
  test.each([
    ['10.0.0.1:2379', '"10.0.0.1:2379" is not an endpoint of etcd, which is a URL such as https://10.0.0.1:2379'],
    ['unix:/run/etcd', '"unix:/run/etcd" is not an endpoint of etcd, which is a URL such as https://10.0.0.1:2379'],
  ])('%s is refused with a sentence', async (endpoint, text) => {
    await expect(start({ endpoints: [endpoint] })).rejects.toThrow(text);
  });

  test('a domain without members is told, and asked again', async () => {
    let asked = 0;
    const resolveSrv = async () => {
      asked++;
      throw Object.assign(new Error('no'), { code: 'ENOTFOUND', syscall: 'querySrv' });
    };
    const observed = await start({ endpoints: [], discoverySrv: 'example.org' }, { resolveSrv });
    await stopAll();
    expect(observed.store.detail).toBe(
      'DNS has no members of etcd: no SRV record _etcd-client-ssl._tcp or _etcd-client._tcp in example.org',
    );
    expect(asked).toBeGreaterThan(1);
  });
});
