// Whatever the order of events, a Fib wishes for what one would wish for that is told everything at once.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Candidate, Fib, type FibChanges } from './fib.ts';
import type { InterfaceAddress, KernelEvent, KernelRoute, KernelWish, LearnedRoute, Link } from './types.ts';

const DEVICES = ['eth0', 'eth1'];
const CONFIG = { maxPaths: 2, directInterfaces: ['*'] };
const device = fc.constantFrom(...DEVICES);
const nextHop = fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.1.1', '10.0.1.2', '192.0.2.1', '192.0.2.2');
const prefix = fc.constantFrom('10.65.0.0/26', '10.65.1.0/26', '192.0.2.1/32', '192.0.2.0/24', '10.0.1.2/32');
const candidate: fc.Arbitrary<Candidate> = fc.oneof(
  fc.record({ type: fc.constant('bgp' as const), nextHop, metric: fc.constantFrom(undefined, 512) }),
  fc.record({ type: fc.constant('bgp' as const), nextHop, tunnel: fc.constant('tunl0') }),
  fc.record({ type: fc.constant('via' as const), gateway: nextHop }),
  fc.record({ type: fc.constant('blackhole' as const) }),
);
const link = (device: string, up: boolean): Link => ({ device, index: DEVICES.indexOf(device) + 1, up, mtu: 1500 });
const address = fc.record({
  device,
  address: fc.constantFrom('10.0.0.1', '10.0.1.1'),
  prefix: fc.constantFrom('10.0.0.0/24', '10.0.1.0/24'),
  secondary: fc.boolean(),
  scope: fc.constantFrom('global' as const, 'link' as const),
});
const learned = fc.record({
  prefix: fc.constantFrom('0.0.0.0/0', '192.0.2.0/24', '192.0.2.1/32', '10.0.1.0/24'),
  type: fc.constantFrom('unicast' as const, 'blackhole' as const),
  metric: fc.constantFrom(0, 100),
  protocol: fc.constantFrom(2, 4, 80),
  device,
  gateway: fc.constantFrom(undefined, '10.0.0.9'),
});
const command = fc.oneof(
  fc.record({ type: fc.constant('set' as const), prefix, candidates: fc.array(candidate, { maxLength: 3 }) }),
  fc.record({ type: fc.constant('link' as const), device, state: fc.constantFrom('up', 'down', 'gone') }),
  fc.record({ type: fc.constant('address' as const), address, remove: fc.boolean() }),
  fc.record({ type: fc.constant('learned' as const), route: learned, remove: fc.boolean() }),
  fc.record({ type: fc.constant('snapshot' as const) }),
);

/** What the world looks like, and a Fib that is told of each change. */
class World {
  readonly fib = new Fib('ipv4');
  readonly wished = new Map<string, KernelRoute>();
  readonly links = new Map<string, Link>();
  readonly addresses = new Map<string, InterfaceAddress>();
  readonly learned = new Map<string, LearnedRoute>();
  readonly candidates = new Map<string, readonly Candidate[]>();

  constructor() {
    this.fib.configure(CONFIG);
  }

  snapshot(): KernelEvent {
    return {
      type: 'snapshot',
      links: [...this.links.values()],
      addresses: [...this.addresses.values()],
      learned: [...this.learned.values()],
    };
  }

  tell(...events: KernelEvent[]): FibChanges {
    const changes = this.fib.kernelEvents(events);
    this.follow(changes.wishes);
    return changes;
  }

  set(prefix: string, candidates: readonly Candidate[]): void {
    if (candidates.length === 0) this.candidates.delete(prefix);
    else this.candidates.set(prefix, candidates);
    this.follow(this.fib.setRoute(prefix, candidates));
  }

  follow(wishes: readonly KernelWish[]): void {
    for (const wish of wishes) {
      if (wish.type === 'route') this.wished.set(wish.route.prefix, wish.route);
      else expect(this.wished.delete(wish.prefix)).toBe(true); // nobody asks twice for nothing
    }
  }

  run(what: typeof command extends fc.Arbitrary<infer T> ? T : never): void {
    switch (what.type) {
      case 'set':
        this.set(what.prefix, what.candidates);
        break;
      case 'link':
        this.setLink(what.device, what.state);
        break;
      case 'address':
        this.setAddress(what.address, what.remove);
        break;
      case 'learned':
        this.setLearned(what.route, what.remove);
        break;
      case 'snapshot':
        expect(this.tell(this.snapshot())).toEqual({ wishes: [], sources: [] });
    }
  }

  setLink(device: string, state: string): void {
    if (state === 'gone') {
      this.links.delete(device);
      this.tell({ type: 'linkRemoved', device });
    } else {
      this.links.set(device, link(device, state === 'up'));
      this.tell({ type: 'link', link: link(device, state === 'up') });
    }
  }

  setAddress(address: InterfaceAddress, remove: boolean): void {
    const key = `${address.device} ${address.address} ${address.prefix}`;
    const known = this.addresses.get(key);
    if (!remove && known === undefined) {
      this.addresses.set(key, address);
      this.tell({ type: 'address', address });
    } else if (remove && known !== undefined) {
      this.addresses.delete(key);
      this.tell({ type: 'addressRemoved', address: known });
    }
  }

  setLearned(
    { device, gateway, ...rest }: typeof learned extends fc.Arbitrary<infer T> ? T : never,
    remove: boolean,
  ): void {
    const hop = gateway === undefined ? { device } : { device, gateway };
    const route: LearnedRoute = { ...rest, nextHops: rest.type === 'unicast' ? [hop] : [] };
    const key = `${route.prefix} ${route.metric} ${route.protocol}`;
    const known = this.learned.get(key);
    if (!remove) {
      this.learned.set(key, route);
      this.tell({ type: 'learned', route });
    } else if (known !== undefined) {
      this.learned.delete(key);
      this.tell({ type: 'learnedRemoved', route: known });
    }
  }
}

const byPrefix = (a: { prefix: string }, b: { prefix: string }) => (a.prefix < b.prefix ? -1 : 1);

test('step by step and at once come to the same routes and sources', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
      const world = new World();
      for (const what of commands) world.run(what);
      const anew = new World();
      anew.tell(world.snapshot());
      for (const [prefix, candidates] of world.candidates) anew.set(prefix, candidates);
      expect([...world.wished.values()].sort(byPrefix)).toEqual([...anew.wished.values()].sort(byPrefix));
      expect(world.fib.unresolvedNextHops().sort()).toEqual(anew.fib.unresolvedNextHops().sort());
      const sources = (fib: Fib) => [...fib.localSources()].map((source) => JSON.stringify(source)).sort();
      // Which of several interfaces or protocols of the same rank is shown depends on who came first.
      const ranks = (fib: Fib) =>
        sources(fib).map((text) => text.replace(/"(interface|protocol|gateway)":("[^"]*"|\d+),?/g, ''));
      expect(ranks(world.fib)).toEqual(ranks(anew.fib));
    }),
    { numRuns: 500 },
  );
});
