import { describe, expect, it } from 'vitest';
import type { Endpoints } from '../session/types.ts';
import { Alarms } from './alarms.ts';
import { seededRandom } from './random.ts';
import { Simulation } from './simulation.ts';
import type { Wiring } from './types.ts';

type Told = string;
type Done = { readonly type: 'dial' | 'say'; readonly text: string };

/** A process that notes what it is told and when, and says what it was told to say. */
class Parrot {
  readonly heard: [number, Told][] = [];
  connection = 0;
  deadline: number | undefined;

  handle(input: Told, now: number): Done[] {
    this.heard.push([now, input]);
    this.deadline = undefined;
    if (input === 'dial') return [{ type: 'dial', text: '10.0.0.2' }];
    return input.startsWith('say ') ? [{ type: 'say', text: input.slice(4) }] : [];
  }

  nextDeadline(): number | undefined {
    return this.deadline;
  }
}

function wiring(simulation: Simulation, parrot: Parrot): Wiring<Told, Done> {
  const join = (connection: number, { remote }: Endpoints, verb: string) => {
    parrot.connection = connection;
    return `${verb} ${remote}`;
  };
  return {
    tick: () => 'tick',
    connected: (connection, endpoints) => join(connection, endpoints, 'reached'),
    accepted: (connection, endpoints) => join(connection, endpoints, 'met'),
    disconnected: (_, reason) => reason,
    bytes: (_, chunk) => new TextDecoder().decode(chunk),
    progress: () => undefined,
    perform: ({ type, text }, network) => {
      if (type === 'dial') network.dial(simulation.nextConnection(), text);
      else network.send(parrot.connection, new TextEncoder().encode(text));
    },
  };
}

/** Two nodes with a connection between them; the second one needs `cost` milliseconds for everything from then on. */
function pair(cost: number) {
  const simulation = new Simulation({ delay: 1 });
  const [left, right] = [new Parrot(), new Parrot()];
  let price = 0;
  const first = simulation.addNode({
    name: 'first',
    addresses: ['10.0.0.1'],
    process: left,
    wiring: wiring(simulation, left),
  });
  const second = simulation.addNode({
    name: 'second',
    addresses: ['10.0.0.2'],
    process: right,
    wiring: wiring(simulation, right),
    cost: () => price,
  });
  first.input('dial');
  simulation.run(100);
  left.heard.length = right.heard.length = 0;
  price = cost;
  return { simulation, first, second, left, right };
}

describe('a process that needs time', () => {
  it('answers when it is done, and what comes meanwhile waits for its turn', () => {
    const { simulation, first, second, left, right } = pair(10);
    second.input('say one');
    second.input('say two');
    first.input('say hello');
    simulation.run(50);
    expect(right.heard).toEqual([
      [100, 'say one'],
      [110, 'say two'],
      [120, 'hello'],
    ]);
    expect(left.heard).toEqual([
      [100, 'say hello'],
      [111, 'one'],
      [121, 'two'],
    ]);
  });

  it('is not woken before it is done', () => {
    const { simulation, second, right } = pair(10);
    second.input('busy');
    right.deadline = 103;
    simulation.run(50);
    expect(right.heard).toEqual([
      [100, 'busy'],
      [110, 'tick'],
    ]);
  });

  it('takes its unsaid words with it when it dies, and leaves nothing to the next one', () => {
    const { simulation, second, left, right } = pair(10);
    second.input('say one');
    second.input('say two');
    simulation.run(5);
    second.kill();
    second.boot(right);
    simulation.run(50);
    expect(right.heard).toEqual([[100, 'say one']]);
    expect(left.heard).toEqual([[106, 'connection reset by peer']]);
  });

  it('makes its peer wait when it does not read as fast as that one sends', () => {
    const { simulation, first, right } = pair(10);
    for (let i = 0; i < 3; i++) first.input(`say ${'x'.repeat(40_000)}`);
    simulation.run(100);
    // 65,536 octets fit into the window: what did not fit was sent on when there was room.
    expect(right.heard.map(([at, text]) => [at, text.length])).toEqual([
      [101, 40_000],
      [111, 25_536],
      [121, 14_464],
      [131, 25_536],
      [141, 14_464],
    ]);
  });
});

describe('alarms', () => {
  it('go off in the order of their deadlines, of equal ones in the order in which their owners came', () => {
    const random = seededRandom(7);
    const below = (limit: number) => Math.floor(random() * limit);
    const sleepers = Array.from({ length: 40 }, () => ({ deadline: undefined as number | undefined }));
    const alarms = new Alarms<(typeof sleepers)[number]>();
    for (const sleeper of sleepers) alarms.changed(sleeper);
    for (let round = 0; round < 2_000; round++) {
      const sleeper = sleepers[below(40)]!;
      sleeper.deadline = below(4) === 0 ? undefined : below(50);
      alarms.changed(sleeper);
      const earliest = Math.min(...sleepers.map(({ deadline }) => deadline ?? Number.POSITIVE_INFINITY));
      const expected = sleepers.findIndex(({ deadline }) => deadline === earliest);
      expect(sleepers.indexOf(alarms.first()!)).toBe(expected);
    }
  });
});
