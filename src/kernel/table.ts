// Routes that are wanted and routes that are there, and what has to be done about the difference:
//
//   set(wish)      what is wanted           beginDump, read, endDump, noticed    what is there
//   diff(limit)    the next changes         apply(step, failure)                 what became of each
//
// Pure: time is an argument in milliseconds; the kernel is spoken to by netlink-kernel.ts. A route of another protocol is
// never replaced or deleted. A new route is in place before the old one of the same prefix goes. An old route stays while
// the kernel refuses the new one: a way that was right until now is better than none.

import type { Family, Prefix } from 'node-bgp';
import { familyOf } from 'node-bgp/ip';
import { sameRoute } from '../fib/kernel-route.ts';
import type { KernelEvent, KernelRoute, KernelWish, LearnedRoute } from '../fib/types.ts';
import { OperationCounts } from './operations.ts';
import type { KernelComplaint, KernelStatus } from './port.ts';
import { learnedEvents, learnedOf, noticedRoute, type RouteList, sameList } from './route-list.ts';
import { type Failure, type KernelProblem, type Trouble, Troubles, troubleText } from './troubles.ts';

/** `add` must find nothing of the same prefix and metric, `replace` finds a route of ours. */
export interface Change {
  readonly type: 'add' | 'replace' | 'delete';
  readonly route: KernelRoute;
}

/** A change on its way to the kernel; give it back to `apply`. */
export interface Step {
  readonly change: Change;
  readonly entry: Entry;
  /** Somebody else changed the prefix meanwhile. */
  disturbed: boolean;
}

/** All about one prefix. */
interface Entry {
  readonly prefix: Prefix;
  wanted: KernelRoute | undefined;
  /** In the kernel, ours and others', in the kernel's order. */
  routes: RouteList;
  /** There was a wish; a route of ours without one is kept until `sweep`. */
  told: boolean;
  /** The wanted route is there. */
  placed: boolean;
  step: Step | undefined;
  /** In the queue of those that may need a change. */
  queued: boolean;
  /** Number of the last dump that showed the prefix. */
  seen: number;
  /** Number of the last dump when the prefix changed. */
  touched: number;
}

const NO_ROUTES: RouteList = [];

/** What stands between a wanted route and its place. */
type Obstacle =
  | { readonly type: 'conflict'; readonly protocol: number }
  | { readonly type: 'waiting'; readonly text: string };

interface Dump {
  readonly family: Family;
  prefix: Prefix | undefined;
  routes: LearnedRoute[];
}

export interface KernelTableOptions {
  /** rtm_protocol of our routes. */
  readonly protocol: number;
  /** Why routes cannot lead through a device at present, for people; undefined: they can. */
  readonly deviceObstacle: (device: string) => string | undefined;
  readonly emit: (event: KernelEvent) => void;
  readonly report: (problem: KernelProblem) => void;
}

export class KernelTable {
  readonly operations = new OperationCounts();
  readonly #options: KernelTableOptions;
  readonly #entries: Readonly<Record<Family, Map<Prefix, Entry>>> = { ipv4: new Map(), ipv6: new Map() };
  #queue: Entry[] = [];
  #queueHead = 0;
  readonly #troubles: Troubles<Entry>;
  /** How many hops of routes in the kernel lead through a device. */
  readonly #uses: Readonly<Record<Family, Map<string, number>>> = { ipv4: new Map(), ipv6: new Map() };
  readonly #uncertain = new Set<Family>();
  #dump: Dump | undefined;
  #dumps = 0;
  #swept = false;
  #wanted = 0;
  #placed = 0;

  constructor(options: KernelTableOptions) {
    this.#options = options;
    this.#troubles = new Troubles(options.report);
  }

  set(wish: KernelWish): void {
    const route = wish.type === 'route' ? wish.route : undefined;
    const entry = this.#entry(wish.type === 'route' ? wish.route.prefix : wish.prefix);
    const { wanted } = entry;
    const same = route === undefined ? wanted === undefined : wanted !== undefined && sameRoute(route, wanted);
    if (same && entry.told) return;
    this.#wanted += (route === undefined ? 0 : 1) - (wanted === undefined ? 0 : 1);
    entry.told = true;
    entry.wanted = route;
    this.#troubles.restart(entry);
    this.#settle(entry);
  }

  /** From now on routes of ours that nobody wished for are deleted. */
  sweep(): void {
    if (this.#swept) return;
    this.#swept = true;
    for (const entry of this.#all()) this.#settle(entry);
  }

  /** The kernel's routes of one family follow through `read`, those of one prefix together. */
  beginDump(family: Family): void {
    this.#dumps++;
    this.#dump = { family, prefix: undefined, routes: [] };
  }

  read(route: LearnedRoute): void {
    const dump = this.#dump;
    // A kernel without IPv6 answers a question for IPv6 routes with all routes that it has.
    if (dump === undefined || familyOf(route.prefix) !== dump.family) return;
    if (route.prefix !== dump.prefix) {
      this.#commitRead(dump);
      dump.prefix = route.prefix;
    }
    dump.routes.push(route);
  }

  /** What was not shown is not there. */
  endDump(): void {
    const dump = this.#dump;
    if (dump === undefined) return;
    this.#commitRead(dump);
    this.#dump = undefined;
    for (const entry of this.#entries[dump.family].values()) {
      const shown = entry.seen === this.#dumps || entry.touched === this.#dumps || entry.step !== undefined;
      if (!shown && entry.routes.length > 0) this.#setRoutes(entry, []);
    }
  }

  /** The dump came to no end; what it showed counts, what it did not show says nothing. */
  abandonDump(): void {
    this.#dump = undefined;
  }

  /**
   * A notification: RTM_NEWROUTE with its nlmsg_flags, or RTM_DELROUTE. `byAgent`: another process did it, not the kernel
   * itself. Changes that we made are not to be given here.
   */
  noticed(type: 'new' | 'deleted', route: LearnedRoute, flags: number, byAgent: boolean, now: number): void {
    const entry = this.#entry(route.prefix);
    const wasPlaced = entry.placed;
    entry.touched = this.#dumps;
    if (entry.step !== undefined) entry.step.disturbed = true;
    const routes = noticedRoute(entry.routes, type, route, flags);
    if (routes === undefined) {
      this.#uncertain.add(familyOf(route.prefix));
      return;
    }
    this.#setRoutes(entry, routes, () => {
      const lost = byAgent && wasPlaced && !entry.placed;
      if (lost) this.#troubles.lose(entry, type === 'new' ? route.protocol : undefined, now);
    });
  }

  /** All learned routes, for a snapshot. */
  *learned(): Generator<LearnedRoute> {
    for (const { routes } of this.#all()) yield* learnedOf(routes, this.#options.protocol);
  }

  /** Families of which too little is known until they are read again. */
  takeUncertain(): Family[] {
    const uncertain = [...this.#uncertain];
    this.#uncertain.clear();
    return uncertain;
  }

  /** At most `limit` changes that can go to the kernel together, each for another prefix. */
  diff(limit: number): Step[] {
    const steps: Step[] = [];
    while (steps.length < limit && this.#queueHead < this.#queue.length) {
      const entry = this.#queue[this.#queueHead++]!;
      entry.queued = false;
      // Since it was queued it may have become right, or have found an obstacle.
      if (entry.step !== undefined || this.#troubles.isPaused(entry)) continue;
      const change = this.#decide(entry);
      if (change !== undefined && isChange(change)) {
        entry.step = { change, entry, disturbed: false };
        steps.push(entry.step);
      } else {
        this.#settle(entry);
      }
    }
    if (this.#queueHead === this.#queue.length) {
      this.#queue = [];
      this.#queueHead = 0;
    }
    return steps;
  }

  /** What the kernel said to a change; without failure it is done. */
  apply(step: Step, failure: Failure | undefined, now: number): void {
    const { entry, change, disturbed } = step;
    entry.step = undefined;
    entry.touched = this.#dumps;
    if (disturbed) this.#uncertain.add(familyOf(entry.prefix));
    // ESRCH: what was to be deleted is gone already.
    const isDone = failure === undefined || (change.type === 'delete' && failure.code === 'ESRCH');
    this.operations.note(change.type, isDone);
    if (isDone) {
      if (this.#troubles.get(entry)?.type === 'refused') this.#troubles.restart(entry);
      this.#setRoutes(entry, this.#carriedOut(entry.routes, change));
      return;
    }
    // EEXIST: somebody was faster. Who it was shows when the family is read again.
    if (failure.code === 'EEXIST') this.#uncertain.add(familyOf(entry.prefix));
    // Of an older wish the failure does not matter any more.
    if (change.type === 'delete' || change.route === entry.wanted) this.#troubles.refuse(entry, failure, now);
    this.#settle(entry);
  }

  /** The connection to the kernel broke: nobody knows what became of these. A dump must follow. */
  abandon(steps: readonly Step[]): void {
    for (const { entry } of steps) {
      entry.step = undefined;
      this.#settle(entry);
    }
  }

  /** Something about the device is new: what was refused or waits because of it is tried again. */
  retryDevice(device: string): void {
    for (const entry of this.#troubles.takeDevice(device)) this.#settle(entry);
  }

  /** Lets those try again whose time has come. */
  tick(now: number): void {
    for (const entry of this.#troubles.takeDue(now)) this.#settle(entry);
  }

  nextDeadline(): number | undefined {
    return this.#troubles.nextDeadline();
  }

  /** Families with routes in the kernel that lead through the device. */
  familiesThrough(device: string): Family[] {
    return (['ipv4', 'ipv6'] as const).filter((family) => this.#uses[family].has(device));
  }

  status(): KernelStatus {
    const complaints: Record<Trouble['type'], KernelComplaint[]> = { refused: [], conflict: [], waiting: [] };
    for (const [{ prefix }, trouble] of this.#troubles.all()) {
      complaints[trouble.type].push({ prefix, text: troubleText(trouble) });
    }
    const { refused, conflict: conflicts, waiting } = complaints;
    const fights = this.#troubles.fights();
    return { wanted: this.#wanted, installed: this.#placed, refused, conflicts, waiting, fights };
  }

  /** Routes of ours in the kernel, as far as we know. */
  own(): KernelRoute[] {
    const own: KernelRoute[] = [];
    for (const { routes } of this.#all()) {
      for (const { protocol, ...route } of routes) if (protocol === this.#options.protocol) own.push(route);
    }
    return own;
  }

  #decide(entry: Entry): Change | Obstacle | undefined {
    const { wanted, routes } = entry;
    if (wanted === undefined) {
      const route = entry.told || this.#swept ? routes.find(this.#isOwn) : undefined;
      return route && { type: 'delete', route };
    }
    const first = routes.find(({ metric }) => metric === wanted.metric);
    if (first !== undefined && !this.#isOwn(first)) {
      // Nor may the way that we wanted before stay: it is not wanted any more.
      const old = routes.find((route) => this.#isOwn(route) && !sameRoute(route, wanted));
      return old === undefined ? { type: 'conflict', protocol: first.protocol } : { type: 'delete', route: old };
    }
    if (first !== undefined && sameRoute(first, wanted)) {
      const old = routes.find((route) => this.#isOwn(route) && route.metric !== wanted.metric);
      return old && { type: 'delete', route: old };
    }
    for (const { device } of wanted.nextHops) {
      const text = this.#options.deviceObstacle(device);
      if (text !== undefined) return { type: 'waiting', text };
    }
    return { type: first === undefined ? 'add' : 'replace', route: wanted };
  }

  readonly #isOwn = ({ protocol }: LearnedRoute): boolean => protocol === this.#options.protocol;

  /** Brings flags, counters and queues in line after anything about the entry has changed. */
  #settle(entry: Entry): void {
    this.#countPlaced(entry);
    if (entry.step !== undefined) return; // again when the kernel has answered
    const decision = this.#decide(entry);
    if (decision === undefined) {
      this.#troubles.clear(entry);
      // One that is in the queue is dropped when its turn comes: until then it must stay the one of its prefix.
      if (entry.wanted === undefined && entry.routes.length === 0 && !entry.queued) this.#drop(entry);
    } else if (decision.type === 'conflict') {
      this.#troubles.conflict(entry, decision.protocol);
    } else if (decision.type === 'waiting') {
      this.#troubles.wait(entry, decision.text);
    } else {
      if (this.#troubles.get(entry)?.type !== 'refused') this.#troubles.clear(entry);
      if (!this.#troubles.isPaused(entry)) this.#enqueue(entry);
    }
  }

  #enqueue(entry: Entry): void {
    if (entry.queued) return;
    entry.queued = true;
    this.#queue.push(entry);
  }

  #countPlaced(entry: Entry): void {
    const { wanted, routes } = entry;
    const first = wanted && routes.find(({ metric }) => metric === wanted.metric);
    const placed = first !== undefined && this.#isOwn(first) && sameRoute(first, wanted!);
    if (placed !== entry.placed) this.#placed += placed ? 1 : -1;
    entry.placed = placed;
  }

  #commitRead(dump: Dump): void {
    const { prefix, routes } = dump;
    if (prefix === undefined) return;
    dump.routes = [];
    const entry = this.#entry(prefix);
    entry.seen = this.#dumps;
    // What happened during the dump is newer than what the dump says.
    if (entry.step === undefined && entry.touched !== this.#dumps) this.#setRoutes(entry, routes);
  }

  /** `meanwhile` runs when the routes are set and before it is decided what to do about them. */
  #setRoutes(entry: Entry, routes: RouteList, meanwhile?: () => void): void {
    if (!sameList(entry.routes, routes)) {
      const before = entry.routes;
      entry.routes = routes;
      const uses = this.#uses[familyOf(entry.prefix)];
      for (const { nextHops } of before) for (const { device } of nextHops) count(uses, device, -1);
      for (const { nextHops } of routes) for (const { device } of nextHops) count(uses, device, 1);
      for (const event of learnedEvents(before, routes, this.#options.protocol)) this.#options.emit(event);
    }
    this.#countPlaced(entry);
    meanwhile?.();
    this.#settle(entry);
  }

  #carriedOut(routes: RouteList, { type, route }: Change): RouteList {
    const at = routes.findIndex((other) => this.#isOwn(other) && other.metric === route.metric);
    if (type === 'delete') return routes.filter((_, i) => i !== at);
    const now = { ...route, protocol: this.#options.protocol };
    return at < 0 ? [...routes, now] : routes.with(at, now);
  }

  #entry(prefix: Prefix): Entry {
    const entries = this.#entries[familyOf(prefix)];
    let entry = entries.get(prefix);
    if (entry === undefined) {
      entry = {
        prefix,
        wanted: undefined,
        routes: NO_ROUTES,
        told: false,
        placed: false,
        step: undefined,
        queued: false,
        seen: -1,
        touched: -1,
      };
      entries.set(prefix, entry);
    }
    return entry;
  }

  #drop(entry: Entry): void {
    this.#troubles.forget(entry);
    this.#entries[familyOf(entry.prefix)].delete(entry.prefix);
  }

  *#all(): Generator<Entry> {
    yield* this.#entries.ipv4.values();
    yield* this.#entries.ipv6.values();
  }
}

function isChange(decision: Change | Obstacle): decision is Change {
  return decision.type !== 'conflict' && decision.type !== 'waiting';
}

function count(counts: Map<string, number>, key: string, by: 1 | -1): void {
  const now = (counts.get(key) ?? 0) + by;
  if (now === 0) counts.delete(key);
  else counts.set(key, now);
}
