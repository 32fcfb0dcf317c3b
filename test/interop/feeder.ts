// A neighbour in one namespace, as a program: announces what it is told to over IPC, and tells of each of its sessions
// whether it is up and what it has been told, after every change. Run by matrix.ts.

import { type Attributes, type Negotiated, nlriEntries, type PeerConfig, type UpdateMessage } from 'node-bgp';
import { type AnnouncedAttributes, TcpSpeaker } from 'node-bgp/tcp';

export interface FeederSession {
  /** Address of the other end. */
  readonly peer: string;
  readonly config: PeerConfig;
}

export interface Announcement {
  readonly prefixes: readonly string[];
  readonly attributes: AnnouncedAttributes;
}

export type FeederOrder =
  | { readonly type: 'begin'; readonly address: string; readonly sessions: readonly FeederSession[] }
  | { readonly type: 'announce'; readonly peer: string; readonly routes: readonly Announcement[] }
  | { readonly type: 'withdraw'; readonly peer: string; readonly prefixes: readonly string[] };

export interface FeederNews {
  readonly peer: string;
  readonly up: boolean;
  /** What the other end has told, `prefix#path` -> attributes. */
  readonly table: readonly (readonly [string, Attributes])[];
}

class Feeder {
  readonly #speaker: TcpSpeaker;
  readonly #tables = new Map<string, Map<string, Attributes>>();
  readonly #up = new Map<string, Negotiated>();
  /** Announced, and again after a reconnect. */
  readonly #routes = new Map<string, Announcement[]>();
  readonly #changed = new Set<string>();

  constructor(address: string) {
    this.#speaker = new TcpSpeaker({
      address,
      established: (peer, negotiated) => {
        this.#up.set(peer, negotiated);
        this.#tables.set(peer, new Map());
        for (const { attributes, prefixes } of this.#routes.get(peer) ?? []) {
          this.#speaker.announce(peer, attributes, prefixes);
        }
        this.#note(peer);
      },
      down: (peer) => {
        this.#up.delete(peer);
        this.#tables.delete(peer);
        this.#note(peer);
      },
      update: (peer, update) => this.#record(peer, update),
    });
  }

  async obey(order: Exclude<FeederOrder, { type: 'begin' }>): Promise<void> {
    const { peer } = order;
    if (order.type === 'announce') {
      this.#routes.set(peer, [...(this.#routes.get(peer) ?? []), ...order.routes]);
      for (const { attributes, prefixes } of order.routes) this.#speaker.announce(peer, attributes, prefixes);
    } else {
      this.#routes.delete(peer);
      this.#speaker.withdraw(peer, order.prefixes);
    }
  }

  async begin(sessions: readonly FeederSession[]): Promise<void> {
    await this.#speaker.listen();
    for (const { peer, config } of sessions) this.#speaker.add(peer, config);
  }

  #record(peer: string, { withdrawn, reached, set }: UpdateMessage): void {
    const table = this.#tables.get(peer)!;
    for (const { prefix, pathId } of withdrawn.flatMap(nlriEntries)) table.delete(`${prefix}#${pathId}`);
    for (const { prefix, pathId } of reached.flatMap(nlriEntries)) table.set(`${prefix}#${pathId}`, set!.attributes);
    this.#note(peer);
  }

  /** Once for all that happens in one turn. */
  #note(peer: string): void {
    if (this.#changed.has(peer)) return;
    this.#changed.add(peer);
    setImmediate(() => {
      this.#changed.delete(peer);
      const table = [...(this.#tables.get(peer) ?? [])];
      process.send!({ peer, up: this.#up.has(peer), table } satisfies FeederNews);
    });
  }
}

if (import.meta.main) {
  let feeder: Feeder;
  process.on('message', (order: FeederOrder) => {
    if (order.type === 'begin') {
      feeder = new Feeder(order.address);
      feeder.begin(order.sessions);
    } else feeder.obey(order);
  });
  process.on('disconnect', () => process.exit(0));
}
