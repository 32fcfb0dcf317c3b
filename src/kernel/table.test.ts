// The table against a model of how Linux keeps IPv4 routes, with an agent beside us that does what agents do.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sameRoute } from '../fib/kernel-route.ts';
import type { KernelEvent, KernelRoute, KernelWish, LearnedRoute } from '../fib/types.ts';
import { NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from './constants.ts';
import { type Change, KernelTable } from './table.ts';
import type { Failure, KernelProblem } from './troubles.ts';

const OURS = 12;
const STATIC = 4;
const A = '10.65.0.0/26';
const B = '10.65.1.0/26';

const route = (prefix: string, gateway: string, metric = 0, device = 'eth0'): KernelRoute => ({
  prefix,
  type: 'unicast',
  metric,
  nextHops: [{ gateway, device }],
});
const foreign = (prefix: string, gateway: string, metric = 0, protocol = STATIC): LearnedRoute => ({
  ...route(prefix, gateway, metric),
  protocol,
});
const wish = (wanted: KernelRoute): KernelWish => ({ type: 'route', route: wanted });

/** fib_table_insert and fib_table_delete of Linux: routes of a prefix by metric, the first of a metric is the one in use. */
class FakeLinux {
  readonly routes = new Map<string, LearnedRoute[]>();

  insert(added: LearnedRoute, flags: number): 'EEXIST' | undefined {
    const list = this.routes.get(added.prefix) ?? [];
    const first = list.findIndex(({ metric }) => metric === added.metric);
    if (first >= 0 && flags & NLM_F_EXCL) return 'EEXIST';
    if (first >= 0 && flags & NLM_F_REPLACE) list[first] = added;
    else if (first < 0 || !(flags & NLM_F_APPEND)) list.splice(first < 0 ? list.length : first, 0, added);
    else list.splice(list.findLastIndex(({ metric }) => metric === added.metric) + 1, 0, added);
    this.routes.set(added.prefix, list);
    return undefined;
  }

  remove(prefix: string, metric: number, protocol: number): LearnedRoute | undefined {
    const list = this.routes.get(prefix) ?? [];
    const at = list.findIndex((other) => other.metric === metric && other.protocol === protocol);
    if (at < 0) return undefined;
    const [removed] = list.splice(at, 1);
    if (list.length === 0) this.routes.delete(prefix);
    return removed;
  }

  all(): LearnedRoute[] {
    return [...this.routes.values()].flat();
  }
}

class World {
  readonly linux = new FakeLinux();
  readonly events: KernelEvent[] = [];
  readonly problems: KernelProblem[] = [];
  readonly devices = new Set(['eth0', 'eth1']);
  /** Refuses routes through these gateways. */
  readonly bad = new Set<string>();
  /** Has memory for so many routes. */
  room = Number.POSITIVE_INFINITY;
  readonly sent: Change[] = [];
  now = 0;
  readonly table = new KernelTable({
    protocol: OURS,
    deviceObstacle: (device) => (this.devices.has(device) ? undefined : `${device} does not exist yet`),
    emit: (event) => this.events.push(event),
    report: (problem) => this.problems.push(problem),
  });

  /** Sends what is to be sent until there is nothing more. */
  work(): void {
    for (let steps = this.table.diff(3); steps.length > 0; steps = this.table.diff(3)) {
      for (const step of steps) this.table.apply(step, this.carryOut(step.change), this.now);
    }
    if (this.table.takeUncertain().length > 0) {
      this.dump();
      this.work();
    }
  }

  carryOut(change: Change): Failure | undefined {
    this.sent.push(change);
    const { type, route } = change;
    if (type === 'delete') {
      const gone = this.linux.remove(route.prefix, route.metric, OURS);
      return gone === undefined ? { code: 'ESRCH', text: 'no such process' } : undefined;
    }
    if (this.bad.has(route.nextHops[0]?.gateway ?? ''))
      return { code: 'ENETUNREACH', text: 'Nexthop has invalid gateway' };
    if (type === 'add' && this.linux.routes.size >= this.room) return { code: 'ENOMEM', text: 'not enough memory' };
    const flags = NLM_F_CREATE | (type === 'add' ? NLM_F_EXCL : NLM_F_REPLACE);
    const code = this.linux.insert({ ...route, protocol: OURS }, flags);
    return code && { code, text: 'file exists' };
  }

  dump(): void {
    this.table.beginDump('ipv4');
    for (const route of this.linux.all()) this.table.read(route);
    this.table.endDump();
  }

  agentAdds(added: LearnedRoute, flags: number): void {
    if (this.linux.insert(added, flags) === undefined)
      this.table.noticed('new', added, flags & ~NLM_F_EXCL, true, this.now);
  }

  agentRemoves(prefix: string, metric: number, protocol: number): void {
    const removed = this.linux.remove(prefix, metric, protocol);
    if (removed !== undefined) this.table.noticed('deleted', removed, 0, true, this.now);
  }

  later(milliseconds: number): void {
    this.now += milliseconds;
    this.table.tick(this.now);
    this.work();
  }
}

describe('wanted and there', () => {
  test('add, replace only when different, delete', () => {
    const world = new World();
    const { table, sent } = world;
    for (const wanted of [route(A, '10.0.0.2'), route(A, '10.0.0.2'), route(A, '10.0.0.3')]) {
      table.set(wish(wanted));
      world.work();
    }
    table.set({ type: 'none', prefix: A });
    world.work();
    expect(sent).toEqual([
      { type: 'add', route: route(A, '10.0.0.2') },
      { type: 'replace', route: route(A, '10.0.0.3') },
      { type: 'delete', route: { ...route(A, '10.0.0.3'), protocol: OURS } },
    ]);
    expect(world.linux.all()).toEqual([]);
  });

  test('a metric change adds the new route before the old one goes', () => {
    const world = new World();
    world.table.set(wish(route(A, '10.0.0.2', 1024)));
    world.work();
    world.table.set(wish(route(A, '10.0.0.2', 512)));
    world.work();
    expect(world.sent.map(({ type, route }) => [type, route.metric])).toEqual([
      ['add', 1024],
      ['add', 512],
      ['delete', 1024],
    ]);
  });

  test('where the new metric is refused the old route stays', () => {
    const world = new World();
    world.table.set(wish(route(A, '10.0.0.2', 1024)));
    world.work();
    world.bad.add('10.0.0.3');
    world.table.set(wish(route(A, '10.0.0.3', 512)));
    world.work();
    expect(world.linux.all()).toEqual([{ ...route(A, '10.0.0.2', 1024), protocol: OURS }]);
  });

  test('a wish that changes while its predecessor is on the way follows it', () => {
    const world = new World();
    world.table.set(wish(route(A, '10.0.0.2')));
    const [step] = world.table.diff(10);
    world.table.set(wish(route(A, '10.0.0.3')));
    expect(world.table.diff(10)).toEqual([]);
    world.table.apply(step!, world.carryOut(step!.change), 0);
    world.work();
    expect(world.linux.all()).toEqual([{ ...route(A, '10.0.0.3'), protocol: OURS }]);
  });

  test('a deletion of what is gone already is no failure', () => {
    const world = new World();
    world.table.set(wish(route(A, '10.0.0.2')));
    world.work();
    world.linux.remove(A, 0, OURS); // nobody told us
    world.table.set({ type: 'none', prefix: A });
    world.work();
    expect([world.problems, world.table.status().refused]).toEqual([[], []]);
  });

  test('routes of an earlier run are kept until the sweep, also through a dump, and given up when told', () => {
    const world = new World();
    for (const prefix of [A, B, '10.65.2.0/26'])
      world.linux.insert({ ...route(prefix, '10.0.0.2'), protocol: OURS }, 0);
    world.dump();
    world.table.set(wish(route(A, '10.0.0.2')));
    world.table.set(wish(route(B, '10.0.0.2')));
    world.table.set({ type: 'none', prefix: B });
    world.dump();
    world.work();
    expect(world.sent.map(({ type, route }) => [type, route.prefix])).toEqual([['delete', B]]);
    world.table.sweep();
    world.work();
    expect(world.table.own()).toEqual([route(A, '10.0.0.2')]);
    expect(world.linux.all().length).toBe(1);
  });

  test('a dump that shows something else is repaired; what changed during it is not', () => {
    const world = new World();
    world.table.set(wish(route(A, '10.0.0.2')));
    world.table.set(wish(route(B, '10.0.0.2')));
    world.work();
    world.table.beginDump('ipv4');
    world.table.read({ ...route(B, '10.0.0.9'), protocol: OURS });
    world.agentAdds(foreign('10.9.0.0/16', '10.0.0.9'), NLM_F_CREATE); // too late for the dump
    world.table.endDump();
    expect(world.events).toEqual([{ type: 'learned', route: foreign('10.9.0.0/16', '10.0.0.9') }]);
    expect(world.table.diff(10).map(({ change }) => [change.type, change.route.prefix])).toEqual([
      ['replace', B],
      ['add', A],
    ]);
  });
});

test('changes are counted by what became of them', () => {
  const world = new World();
  world.bad.add('10.0.0.9');
  const wishes: KernelWish[] = [
    ...['10.0.0.2', '10.0.0.3', '10.0.0.9'].map((gateway) => wish(route(A, gateway))),
    { type: 'none', prefix: A },
  ];
  for (const each of wishes) {
    world.table.set(each);
    world.work();
  }
  expect({ ...world.table.operations }).toEqual({ add: 1, replace: 1, delete: 1, refused: 1 });
});

describe('troubles', () => {
  test('a refused route is tried again after 1, 2, 4 ... seconds, and at once when its device changes', () => {
    const world = new World();
    world.bad.add('10.0.0.2');
    world.table.set(wish(route(A, '10.0.0.2')));
    world.work();
    const tries = () => world.sent.length;
    for (const [wait, expected] of [
      [999, 1],
      [251, 2],
      [1_500, 2],
      [750, 3],
      [3_000, 3],
      [1_250, 4],
    ] as const) {
      world.later(wait);
      expect(tries()).toBe(expected);
    }
    world.table.retryDevice('eth1');
    world.work();
    expect(tries()).toBe(4);
    world.bad.clear();
    world.table.retryDevice('eth0');
    world.work();
    expect([tries(), world.table.status()]).toEqual([
      5,
      { wanted: 1, installed: 1, refused: [], conflicts: [], waiting: [], fights: [] },
    ]);
    expect(world.table.nextDeadline()).toBeUndefined();
  });

  test('a kernel without memory for more: what it took stays, the rest comes when there is memory again', () => {
    const world = new World();
    const prefixes = Array.from({ length: 600 }, (_, i) => `10.65.${i >> 2}.${(i & 3) * 64}/26`);
    world.room = 200;
    for (const prefix of prefixes) world.table.set(wish(route(prefix, '10.0.0.2')));
    world.work();
    const { wanted, installed, refused } = world.table.status();
    expect([wanted, installed, refused.length, world.linux.all().length]).toEqual([600, 200, 400, 200]);
    expect(refused[0]?.text).toBe('not enough memory (ENOMEM)');
    expect(world.problems.length).toBe(1);
    world.room = 600;
    world.later(2_000);
    expect(world.table.status()).toMatchObject({ wanted: 600, installed: 600, refused: [] });
  });

  test('many refusals for one reason are one problem', () => {
    const world = new World();
    world.bad.add('10.0.0.2');
    for (const prefix of [A, B]) world.table.set(wish(route(prefix, '10.0.0.2')));
    world.work();
    expect(world.problems).toEqual([expect.objectContaining({ type: 'refused', prefix: A })]);
    expect(world.table.status().refused.length).toBe(2);
  });

  test('a fight: two losses are put right at once, the next ones after rising pauses; a long peace forgives', () => {
    const world = new World();
    world.table.set(wish(route(A, '10.0.0.2')));
    world.work();
    const pauses: number[] = [];
    for (let loss = 1; loss <= 10; loss++) {
      world.agentRemoves(A, 0, OURS);
      world.work();
      const before = world.now;
      while (world.linux.all().length === 0) world.later(250);
      pauses.push(world.now - before);
    }
    expect(pauses).toEqual([0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    expect(world.problems.map(({ type }) => type)).toEqual(['fight']);
    world.later(200_000);
    world.agentRemoves(A, 0, OURS);
    world.work();
    expect([world.linux.all().length, world.table.status().fights]).toEqual([1, []]);
  });

  test('a fight by replacing is slowed down as well', () => {
    const world = new World();
    world.table.set(wish(route(A, '10.0.0.2')));
    world.work();
    for (let loss = 1; loss <= 3; loss++) {
      world.agentAdds(foreign(A, '10.0.0.9'), NLM_F_CREATE | NLM_F_REPLACE);
      world.work();
      expect(world.table.status().conflicts.length).toBe(1);
      world.agentRemoves(A, 0, STATIC);
      world.work();
    }
    expect(world.linux.all()).toEqual([]);
    expect(world.table.status().fights).toEqual([
      {
        prefix: A,
        text: 'another agent took our route away 3 times; the last time it replaced it by a route of protocol static',
      },
    ]);
    world.later(1_250);
    expect(world.linux.all()).toEqual([{ ...route(A, '10.0.0.2'), protocol: OURS }]);
  });

  test('what the kernel itself drops is no fight', () => {
    const world = new World();
    world.table.set(wish(route(A, '10.0.0.2')));
    world.work();
    for (let loss = 1; loss <= 5; loss++) {
      world.table.noticed('deleted', world.linux.remove(A, 0, OURS)!, 0, false, world.now);
      world.work();
    }
    expect([world.linux.all().length, world.problems]).toEqual([1, []]);
  });

  test('a route that cannot be placed leaves none of its predecessors behind', () => {
    const world = new World();
    world.table.set(wish(route(A, '10.0.0.2', 512)));
    world.work();
    world.agentAdds(foreign(A, '10.0.0.9', 1024), NLM_F_CREATE | NLM_F_EXCL);
    world.table.set(wish(route(A, '10.0.0.3', 1024)));
    world.work();
    expect(world.linux.all()).toEqual([foreign(A, '10.0.0.9', 1024)]);
    expect(world.table.status().conflicts.length).toBe(1);
    world.agentRemoves(A, 1024, STATIC);
    world.work();
    expect(world.linux.all()).toEqual([{ ...route(A, '10.0.0.3', 1024), protocol: OURS }]);
  });

  test('a foreign route that nobody told of is found when the kernel says EEXIST', () => {
    const world = new World();
    world.linux.insert(foreign(A, '10.0.0.9'), NLM_F_CREATE);
    world.table.set(wish(route(A, '10.0.0.2')));
    world.work();
    expect(world.linux.all()).toEqual([foreign(A, '10.0.0.9')]);
    expect(world.table.status().conflicts.length).toBe(1);
    expect(world.events).toEqual([{ type: 'learned', route: foreign(A, '10.0.0.9') }]);
  });

  test('changes whose outcome nobody knows are found out by the next dump', () => {
    const world = new World();
    world.table.set(wish(route(A, '10.0.0.2')));
    world.table.set(wish(route(B, '10.0.0.2')));
    const steps = world.table.diff(10);
    world.carryOut(steps[0]!.change); // this one the kernel took
    world.table.abandon(steps);
    world.dump();
    world.work();
    expect(world.linux.all().length).toBe(2);
    expect(world.table.status().installed).toBe(2);
  });
});

describe('any order of events', () => {
  const prefix = fc.constantFrom(A, B);
  const metric = fc.constantFrom(0, 512);
  const gateway = fc.constantFrom('10.0.0.2', '10.0.0.3');
  const device = fc.constantFrom('eth0', 'eth1');
  const flags = fc.constantFrom(NLM_F_EXCL, NLM_F_REPLACE, NLM_F_APPEND, 0);
  const command = fc.oneof(
    fc.record({ type: fc.constant('want' as const), prefix, metric, gateway, device }),
    fc.record({ type: fc.constant('drop' as const), prefix }),
    fc.record({ type: fc.constant('agentAdds' as const), prefix, metric, gateway, flags }),
    fc.record({ type: fc.constant('agentRemoves' as const), prefix, metric, protocol: fc.constantFrom(OURS, STATIC) }),
    fc.record({ type: fc.constant('dump' as const) }),
    fc.record({ type: fc.constant('work' as const) }),
    fc.record({ type: fc.constant('device' as const), device }),
    fc.record({ type: fc.constant('later' as const), milliseconds: fc.nat(5_000) }),
  );

  function run(world: World, what: typeof command extends fc.Arbitrary<infer T> ? T : never): void {
    const { table, devices } = world;
    switch (what.type) {
      case 'want':
        table.set(wish(route(what.prefix, what.gateway, what.metric, what.device)));
        return;
      case 'drop':
        table.set({ type: 'none', prefix: what.prefix });
        return;
      case 'agentAdds':
        world.agentAdds(foreign(what.prefix, what.gateway, what.metric), NLM_F_CREATE | what.flags);
        return;
      case 'agentRemoves':
        world.agentRemoves(what.prefix, what.metric, what.protocol);
        return;
      case 'dump':
        world.dump();
        return;
      case 'work':
        world.work();
        return;
      case 'device':
        if (!devices.delete(what.device)) devices.add(what.device);
        table.retryDevice(what.device);
        return;
      case 'later':
        world.later(what.milliseconds);
        return;
    }
  }

  test('foreign routes are never touched, and in the end each wish is fulfilled or its obstacle named', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const world = new World();
        for (const what of commands) {
          const before = world.linux.all().filter(({ protocol }) => protocol === STATIC).length;
          run(world, what);
          const after = world.linux.all().filter(({ protocol }) => protocol === STATIC).length;
          if (!what.type.startsWith('agent')) expect(after).toBe(before);
        }
        for (const device of ['eth0', 'eth1']) {
          world.devices.add(device);
          world.table.retryDevice(device);
        }
        world.work();
        world.later(120_000);
        const { wanted, installed, conflicts } = world.table.status();
        expect(installed + conflicts.length).toBe(wanted);
        for (const { prefix, text } of conflicts) {
          expect(text).toContain('static');
          expect(world.linux.routes.get(prefix)?.some(({ protocol }) => protocol === STATIC)).toBe(true);
        }
        // What the table believes is what is there.
        const key = (r: KernelRoute) => `${r.prefix} ${r.metric} ${r.nextHops[0]?.gateway} ${r.nextHops[0]?.device}`;
        const ours = world.linux.all().filter(({ protocol }) => protocol === OURS);
        expect(world.table.own().map(key).sort()).toEqual(ours.map(key).sort());
        expect(ours.length).toBeGreaterThanOrEqual(installed);
        for (const r of ours) expect(world.table.own().some((other) => sameRoute(other, r))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});
