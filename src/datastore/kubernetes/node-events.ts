// Events on the Node when a session of it goes down and when it comes back, for `kubectl describe node` and for alerts.
// Many sessions that go down together are one Event, and no cluster is flooded by a session that flaps.

import type { Clock } from '../files/clock.ts';
import type { ApiAccess } from './api-access.ts';
import { ApiError } from './api-error.ts';
import type { Complaint } from './complaint.ts';
import { Once } from './once.ts';

export interface NodeEventOptions {
  readonly api: ApiAccess;
  /** The Node's name in Kubernetes. */
  readonly kubernetesNode: string;
  /** A sentence about what cannot be written, each one once, and undefined when it can be written again. */
  readonly report: (complaint: Complaint) => void;
  /** Errors that are ours; everything goes on. */
  readonly onBug: (error: unknown) => void;
  readonly clock: Clock;
  readonly random: () => number;
  /** Milliseconds since the epoch. */
  readonly wallClock: () => number;
}

/** A session as people know it. */
export interface SessionName {
  readonly name: string;
  readonly address: string;
}

/** Milliseconds that are waited for more of the same. */
const GATHER = 2_000;
/** Milliseconds over which the nodes of a cluster spread: when one of them dies, all others lose a session at once. */
const SPREAD = 8_000;
/** Milliseconds between two rounds of Events. */
const PAUSE = 60_000;
/** Sessions that are named in one Event. */
const NAMED = 5;
/** Events of Nodes, which have no namespace, are kept in this one. */
const PATH = '/api/v1/namespaces/default/events';
const TARGET = { verb: 'create', resource: 'events', group: '', namespace: 'default' } as const;

interface Session extends SessionName {
  /** What the last Event said, and how it is. */
  readonly wasUp: boolean;
  isUp: boolean;
  reason: string;
}

export class NodeEventWriter {
  readonly #options: NodeEventOptions;
  readonly #report: Once;
  readonly #lifetime = new AbortController();
  /** Sessions of which something has happened since the last Event. */
  #pending = new Map<string, Session>();
  /** Sessions that went down and are not back. */
  readonly #down = new Set<string>();
  #cancel: (() => void) | undefined;
  #writing: Promise<void> | undefined;
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor(options: NodeEventOptions) {
    this.#options = options;
    this.#report = new Once((text) => options.report({ kind: 'Event', name: options.kubernetesNode, text }));
  }

  /** A session that was established is so no more. */
  sessionDown(session: SessionName, reason: string): void {
    this.#down.add(session.name);
    const pending = this.#note(session, true);
    pending.isUp = false;
    pending.reason = reason;
  }

  /** A session is established. Its first time is no news. */
  sessionUp(session: SessionName): void {
    if (this.#down.delete(session.name)) this.#note(session, false).isUp = true;
  }

  /** Idempotent; nothing is sent afterwards. */
  async stop(): Promise<void> {
    this.#lifetime.abort();
    this.#cancel?.();
    await this.#writing;
  }

  #note(session: SessionName, wasUp: boolean): Session {
    let pending = this.#pending.get(session.name);
    if (pending === undefined) {
      pending = { ...session, wasUp, isUp: wasUp, reason: '' };
      this.#pending.set(session.name, pending);
    }
    this.#schedule();
    return pending;
  }

  #schedule(): void {
    if (this.#cancel !== undefined || this.#writing !== undefined || this.#lifetime.signal.aborted) return;
    const { clock, random } = this.#options;
    const delay = Math.max(GATHER + random() * SPREAD, this.#nextAt - clock.now());
    this.#cancel = clock.after(delay, () => {
      this.#cancel = undefined;
      this.#writing = this.#write()
        .catch(this.#options.onBug)
        .then(() => {
          this.#writing = undefined;
          if (this.#pending.size > 0) this.#schedule();
        });
    });
  }

  async #write(): Promise<void> {
    const sessions = [...this.#pending.values()];
    this.#pending = new Map();
    this.#nextAt = this.#options.clock.now() + PAUSE;
    const isDown = sessions.filter(({ isUp }) => !isUp);
    const wasDown = sessions.filter(({ wasUp, isUp }) => wasUp && isUp);
    const isBack = sessions.filter(({ wasUp, isUp }) => !wasUp && isUp);
    await this.#post('Warning', 'BGPSessionDown', sessionsText('is down', 'are down', isDown));
    await this.#post(
      'Warning',
      'BGPSessionDown',
      sessionsText('was down for a moment', 'were down for a moment', wasDown),
    );
    await this.#post('Normal', 'BGPSessionUp', sessionsText('is back', 'are back', isBack));
  }

  async #post(type: 'Normal' | 'Warning', reason: string, message: string | undefined): Promise<void> {
    if (message === undefined || this.#lifetime.signal.aborted) return;
    const { api, kubernetesNode, wallClock } = this.#options;
    const at = wallClock();
    const time = `${new Date(at).toISOString().slice(0, 19)}Z`;
    const body = {
      ...{ apiVersion: 'v1', kind: 'Event', type, reason, message, count: 1 },
      metadata: { generateName: `${kubernetesNode}.`, namespace: 'default' },
      // Kubelets put the Node's name for its UID, and tools look for that.
      involvedObject: { apiVersion: 'v1', kind: 'Node', name: kubernetesNode, uid: kubernetesNode },
      ...{ firstTimestamp: time, lastTimestamp: time, source: { component: 'caracal', host: kubernetesNode } },
      ...{ reportingComponent: 'caracal', reportingInstance: kubernetesNode },
    };
    const write = { method: 'POST', contentType: 'application/json', body } as const;
    try {
      await api.client.send({ target: TARGET, path: PATH, write }, this.#lifetime.signal);
      this.#report.clear();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // An Event that cannot be written is not worth keeping: the log has it all.
      if (!this.#lifetime.signal.aborted) this.#report.say(`cannot be written: ${error.message}`);
    }
  }
}

function sessionsText(one: string, many: string, sessions: readonly Session[]): string | undefined {
  const [first, ...others] = sessions;
  if (first === undefined) return undefined;
  if (others.length === 0) {
    const reason = first.reason === '' ? '' : `: ${first.reason}`;
    return `BGP session ${first.name} with ${first.address} ${one}${reason}`;
  }
  const named = sessions.slice(0, NAMED).map(({ name }) => name);
  const rest = sessions.length - named.length;
  return `${sessions.length} BGP sessions ${many}: ${named.join(', ')}${rest === 0 ? '' : ` and ${rest} more`}`;
}
