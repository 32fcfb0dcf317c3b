// BFD as the daemon has it: keeps the thread while there is a session to watch, tells it which, and makes of its news what
// the router has to know. What a session says is src/bfd's.

import type { Worker } from 'node:worker_threads';
import {
  type BfdNews,
  type BfdOrder,
  type BfdReport,
  type BfdWish,
  diagnosticText,
  sessionKey,
  startBfdWorker,
} from '../bfd/index.ts';
import type { Fact, Input } from '../speaker/index.ts';
import type { BfdSessionStatus } from '../status/types.ts';

export interface BfdPorts {
  readonly post: (input: Input) => void;
  readonly tell: (fact: Fact) => void;
}

interface Watched {
  readonly wish: BfdWish;
  /** Sessions that end with it, by name. */
  readonly peers: readonly string[];
}

export class Bfd {
  readonly #ports: BfdPorts;
  readonly #wishes = new Map<string, BfdWish>();
  #watched: ReadonlyMap<string, Watched> = new Map();
  readonly #reports = new Map<string, BfdReport>();
  readonly #troubles = new Map<string, string>();
  #worker: Worker | undefined;
  #isScheduled = false;
  #isStopped = false;

  constructor(ports: BfdPorts) {
    this.#ports = ports;
  }

  /** What is to be watched for this peer from now on; undefined: nothing. */
  watch(peer: string, wish: BfdWish | undefined): void {
    if (wish === undefined) this.#wishes.delete(peer);
    else this.#wishes.set(peer, wish);
    if (this.#isScheduled) return;
    // A session that is closed and opened again for a changed option does not end its BFD session.
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#order();
    });
  }

  /** There is a thread. */
  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /** All sessions that peers have, by address. */
  get sessions(): readonly BfdSessionStatus[] {
    const sessions = [...this.#watched].flatMap(([key, { peers }]) => {
      const report = this.#reports.get(key);
      const trouble = this.#troubles.get(key);
      return report === undefined ? [] : [{ ...report, peers, ...(trouble === undefined ? {} : { trouble }) }];
    });
    return sessions.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Peers are told that the end is intended. Resolves when they are. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    this.#end();
    await ended;
  }

  #order(): void {
    if (this.#isStopped) return;
    this.#watched = watchedBy(this.#wishes);
    if (this.#worker === undefined && this.#watched.size === 0) return;
    this.#worker ??= this.#start();
    const sessions = new Map(Array.from(this.#watched, ([key, { wish }]) => [key, wish]));
    this.#send({ type: 'sessions', sessions });
  }

  #start(): Worker {
    const worker = startBfdWorker();
    worker.on('message', (news: BfdNews) => {
      if (worker === this.#worker) this.#take(news);
    });
    // A fault of our own: it ends the process, as any other does.
    worker.on('error', (error) => {
      throw error;
    });
    return worker;
  }

  #send(order: BfdOrder): void {
    this.#worker!.postMessage(order);
  }

  #end(): void {
    this.#send({ type: 'end' });
    this.#worker = undefined;
  }

  #take(news: BfdNews): void {
    switch (news.type) {
      case 'report':
        this.#compare(this.#reports.get(news.report.key), news.report);
        this.#reports.set(news.report.key, news.report);
        return;
      case 'trouble':
        this.#troubles.set(news.key, news.text);
        for (const peer of this.#peersOf(news.key)) this.#ports.tell({ type: 'bfdTrouble', peer, text: news.text });
        return;
      case 'working':
        this.#troubles.delete(news.key);
        return;
      case 'gone':
        this.#reports.delete(news.key);
        this.#troubles.delete(news.key);
        if (this.#reports.size === 0 && this.#wishes.size === 0) this.#end();
    }
  }

  #compare(before: BfdReport | undefined, after: BfdReport): void {
    const from = before?.state ?? 'Down';
    if (from === after.state) return;
    const { remote: address, state: to } = after;
    const text = diagnosticText(after.diagnostic);
    for (const peer of this.#peersOf(after.key)) {
      const fact = { type: 'bfdStateChanged', peer, address, from, to } as const;
      this.#ports.tell(text === undefined ? fact : { ...fact, text });
    }
    if (from !== 'Up' || to !== 'Down' || before === undefined) return;
    // A peer that stops BFD on purpose says nothing about the path (RFC 5882 3.2).
    if (after.remoteState === 'AdminDown') return;
    for (const peer of this.#peersOf(after.key)) {
      this.#ports.post({ type: 'bfdDown', peer, text: downText(before, after) });
    }
  }

  #peersOf(key: string): readonly string[] {
    return this.#watched.get(key)?.peers ?? [];
  }
}

/** By session: several peers with the same ends share one, and the first of them says how fast it is. */
function watchedBy(wishes: ReadonlyMap<string, BfdWish>): ReadonlyMap<string, Watched> {
  const watched = new Map<string, Watched>();
  for (const [peer, wish] of [...wishes].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const key = sessionKey(wish);
    const known = watched.get(key);
    watched.set(key, known === undefined ? { wish, peers: [peer] } : { ...known, peers: [...known.peers, peer] });
  }
  return watched;
}

function downText({ remote, detectionTime }: BfdReport, { remoteDiscriminator }: BfdReport): string {
  // Whoever was not heard is not known any more.
  return remoteDiscriminator === 0
    ? `BFD has heard nothing from ${remote} for ${Math.round(detectionTime)} ms`
    : `${remote} says that it no longer hears us (BFD)`;
}
