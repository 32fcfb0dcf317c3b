import { CEASE, ERROR } from 'node-bgp';
import { expect, test } from 'vitest';
import type { Fact } from '../../src/speaker/index.ts';
import type { DebugFlags } from '../intent/index.ts';
import { messagesOf } from './messages.ts';

const NODE = { peer: 'node1', address: '10.0.0.2' } as const;
const to = (from: 'Idle' | 'OpenConfirm' | 'Established', state: 'Connect' | 'Idle' | 'Established'): Fact => ({
  type: 'peerStateChanged',
  ...NODE,
  from,
  to: state,
});
const down = (reason: Extract<Fact, { type: 'peerDown' }>['reason']): Fact => ({ type: 'peerDown', ...NODE, reason });

test.each<[string, Fact, DebugFlags, readonly string[]]>([
  ['a session that comes up', to('OpenConfirm', 'Established'), [], []],
  ['', to('OpenConfirm', 'Established'), ['states'], ['trace node1: State changed to up']],
  ['', to('OpenConfirm', 'Established'), ['events'], ['trace node1: BGP session established']],
  [
    '',
    to('OpenConfirm', 'Established'),
    'all',
    ['trace node1: BGP session established', 'trace node1: State changed to up'],
  ],
  ['one that goes', to('Established', 'Idle'), [], []],
  ['', to('Established', 'Idle'), 'all', ['trace node1: State changed to start', 'trace node1: BGP state is Idle']],
  ['an attempt', to('Idle', 'Connect'), ['states'], []],
  ['', to('Idle', 'Connect'), ['events', 'packets'], ['trace node1: BGP state is Connect']],
  ['a lost connection', down({ type: 'connectionLost', text: 'connection reset' }), [], []],
  ['', down({ type: 'connectionLost', text: 'connection reset' }), ['events'], ['trace node1: connection reset']],
  [
    'what was sent',
    down({
      type: 'notificationSent',
      fault: { code: ERROR.CEASE, subcode: CEASE.ADMINISTRATIVE_SHUTDOWN, text: '', data: new Uint8Array() },
    }),
    [],
    ['remote node1: Error: Administrative shutdown'],
  ],
  [
    'what was malformed',
    { type: 'attributeDiscarded', peer: 'node1', text: 'AGGREGATOR is malformed' },
    [],
    ['remote node1: AGGREGATOR is malformed'],
  ],
  [
    'a filter that failed',
    { type: 'filterRemark', remark: { kind: 'error', policy: 'f', text: 'no bool', place: 'bird.conf:3', count: 9 } },
    [],
    ['error filters, bird.conf:3: no bool'],
  ],
  [
    'what a filter printed',
    { type: 'filterRemark', remark: { kind: 'print', policy: 'f', text: 'hello', count: 1 } },
    [],
    ['info hello'],
  ],
  [
    'a stranger',
    { type: 'connectionRefused', remote: '10.0.0.9', text: 'no peer' },
    [],
    ['warning BGP: Unexpected connect from unknown address 10.0.0.9'],
  ],
])('%s is told as asked for', (_, fact, flags, expected) => {
  const messages = messagesOf(fact, (protocol) => (protocol === 'node1' ? flags : 'all'));
  expect(messages.map(({ logClass, text }) => `${logClass} ${text}`)).toEqual(expected);
});
