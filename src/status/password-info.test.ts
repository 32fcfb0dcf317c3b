import { expect, test } from 'vitest';
import type { PeerSnapshot } from '../speaker/types.ts';
import { passwordInfo } from './password-info.ts';
import { peerInfo } from './peer-report.ts';
import { NOW, peerFixture } from './snapshot.fixture.ts';

const SILENCE = { at: NOW, text: 'no answer to the attempt to connect' };
const CEASE = { at: NOW, text: 'received Cease', direction: 'received', code: 6, subcode: 6 } as const;
const NONE = { unsigned: 0, unexpected: 0, wrong: 0 };

test.each<[Partial<PeerSnapshot>, object | undefined, string | undefined]>([
  [{ hasPassword: true }, undefined, 'a password is set here'],
  [{ hasPassword: true }, NONE, 'a password is set here'],
  [
    { hasPassword: true },
    { unsigned: 0, unexpected: 9, wrong: 7 },
    'a password is set here, and the kernel dropped 7 packets signed with another password in the last minute',
  ],
  [
    { hasPassword: true, state: 'Active', passive: true },
    { unsigned: 1, unexpected: 0, wrong: 0 },
    'a password is set here, and the kernel dropped 1 packet not signed in the last minute',
  ],
  [{}, NONE, undefined],
  [
    {},
    { unsigned: 3, unexpected: 2, wrong: 4 },
    'no password is set here, but the kernel dropped 2 packets signed in the last minute',
  ],
  [{ hasPassword: true, state: 'Active' }, NONE, undefined],
  [{ hasPassword: true, state: 'OpenSent' }, { ...NONE, wrong: 1 }, undefined],
  [{ hasPassword: true, state: 'Established' }, { ...NONE, wrong: 1 }, undefined],
  [{ hasPassword: true, lastError: CEASE }, NONE, undefined],
  [
    { hasPassword: true, lastError: CEASE },
    { ...NONE, unsigned: 2 },
    'a password is set here, and the kernel dropped 2 packets not signed in the last minute',
  ],
])('a peer %j, with drops %j: %s', (peer, drops, expected) => {
  const snapshot = peerFixture({ state: 'Connect', lastError: SILENCE, ...peer });
  expect(passwordInfo(snapshot, drops as typeof NONE | undefined)).toBe(expected);
});

test('stands behind the reason in the INFO column', () => {
  const peer = peerFixture({ state: 'Connect', lastError: SILENCE, hasPassword: true });
  expect(peerInfo(peer, NOW, { md5Drops: { unsigned: 0, unexpected: 0, wrong: 3 } })).toBe(
    'Connect: no answer to the attempt to connect; a password is set here, and the kernel dropped 3 packets signed with another password in the last minute',
  );
});
