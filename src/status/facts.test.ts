import { expect, test } from 'vitest';
import type { Fact } from '../speaker/types.ts';
import { type FactLine, factLine } from './facts.ts';

const PEER = { peer: 'Mesh_10_0_0_2', address: '10.0.0.2' } as const;
const MAINTENANCE = new Uint8Array([11, ...new TextEncoder().encode('maintenance')]);

const CASES: readonly [string, Fact, FactLine][] = [
  [
    'a session that comes up',
    { type: 'peerStateChanged', ...PEER, from: 'OpenConfirm', to: 'Established' },
    {
      level: 'info',
      message: 'peer Mesh_10_0_0_2 (10.0.0.2) is Established',
      fields: { fact: 'peerStateChanged', ...PEER, from: 'OpenConfirm', to: 'Established' },
    },
  ],
  [
    'a step on the way',
    { type: 'peerStateChanged', ...PEER, from: 'Connect', to: 'OpenSent' },
    {
      level: 'debug',
      message: 'peer Mesh_10_0_0_2 (10.0.0.2) went from Connect to OpenSent',
      fields: { fact: 'peerStateChanged', ...PEER, from: 'Connect', to: 'OpenSent' },
    },
  ],
  [
    'a NOTIFICATION received',
    {
      type: 'peerDown',
      ...PEER,
      reason: {
        type: 'notificationReceived',
        message: { type: 'notification', code: 6, subcode: 2, data: MAINTENANCE },
        text: '',
      },
      wasEstablished: true,
    },
    {
      level: 'warn',
      message: 'peer Mesh_10_0_0_2 (10.0.0.2) went down: received Cease/Administrative Shutdown: "maintenance"',
      fields: { fact: 'peerDown', ...PEER, wasEstablished: true, reason: 'notificationReceived', code: 6, subcode: 2 },
    },
  ],
  [
    'a NOTIFICATION sent in answer to an OPEN',
    {
      type: 'peerDown',
      ...PEER,
      reason: {
        type: 'notificationSent',
        fault: { code: 2, subcode: 2, data: new Uint8Array(), text: 'AS 64513, expected 64512' },
      },
      wasEstablished: false,
    },
    {
      level: 'warn',
      message:
        'peer Mesh_10_0_0_2 (10.0.0.2) did not come up: sent OPEN Message Error/Bad Peer AS (AS 64513, expected 64512)',
      fields: { fact: 'peerDown', ...PEER, wasEstablished: false, reason: 'notificationSent', code: 2, subcode: 2 },
    },
  ],
  [
    'an attempt that failed',
    {
      type: 'peerDown',
      ...PEER,
      reason: { type: 'connectionLost', text: 'connection refused by 10.0.0.2:179' },
      wasEstablished: false,
    },
    {
      level: 'info',
      message: 'peer Mesh_10_0_0_2 (10.0.0.2) did not come up: connection refused by 10.0.0.2:179',
      fields: { fact: 'peerDown', ...PEER, wasEstablished: false, reason: 'connectionLost' },
    },
  ],
  [
    'a session that we end',
    { type: 'peerDown', ...PEER, reason: { type: 'stopped', text: 'the peer is no longer configured' } },
    {
      level: 'info',
      message: 'peer Mesh_10_0_0_2 (10.0.0.2) went down: the peer is no longer configured',
      fields: { fact: 'peerDown', ...PEER, wasEstablished: true, reason: 'stopped' },
    },
  ],
  [
    'routes treated as withdrawn',
    { type: 'routesTreatedAsWithdrawn', peer: PEER.peer, text: 'ORIGIN has 2 octets' },
    {
      level: 'warn',
      message: 'peer Mesh_10_0_0_2 sent routes that count as withdrawn: ORIGIN has 2 octets',
      fields: { fact: 'routesTreatedAsWithdrawn', peer: PEER.peer },
    },
  ],
  [
    'a limit of routes',
    {
      type: 'routeLimitExceeded',
      peer: PEER.peer,
      text: 'more than 10 IPv4 routes received; further ones are left out',
      action: 'block',
    },
    {
      level: 'warn',
      message: 'peer Mesh_10_0_0_2: more than 10 IPv4 routes received; further ones are left out',
      fields: { fact: 'routeLimitExceeded', peer: PEER.peer, action: 'block' },
    },
  ],
  [
    'an attribute discarded',
    { type: 'attributeDiscarded', peer: PEER.peer, text: 'ATOMIC_AGGREGATE has 1 octet' },
    {
      level: 'warn',
      message: 'peer Mesh_10_0_0_2 sent an attribute that is ignored: ATOMIC_AGGREGATE has 1 octet',
      fields: { fact: 'attributeDiscarded', peer: PEER.peer },
    },
  ],
  [
    'an unknown source',
    { type: 'connectionRefused', remote: '10.0.0.99', text: 'no peer has this address' },
    {
      level: 'warn',
      message: 'connection from 10.0.0.99 refused: no peer has this address',
      fields: { fact: 'connectionRefused', address: '10.0.0.99' },
    },
  ],
  [
    'an intent that changes peers',
    { type: 'intentApplied', added: 2, removed: 0, restarted: 1, refiltered: 0 },
    {
      level: 'info',
      message: 'configuration applied, peers added: 2, restarted: 1',
      fields: { fact: 'intentApplied', added: 2, removed: 0, restarted: 1, refiltered: 0 },
    },
  ],
  [
    'an intent that changes nothing',
    { type: 'intentApplied', added: 0, removed: 0, restarted: 0, refiltered: 0 },
    {
      level: 'info',
      message: 'configuration applied, no peer changed',
      fields: { fact: 'intentApplied', added: 0, removed: 0, restarted: 0, refiltered: 0 },
    },
  ],
  [
    'a problem',
    {
      type: 'problem',
      problem: { kind: 'BGPPeer', name: 'rack-1', path: 'spec.peerIP', text: 'is missing', place: 'a.yaml:3' },
    },
    {
      level: 'warn',
      message: 'BGPPeer rack-1, spec.peerIP: is missing (a.yaml:3)',
      fields: { fact: 'problem', kind: 'BGPPeer', name: 'rack-1', path: 'spec.peerIP' },
    },
  ],
  [
    'a next hop that nothing resolves',
    { type: 'nextHopUnresolved', nextHop: '10.9.9.9' },
    {
      level: 'warn',
      message: 'nothing resolves the next hop 10.9.9.9; its routes are not used',
      fields: { fact: 'nextHopUnresolved', nextHop: '10.9.9.9' },
    },
  ],
  [
    'a filter that fails',
    {
      type: 'filterRemark',
      remark: { kind: 'error', policy: 'f', text: 'int is no bool', place: 'a.conf:3', count: 2 },
    },
    {
      level: 'warn',
      message: 'filter f failed at a.conf:3 and rejected routes 2 times: int is no bool',
      fields: { fact: 'filterRemark', policy: 'f', count: 2, place: 'a.conf:3' },
    },
  ],
  [
    'a filter that prints',
    { type: 'filterRemark', remark: { kind: 'print', policy: 'f', text: 'hello', count: 1 } },
    { level: 'info', message: 'filter f prints: hello', fields: { fact: 'filterRemark', policy: 'f', count: 1 } },
  ],
];

test.each(CASES)('the line of a fact: %s', (_name, fact, line) => {
  expect(factLine(fact)).toEqual(line);
});
