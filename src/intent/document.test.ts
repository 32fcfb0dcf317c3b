import { expect, test } from 'vitest';
import { block, configuration, intentOf, pool, resource, secret, THREE_NODES } from '../../test/calico/support.ts';
import { diffIntents, isEmptyChange } from './diff.ts';
import { intentDocument, readIntentDocument, withoutSecrets } from './document.ts';

const PASSWORD = 'correct horse battery staple';
const texts = (password: string) => [
  THREE_NODES,
  configuration({ nodeMeshPassword: { secretKeyRef: { name: 'bgp', key: 'mesh' } } }),
  secret('bgp', { mesh: password }),
  pool('pods', '10.66.0.0/16'),
  block('10.66.1.0/26'),
  resource('BGPFilter', 'lab', { exportV4: [{ action: 'Reject' }] }),
  resource('BGPPeer', 'tor', { node: 'alpha', peerIP: '192.0.2.1', asNumber: 65001, filters: ['lab'] }),
];
const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value));

test('a document goes through JSON and back without a change, each policy once', () => {
  const intent = intentOf(texts(PASSWORD));
  const document = throughJson(intentDocument(intent));
  const back = readIntentDocument(document);
  expect(back).toEqual(withoutSecrets(intent));
  expect(isEmptyChange(diffIntents(withoutSecrets(intent), back))).toBe(true);
  expect(document.policies.map(({ name }) => name)).toEqual([
    'import ipv4',
    'export ipv4',
    'import ipv6',
    'export ipv6',
    'export ipv4 lab',
    'kernel ipv4',
    'kernel ipv6',
  ]);
});

test('no password is in a document, and yet a new one can be seen', () => {
  const [before, after] = [PASSWORD, 'another'].map((password) => intentDocument(intentOf(texts(password))));
  expect(JSON.stringify([before, after])).not.toContain(PASSWORD);
  const change = diffIntents(readIntentDocument(before!), readIntentDocument(after!));
  expect(change.peers.map((one) => (one.type === 'changed' ? [one.after.name, one.causes] : one))).toEqual(
    ['Mesh_10_65_0_3', 'Mesh_10_65_0_4', 'Mesh_fd65__3', 'Mesh_fd65__4'].map((name) => [name, ['password']]),
  );
});

test('a fingerprint says little about a password', () => {
  const peer = [...withoutSecrets(intentOf(texts(PASSWORD))).peers.values()].find(
    ({ password }) => password !== undefined,
  );
  expect(peer?.password).toMatch(/^fingerprint [0-9a-f]{4}$/);
});
