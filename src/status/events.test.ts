import { describe, expect, test } from 'vitest';
import type { Fact } from '../speaker/types.ts';
import { EventLog, eventsText } from './events.ts';

const NOW = Date.UTC(2026, 3, 5, 12);
const peer = (index: number) => ({ peer: `Mesh_10_0_0_${index}`, address: `10.0.0.${index}` });
const up = (index: number): Fact => ({
  type: 'peerStateChanged',
  ...peer(index),
  from: 'OpenConfirm',
  to: 'Established',
});
const down = (index: number, text = 'connection reset'): Fact => ({
  type: 'peerDown',
  ...peer(index),
  reason: { type: 'connectionLost', text },
  wasEstablished: true,
  help: 'look there',
  message: 'ff00',
});
const REFUSED: Fact = { type: 'connectionRefused', remote: '10.0.0.9', text: 'no such peer' };

describe('events', () => {
  test('of peers and of the node come in the order in which they happened', () => {
    const log = new EventLog();
    log.note(up(2), NOW);
    log.note(REFUSED, NOW);
    log.note(up(3), NOW);
    log.note(down(2), NOW + 1500);
    expect(log.events({ limit: 10 })).toEqual([
      {
        at: '2026-04-05T12:00:00.000Z',
        level: 'info',
        peer: 'Mesh_10_0_0_2',
        text: 'peer Mesh_10_0_0_2 (10.0.0.2) is Established',
        fields: { fact: 'peerStateChanged', address: '10.0.0.2', from: 'OpenConfirm', to: 'Established' },
      },
      {
        at: '2026-04-05T12:00:00.000Z',
        level: 'warn',
        text: 'connection from 10.0.0.9 refused: no such peer',
        fields: { fact: 'connectionRefused', address: '10.0.0.9' },
      },
      expect.objectContaining({ peer: 'Mesh_10_0_0_3' }),
      {
        at: '2026-04-05T12:00:01.500Z',
        level: 'warn',
        peer: 'Mesh_10_0_0_2',
        text: 'peer Mesh_10_0_0_2 (10.0.0.2) went down: connection reset; look there',
        fields: {
          ...{ fact: 'peerDown', address: '10.0.0.2', wasEstablished: true, reason: 'connectionLost' },
          ...{ help: 'look there', received: 'ff00' },
        },
      },
    ]);
  });

  test('are asked for by the name or the address of a peer', () => {
    const log = new EventLog();
    for (const fact of [up(2), up(3), REFUSED]) log.note(fact, NOW);
    const texts = (name: string) => log.events({ peer: name, limit: 10 }).map(({ text }) => text);
    expect(texts('Mesh_10_0_0_3')).toEqual(['peer Mesh_10_0_0_3 (10.0.0.3) is Established']);
    expect(texts('10.0.0.2')).toEqual(['peer Mesh_10_0_0_2 (10.0.0.2) is Established']);
    expect(texts('10.0.0.9')).toEqual(['connection from 10.0.0.9 refused: no such peer']);
    expect(texts('nobody')).toEqual([]);
  });

  test('of a peer are kept up to 64, and one that flaps drives out nobody else', () => {
    const log = new EventLog();
    log.note(up(3), NOW);
    for (let time = 0; time < 100; time++) log.note(down(2, `${time}`), NOW + time);
    expect(log.events({ limit: 1000 })).toHaveLength(65);
    expect(log.events({ peer: '10.0.0.2', limit: 1000 })[0]?.text).toContain('went down: 36;');
    expect(log.events({ limit: 2 }).map(({ text }) => text)).toEqual([
      expect.stringContaining(' 98;'),
      expect.stringContaining(' 99;'),
    ]);
  });

  test('of thousands of peers: those that were quiet longest are forgotten first', () => {
    const log = new EventLog();
    log.note(up(1), NOW);
    log.note(up(2), NOW);
    for (let index = 3; index <= 4096; index++) log.note(up(index), NOW);
    log.note(down(1), NOW);
    log.note(up(4097), NOW);
    expect(log.events({ peer: 'Mesh_10_0_0_1', limit: 9 })).toHaveLength(2);
    expect(log.events({ peer: 'Mesh_10_0_0_2', limit: 9 })).toHaveLength(0);
    expect(log.events({ peer: 'Mesh_10_0_0_3', limit: 9 })).toHaveLength(1);
  });

  test('of many peers that have many: no more than so many of all together', () => {
    const log = new EventLog();
    for (let time = 0; time < 30; time++) for (let index = 1; index <= 1000; index++) log.note(down(index, 'a'), time);
    const kept = log.events({ limit: 100_000 });
    expect(kept.length).toBeLessThanOrEqual(16_384);
    expect(kept.length).toBeGreaterThan(16_000);
  });

  test('leave out the steps on the way to a session', () => {
    const log = new EventLog();
    log.note({ type: 'peerStateChanged', ...peer(2), from: 'Connect', to: 'OpenSent' }, NOW);
    expect(log.events({ limit: 9 })).toEqual([]);
  });

  test('as text are a line each', () => {
    const log = new EventLog();
    const report = { node: 'node-1', lastUpdated: '2026-04-05T12:00:00.000Z' };
    expect(eventsText({ ...report, events: [] })).toBe('No events on node node-1.\n');
    expect(eventsText({ ...report, events: [] }, '10.0.0.2')).toBe('No events of 10.0.0.2 on node node-1.\n');
    log.note(up(2), NOW);
    log.note(down(2), NOW);
    expect(eventsText({ ...report, events: log.events({ limit: 9 }) })).toBe(
      [
        '2026-04-05T12:00:00.000Z peer Mesh_10_0_0_2 (10.0.0.2) is Established',
        '2026-04-05T12:00:00.000Z peer Mesh_10_0_0_2 (10.0.0.2) went down: connection reset; look there',
        '',
      ].join('\n'),
    );
  });
});
