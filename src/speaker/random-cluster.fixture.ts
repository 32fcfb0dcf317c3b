// Clusters in which everything happens at random: links are cut, mended, made slower and faster (so that what happens on
// different ones changes its order), connections reset, processes killed, machines rebooted, blocks and filters changed. The
// same seed gives the same run. After each quiet time the whole state is checked against what the resources and the living
// nodes say it must be.

import { seededRandom } from 'node-bgp/simulator';
import { expect } from 'vitest';
import { block, calico, cluster, Lab, MESH_OFF, MINUTE, node, type Router, SECOND } from './simulation.fixture.ts';

/** Prefixes that a router works off at a time, by seed: all at once, or with much to be done in between. */
const PORTIONS = [3, 1, 4096];
/** A session that was lost without a word is noticed after the hold time, and a restart is waited for so long. */
/** Milliseconds, one way. */
const LONGEST_DELAY = 400;
const LONGEST_MEMORY = 240 * SECOND + 120 * SECOND;

export interface Topology {
  readonly nodes: readonly number[];
  readonly resources: string;
  /** Session names of node n: to whom it has sessions. */
  readonly peersOf: (n: number) => readonly number[];
  /** Nodes through which routes reach others. */
  readonly reflectors: readonly number[];
}

const count = (nodes: number) => Array.from({ length: nodes }, (_, i) => i + 1);

export function mesh(nodes: number): Topology {
  const numbers = count(nodes);
  return {
    nodes: numbers,
    resources: cluster(nodes, ['ipv4', 'ipv6']),
    peersOf: (n) => numbers.filter((m) => m !== n),
    reflectors: [],
  };
}

/** Half of the extra blocks. */
const FILTERED = '10.65.204.0/22';

const REFLECTOR = { labels: { reflector: 'yes' }, clusterId: '244.0.0.1' };

const peering = (isFiltered: boolean) =>
  calico('BGPPeer', 'reflectors', {
    nodeSelector: 'all()',
    peerSelector: 'has(reflector)',
    ...(isFiltered ? { filters: ['half'] } : {}),
  });

/** The last two nodes reflect. */
export function reflected(nodes: number): Topology {
  const numbers = count(nodes);
  const reflectors = [nodes - 1, nodes];
  return {
    nodes: numbers,
    resources:
      cluster(nodes, ['ipv4', 'ipv6']) +
      MESH_OFF +
      calico('BGPFilter', 'half', { importV4: [{ action: 'Reject', matchOperator: 'In', cidr: FILTERED }] }) +
      peering(false) +
      reflectors.map((n) => node(n, ['ipv4', 'ipv6'], REFLECTOR)).join(''),
    peersOf: (n) => (reflectors.includes(n) ? numbers.filter((m) => m !== n) : reflectors),
    reflectors,
  };
}

/** One run: a lab, and what the test knows of it. */
export class RandomCluster {
  readonly lab: Lab;
  readonly random: () => number;
  readonly #topology: Topology;
  /** Of what happened, for the message of a failure. */
  readonly history: string[] = [];
  readonly #happened = new Map<string, number>();
  readonly cut = new Set<string>();
  /** Extra blocks that nodes hold: prefix -> node numbers. */
  readonly extra = new Map<string, Set<number>>();
  exportDisabled = false;
  isFiltered = false;
  /** Nodes without a Node. */
  readonly absent = new Set<number>();

  constructor(topology: Topology, seed: number) {
    this.#topology = topology;
    this.random = seededRandom(seed * 7919);
    this.lab = new Lab(topology.resources, { seed, delay: 2, portion: PORTIONS[seed % PORTIONS.length]! });
  }

  #anyNode(): number {
    return 1 + this.below(this.#topology.nodes.length);
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  note(text: string): void {
    this.history.push(`${(this.lab.now / SECOND).toFixed(3)} ${text}`);
    const [what = ''] = text.split(' ', 1);
    this.#happened.set(what, (this.#happened.get(what) ?? 0) + 1);
  }

  /** How often what has happened, and how many sessions were lost by it. */
  summary(): string {
    const lost = this.lab.routers.flatMap((router) => router.factsOf('peerDown')).filter((fact) => fact.wasEstablished);
    const events = [...this.#happened].sort().map(([what, times]) => `${what} ${times}`);
    return `${events.join(', ')}; sessions lost: ${lost.length}`;
  }

  // --- what may happen

  step(): void {
    const n = this.#anyNode();
    const router = this.lab.router(`node-${n}`);
    const actions: (() => void)[] = [
      () => this.#cutOrMend(),
      () => this.#cutOrMend(),
      () => this.#hurryOrDawdle(),
      () => this.#lifeOrDeath(router),
      () => this.#lifeOrDeath(router),
      () => this.#reset(router),
      () => this.#changeBlocks(n),
      () => this.#changeBlocks(n),
      () => this.#changePool(),
      () => this.#changeFilter(),
      () => this.#comeOrGo(n),
    ];
    actions[this.below(actions.length)]!();
    this.lab.run(this.below(2) === 0 ? this.below(500) : this.below(20 * SECOND));
  }

  #cutOrMend(): void {
    const [a, b] = [this.#anyNode(), this.#anyNode()];
    if (a === b) return;
    const key = `node-${Math.min(a, b)} node-${Math.max(a, b)}`;
    const link = this.lab.simulation.link(`node-${a}`, `node-${b}`);
    this.note(`${link.isUp ? 'cut' : 'mend'} ${key}`);
    if (link.isUp) {
      link.cut();
      this.cut.add(key);
    } else {
      link.restore();
      this.cut.delete(key);
    }
  }

  /** What is on the way stays in its order, what comes over other links does not. */
  #hurryOrDawdle(): void {
    const [a, b] = [this.#anyNode(), this.#anyNode()];
    if (a === b) return;
    const link = this.lab.simulation.link(`node-${a}`, `node-${b}`);
    link.delay = 1 + this.below(this.below(2) === 0 ? 10 : LONGEST_DELAY);
    this.note(`delay ${link.delay} node-${a} node-${b}`);
  }

  #lifeOrDeath(router: Router): void {
    const kill = this.below(2) === 0;
    this.note(`${router.isRunning ? (kill ? 'kill' : 'power off') : 'start'} ${router.name}`);
    if (!router.isRunning) router.start();
    else if (kill) router.kill();
    else router.powerOff();
  }

  #reset(router: Router): void {
    this.note(`reset ${router.name}`);
    if (router.isRunning) router.node.reset();
  }

  #changeBlocks(n: number): void {
    const prefix = `10.65.${200 + this.below(8)}.0/26`;
    const holders = this.extra.get(prefix) ?? new Set();
    this.extra.set(prefix, holders);
    this.note(`${holders.has(n) ? 'take' : 'give'} ${prefix} node-${n}`);
    if (holders.delete(n)) this.lab.remove('BlockAffinity', `node-${n}-${prefix.replace(/[./]/g, '-')}`);
    else {
      holders.add(n);
      this.lab.apply(block(n, 'ipv4', prefix));
    }
  }

  #changePool(): void {
    this.exportDisabled = !this.exportDisabled;
    this.note(`export ${this.exportDisabled ? 'off' : 'on'}`);
    const spec = { cidr: 'fd00:65::/32', ipipMode: 'Never', vxlanMode: 'Never', disableBGPExport: this.exportDisabled };
    this.lab.apply(calico('IPPool', 'pods-ipv6', spec));
  }

  #changeFilter(): void {
    if (this.#topology.reflectors.length === 0) return;
    this.isFiltered = !this.isFiltered;
    this.note(`filter ${this.isFiltered ? 'on' : 'off'}`);
    this.lab.apply(peering(this.isFiltered));
  }

  #comeOrGo(n: number): void {
    if (this.#topology.reflectors.includes(n)) return;
    this.note(`${this.absent.has(n) ? 'add' : 'remove'} Node node-${n}`);
    if (this.absent.delete(n)) {
      this.lab.apply(node(n, ['ipv4', 'ipv6']));
    } else {
      this.absent.add(n);
      this.lab.remove('Node', `node-${n}`);
    }
  }

  /** Everything is mended and started, or stays as it is for longer than anybody remembers. */
  settle(mended: boolean): void {
    this.note(mended ? 'all is mended' : 'quiet');
    if (mended) {
      for (const key of this.cut) this.lab.simulation.link(...(key.split(' ') as [string, string])).restore();
      this.cut.clear();
      for (const n of [...this.absent]) this.#comeOrGo(n);
      for (const router of this.lab.routers) if (!router.isRunning) router.start();
    }
    this.lab.run(LONGEST_MEMORY + MINUTE);
  }

  // --- what must hold

  check(): void {
    for (const n of this.#topology.nodes) {
      const router = this.lab.router(`node-${n}`);
      // A node without a Node keeps what it had, whatever that was.
      if (!router.isRunning || this.absent.has(n)) continue;
      expect(router.routes(), this.#story(`kernel of ${router.name}`)).toEqual(this.#expectedRoutes(n));
      this.#checkSessions(n, router);
      this.#checkInside(router);
    }
  }

  #story(what: string): string {
    return `${what}\n${this.history.join('\n')}\n`;
  }

  #isUp(n: number): boolean {
    return this.lab.router(`node-${n}`).isRunning && !this.absent.has(n);
  }

  #areConnected(a: number, b: number): boolean {
    return this.#isUp(a) && this.#isUp(b) && !this.cut.has(`node-${Math.min(a, b)} node-${Math.max(a, b)}`);
  }

  /** Whose routes node n has: of those it has a session with, and of those that a reflector of both tells it about. */
  #sourcesOf(n: number): ReadonlySet<number> {
    const hasSession = (a: number, b: number) => this.#topology.peersOf(a).includes(b) && this.#areConnected(a, b);
    const direct = this.#topology.nodes.filter((m) => hasSession(n, m));
    const reflectors = direct.filter((m) => this.#topology.reflectors.includes(m));
    const through = reflectors.flatMap((reflector) =>
      this.#topology.nodes.filter((m) => m !== n && hasSession(reflector, m)),
    );
    return new Set([...direct, ...through]);
  }

  #expectedRoutes(n: number): Record<string, string> {
    const holders = new Map<string, number[]>();
    const hold = (prefix: string, m: number) => holders.set(prefix, [...(holders.get(prefix) ?? []), m]);
    for (const m of [n, ...this.#sourcesOf(n)]) {
      hold(`10.65.${m}.0/26`, m);
      if (m === n || !this.exportDisabled) hold(`fd00:65:0:${m}::/122`, m);
      for (const [prefix, nodes] of this.extra) {
        const isRejected = this.isFiltered && m !== n && Number(prefix.split('.')[2]) >= 204;
        if (nodes.has(m) && !isRejected) hold(prefix, m);
      }
    }
    const text = (prefix: string, nodes: readonly number[]) =>
      nodes.includes(n)
        ? 'blackhole'
        : nodes
            .map((m) => `via ${prefix.includes(':') ? 'fd00::' : '10.0.0.'}${m} dev eth0`)
            .sort()
            .join(' | ');
    return Object.fromEntries(
      [...holders]
        .map(([prefix, nodes]): [string, string] => [prefix, text(prefix, nodes)])
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  }

  /** Both ends agree on the state, and on what was told. */
  #checkSessions(n: number, router: Router): void {
    for (const peer of router.peers()) {
      const m = Number(peer.address.split(/[.:]/).at(-1));
      const connected = this.#areConnected(n, m);
      const what = this.#story(`session ${peer.name} of ${router.name}`);
      expect(peer.state === 'Established', what).toBe(connected);
      if (!connected) {
        expect(peer.counters, what).toMatchObject({ received: 0, accepted: 0, advertised: 0 });
        continue;
      }
      const other = this.lab
        .router(`node-${m}`)
        .peers()
        .find(({ address }) => address === peer.localAddress)!;
      expect(peer.counters.received, what).toBe(other.counters.advertised);
      expect(peer.counters.accepted, what).toBeLessThanOrEqual(peer.counters.received);
    }
  }

  /** Nothing is left to do, nobody lags behind, nothing is stale, and what is gone is forgotten. */
  #checkInside(router: Router): void {
    const { speaker } = router;
    const what = this.#story(`inside ${router.name}`);
    expect([speaker.hasWork, speaker.isRecovering, speaker.sessions.isRestarting], what).toEqual([false, false, false]);
    const sessions = router.peers().filter(({ state }) => state === 'Established');
    for (const family of ['ipv4', 'ipv6'] as const) {
      const { rib } = speaker.families[family];
      const members = [...rib.groups.all()].map(({ members }) => members.size);
      expect(
        members.reduce((sum, size) => sum + size, 0),
        what,
      ).toBe(sessions.filter(({ families }) => families.includes(family)).length);
      expect(members.includes(0), what).toBe(false);
      expect(rib.groups.allUpToDate(), what).toBe(true);
      const live = rib.tables.sources.filter((source) => source !== undefined);
      expect(live, what).toHaveLength(3 + sessions.filter(({ families }) => families.includes(family)).length);
      const received = live.reduce((sum, { received }) => sum + received, 0);
      expect(rib.tables.paths.size, what).toBe(received);
    }
    for (const peer of speaker.sessions.all()) {
      for (const { staleUntil, owedEndOfRib } of peer.families.values()) {
        expect([staleUntil, owedEndOfRib], what).toEqual([undefined, false]);
      }
    }
    expect(router.snapshot().unresolvedNextHops, what).toEqual([]);
  }
}
