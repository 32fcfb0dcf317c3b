// The last events of each peer, and of the node as a whole: kept in rings until the process ends, and told as `GET /events`.
// Pure: facts and moments come as arguments.

import type { Fact } from '../speaker/types.ts';
import { type FactLine, factLine } from './facts.ts';
import { timestamp } from './time.ts';
import type { Timestamp } from './types.ts';

export interface EventsQuery {
  /** Name or address. */
  readonly peer?: string;
  /** So many of the newest. */
  readonly limit: number;
}

export interface EventReport {
  readonly at: Timestamp;
  readonly level: FactLine['level'];
  /** Absent: it concerns the node. */
  readonly peer?: string;
  readonly text: string;
  /** What the line in the log has beside the text. */
  readonly fields: FactLine['fields'];
}

export interface EventsReport {
  readonly node: string;
  readonly lastUpdated: Timestamp;
  /** The oldest first. */
  readonly events: readonly EventReport[];
}

export const DEFAULT_EVENTS = 1_000;
/** Events of a peer, and of the node. */
const RING = 64;
/** Peers, also those that are gone. */
const MOST_PEERS = 4_096;
/** Of all peers together: attackers may have many names, and an event may hold a whole message. */
const MOST_EVENTS = 16_384;
/** In place of a peer. */
const NODE = '';

interface Entry {
  readonly at: number;
  /** Events that come at one moment stay in order. */
  readonly number: number;
  readonly line: FactLine;
}

export class EventLog {
  /** By peer, those that had an event last at the end. */
  readonly #rings = new Map<string, Entry[]>();
  #number = 0;
  #count = 0;

  /** @param at milliseconds since the epoch */
  note(fact: Fact, at: number): void {
    const line = factLine(fact);
    // Steps on the way to a session say little, and would drive out what says much.
    if (line.level === 'debug') return;
    const peer = 'peer' in fact ? fact.peer : NODE;
    const ring = this.#rings.get(peer) ?? [];
    ring.push({ at, number: this.#number++, line });
    if (ring.length > RING) ring.shift();
    else this.#count++;
    this.#rings.delete(peer);
    this.#rings.set(peer, ring);
    if (this.#rings.size > MOST_PEERS || this.#count > MOST_EVENTS) this.#forgetQuietest();
  }

  /** The peer whose last event is the longest ago. */
  #forgetQuietest(): void {
    for (const [peer, ring] of this.#rings) {
      this.#rings.delete(peer);
      this.#count -= ring.length;
      return;
    }
  }

  events({ peer, limit }: EventsQuery): readonly EventReport[] {
    const entries = [...this.#rings].flatMap(([name, ring]) =>
      ring.filter(({ line }) => peer === undefined || peer === name || peer === line.fields.address),
    );
    return entries
      .sort((a, b) => a.number - b.number)
      .slice(-limit)
      .map(({ at, line: { level, message, fields } }) => {
        const { peer: name, ...rest } = fields;
        const of = typeof name === 'string' ? { peer: name } : {};
        return { at: timestamp(at), level, ...of, text: message, fields: rest };
      });
  }
}

/** A line an event. @param peer who was asked for */
export function eventsText({ node, events }: EventsReport, peer?: string): string {
  if (events.length === 0) return `No events${peer === undefined ? '' : ` of ${peer}`} on node ${node}.\n`;
  return events.map((event) => `${event.at} ${event.text}\n`).join('');
}
