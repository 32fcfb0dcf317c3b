// The simulation of large clusters itself: small ones, in which all figures are known.

import { readFileSync } from 'node:fs';
import { encodeEndOfRib, Framer, KEEPALIVE, MESSAGE_TYPE, type Negotiated } from 'node-bgp';
import { encodeAnnouncement, encodeWithdrawal } from 'node-bgp/tcp';
import { describe, expect, it } from 'vitest';
import { fillDocument, plots } from '../../bench/simulate/document.ts';
import type { EventFigures } from '../../bench/simulate/events.ts';
import { main } from '../../bench/simulate/main.ts';
import { MessageFilter } from '../../bench/simulate/message-filter.ts';
import { readOptions, type Task } from '../../bench/simulate/options.ts';
import { svg } from '../../bench/simulate/plot.ts';
import { simulate } from '../../bench/simulate/run.ts';
import { resultText } from '../../bench/simulate/table.ts';

const NODES = 30;
const TIMEOUT = 60_000;
const SECOND = 1000;

function task(...words: readonly string[]): Task {
  return readOptions(['--nodes', `${NODES}`, '--restarts', '3', '--cpu', '0', ...words]).tasks[0]!;
}

const MESH = ['--topology', 'mesh'];
const REFLECTED = ['--topology', 'reflectors'];

function eventsOf(events: readonly EventFigures[]): Record<string, EventFigures> {
  return Object.fromEntries(events.map((figures) => [figures.event, figures]));
}

describe('a simulated mesh', () => {
  it(
    'tells every node of every block once, and misses what is gone after hold time and restart time',
    () => {
      const { events, sessions, simulatedSessions } = simulate(task(...MESH));
      expect([sessions, simulatedSessions]).toEqual([435, 435]);
      const by = eventsOf(events);
      expect(Object.keys(by)).toEqual(['start', 'node killed', 'node back', 'node powered off', 'rolling restart']);
      // An UPDATE and an End-of-RIB from each other node.
      expect(by.start!.updates).toEqual({ total: 1740, median: 58, worst: 58 });
      expect(by['node killed']!.sessions).toBeLessThan(10);
      expect(by['node killed']!.routes / SECOND).toBeCloseTo(120, 0);
      expect(by['node powered off']!.sessions / SECOND).toBeGreaterThan(200);
      expect(by['node powered off']!.routes / SECOND).toBeLessThan(361);
      expect(by['rolling restart']).toMatchObject({ restarts: 3, missing: { most: 0, routeSeconds: 0 } });
    },
    TIMEOUT,
  );
});

describe('simulated reflectors', () => {
  const result = simulate(task(...REFLECTED));
  const by = eventsOf(result.events);

  it('tell every node of every block, and nothing is missing when one of them goes or processes are restarted', () => {
    expect(result.sessions).toBe(93);
    // From each of three reflectors: an UPDATE for each other node, and End-of-RIB.
    expect(by.start!.updates).toMatchObject({ median: 90, worst: 90 });
    for (const event of ['reflector killed', 'reflector powered off', 'rolling restart']) {
      expect(by[event]!.missing, event).toEqual({ most: 0, routeSeconds: 0 });
    }
    expect(by['reflector back']!.updates.median).toBe(30);
    expect(result.memory.node).toBeGreaterThan(0);
    expect(result.memory.reflector).toBeGreaterThan(0);
  });

  it('are the same for nodes without a routing table', () => {
    const light = simulate(task(...REFLECTED, '--whole', '1'));
    expect(light.simulatedSessions).toBe(93);
    for (const { event, updates } of light.events) {
      expect([event, updates.median], event).toEqual([event, by[event]!.updates.median]);
    }
    expect(eventsOf(light.events)['rolling restart']!.missing).toEqual({ most: 0, routeSeconds: 0 });
  });

  it('are shown as tables', () => {
    const text = resultText(result);
    expect(text).toMatch(/^30 nodes x 4 blocks, 3 reflectors; 93 sessions; all nodes are whole;/);
    expect(text).toMatch(/\| reflector powered off \| +23\d s \| +23\d s \| +none \|/);
  });
});

describe('processor time', () => {
  it('makes everything later', () => {
    const { events } = simulate(task(...REFLECTED, '--nodes', '10', '--cpu', '3'));
    const { reflector, routes } = eventsOf(events)['reflector back']!;
    expect(reflector!.total).toBeGreaterThan(0);
    expect(routes).toBeGreaterThan(2);
  });
});

describe('the command line', () => {
  it.each([
    ['--nodes', 'many', '--nodes is a whole number from 2 on, not many'],
    ['--reflectors', '8', '--reflectors is a whole number from 1 to 7, not 8'],
    ['--topology', 'star', '--topology is mesh, reflectors or both, not star'],
    ['--blocks', '4000', '1000 nodes with 4000 blocks are more than 65536 prefixes'],
    ['--delay', 'x', '--delay is a number from 0 on, not x'],
  ])('says what is wrong with %s %s', (name, value, text) => {
    expect(() => readOptions([name, value])).toThrow(text);
  });

  it('leaves out sessions between nodes without a routing table only where there are many', () => {
    const tasks = ['100', '500', '5000'].flatMap((nodes) => readOptions(['--nodes', nodes]).tasks);
    expect(tasks.map(({ topology, whole }) => [topology, whole])).toEqual([
      ['mesh', 100],
      ['reflectors', 100],
      ['mesh', 50],
      ['reflectors', 100],
      ['mesh', 10],
      ['reflectors', 20],
    ]);
  });

  it('answers a wrong word with how it is used', () => {
    expect(main(['--what'])).toBe(2);
  });
});

describe('a light node', () => {
  const session = {
    families: ['ipv4'],
    addPath: { send: [], receive: [] },
    maxMessageLength: 4096,
    fourOctetAs: true,
    peerType: 'ibgp',
  } as unknown as Negotiated;
  const attributes = { origin: 0, asPath: [], nextHop: '10.0.0.1', localPref: 100 } as const;
  const stream = Buffer.concat([
    encodeAnnouncement(session, attributes, ['100.64.0.0/26', '100.64.0.64/26']),
    KEEPALIVE,
    encodeWithdrawal(session, ['100.64.0.64/26']),
    encodeEndOfRib('ipv4'),
    encodeAnnouncement(session, attributes, ['100.64.0.128/26']),
  ]);

  /** What was read in place, and the types of the messages that went to the session. */
  function read(chunks: readonly Uint8Array[]) {
    const heard: string[] = [];
    const filter = new MessageFilter();
    filter.reader = {
      addPath: false,
      update: () => heard.push('update'),
      withdrawn: (word) => heard.push(`-${word.toString(16)}`),
      reached: (word) => heard.push(`+${word.toString(16)}`),
      endOfRib: () => heard.push('end'),
    };
    const framer = new Framer(4096);
    const left: number[] = [];
    for (const chunk of chunks) {
      framer.push(filter.take(chunk));
      for (let frame = framer.next(); frame !== undefined; frame = framer.next()) {
        left.push('fault' in frame ? -1 : frame.type);
      }
    }
    return { heard, left };
  }

  it('reads UPDATEs in place, and leaves the last message of a chunk and all others to the session', () => {
    const { KEEPALIVE: keepalive, UPDATE: update } = MESSAGE_TYPE;
    expect(read([stream])).toEqual({
      heard: ['update', '+64400000', '+64400040', 'update', '-64400040', 'update', 'end'],
      left: [keepalive, update],
    });
    const octets = [...stream].map((octet) => Uint8Array.of(octet));
    expect(read(octets)).toEqual({ heard: [], left: [update, keepalive, update, update, update] });
  });

  it('loses nothing, wherever the stream is cut', () => {
    for (let cut = 1; cut < stream.length; cut++) {
      const { heard, left } = read([stream.subarray(0, cut), stream.subarray(cut)]);
      const inPlace = heard.filter((word) => word === 'update').length;
      const updates = left.filter((type) => type === MESSAGE_TYPE.UPDATE).length;
      expect([inPlace + updates, left.length - updates], `${cut}`).toEqual([4, 1]);
    }
  });
});

describe('docs/scale.md', () => {
  it('has a place for every table, and shows every plot', () => {
    const page = readFileSync(new URL('../../docs/scale.md', import.meta.url), 'utf8');
    const results = [
      simulate(task(...MESH, '--nodes', '3')),
      simulate(task(...REFLECTED, '--nodes', '3', '--reflectors', '2')),
    ];
    expect(fillDocument(page, results)).toContain('mesh of 3');
    expect([...page.matchAll(/\]\(scale\/([^)]+)\)/g)].map(([, name]) => name).sort()).toEqual(
      [...plots(results).keys()].sort(),
    );
  });
});

describe('a plot', () => {
  it('has a line and a name for each series, and one text for each power of ten', () => {
    const picture = svg({
      title: 'Growth',
      unit: 'nodes',
      text: (y) => `${y} s`,
      series: [
        {
          name: 'one',
          points: [
            [10, 3],
            [100, 40],
          ],
        },
        {
          name: 'two',
          points: [
            [10, 5],
            [100, 45],
          ],
        },
      ],
    });
    expect(picture.match(/<path /g)).toHaveLength(2);
    expect([...picture.matchAll(/text-anchor="end">([^<]+)</g)].map(([, text]) => text)).toEqual([
      '1 s',
      '10 s',
      '100 s',
    ]);
    expect([...picture.matchAll(/class="f\d" [^>]*>(one|two)</g)].map(([, text]) => text)).toEqual(['two', 'one']);
    expect(picture).toContain('prefers-color-scheme:dark');
  });
});
