// `GET /live`: the report as server-sent events, for the status page. Whoever comes is told everything once, and then what
// has changed, peer by peer. The router is asked once a second for all who watch together, and not at all when nobody does.

import type { ServerResponse } from 'node:http';
import type { KernelComplaint, PeerReport, StatusReport } from './types.ts';

/** Milliseconds. */
const INTERVAL = 1_000;
/** A comment is sent after so many intervals without news, so that both ends notice when the other is gone. */
const QUIET_INTERVALS = 15;
export const MAX_WATCHERS = 16;
/** Octets that may wait for a watcher who does not read; then it is let go, and may come again. */
const MAX_BACKLOG = 16 * 1024 * 1024;
/** Of each kind of complaint. */
const MAX_COMPLAINTS = 20;

/** What the page gets: the report without peers that are as they were. */
export interface LiveReport extends Omit<StatusReport, 'bgp' | 'kernel'> {
  /** True: `peers` are all; otherwise those that are new or different. */
  readonly whole: boolean;
  readonly peers: readonly PeerReport[];
  /** Names of sessions that are no more. */
  readonly gone: readonly string[];
  readonly kernel: StatusReport['kernel'] & { readonly complaints: number };
}

export class Live {
  readonly #read: () => StatusReport;
  readonly #onError: (error: unknown) => void;
  readonly #watchers = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | undefined;
  #quiet = 0;
  /** Peers and the rest as they were told last, as text. */
  #peers = new Map<string, string>();
  #rest = '';

  constructor(read: () => StatusReport, onError: (error: unknown) => void) {
    this.#read = read;
    this.#onError = onError;
  }

  get isFull(): boolean {
    return this.#watchers.size >= MAX_WATCHERS;
  }

  /** The head is written already. */
  add(watcher: ServerResponse): void {
    watcher.once('close', () => this.#remove(watcher));
    const report = this.#turn();
    if (report === undefined) {
      watcher.destroy();
      return;
    }
    this.#watchers.add(watcher);
    watcher.write(message({ ...rest(report), whole: true, peers: peersOf(report), gone: [] }));
    this.#timer ??= setInterval(() => this.#turn(), INTERVAL);
  }

  /** What was told; undefined where it cannot be had. */
  #turn(): StatusReport | undefined {
    try {
      const report = this.#read();
      this.#tell(report);
      return report;
    } catch (error) {
      this.#onError(error);
      for (const watcher of this.#watchers) watcher.destroy();
      return undefined;
    }
  }

  #tell(report: StatusReport): void {
    const changes = this.#changes(report);
    if (changes === undefined && ++this.#quiet < QUIET_INTERVALS) return;
    this.#quiet = 0;
    const text = changes === undefined ? ': still here\n\n' : message(changes);
    for (const watcher of this.#watchers) {
      if (watcher.writableLength > MAX_BACKLOG) watcher.destroy();
      else watcher.write(text);
    }
  }

  /** Since the last turn; undefined where there are none. */
  #changes(report: StatusReport): LiveReport | undefined {
    const peers = peersOf(report);
    const texts = new Map(peers.map((peer) => [peer.name, JSON.stringify(peer)]));
    const changed = peers.filter(({ name }) => texts.get(name) !== this.#peers.get(name));
    const gone = [...this.#peers.keys()].filter((name) => !texts.has(name));
    const others = rest(report);
    const text = JSON.stringify({ ...others, lastUpdated: '' });
    if (changed.length === 0 && gone.length === 0 && text === this.#rest) return undefined;
    this.#peers = texts;
    this.#rest = text;
    return { ...others, whole: false, peers: changed, gone };
  }

  #remove(watcher: ServerResponse): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#peers = new Map();
  }
}

function peersOf({ bgp }: StatusReport): readonly PeerReport[] {
  return [...bgp.peersV4, ...bgp.peersV6];
}

function rest({ bgp: _, kernel, ...others }: StatusReport): Omit<LiveReport, 'whole' | 'peers' | 'gone'> {
  const { refused, conflicts, waiting, fights } = kernel;
  const some = (complaints: readonly KernelComplaint[]) => complaints.slice(0, MAX_COMPLAINTS);
  return {
    ...others,
    kernel: {
      ...kernel,
      refused: some(refused),
      conflicts: some(conflicts),
      waiting: some(waiting),
      fights: some(fights),
      complaints: refused.length + conflicts.length + waiting.length + fights.length,
    },
  };
}

function message(report: LiveReport): string {
  return `event: status\ndata: ${JSON.stringify(report)}\n\n`;
}
