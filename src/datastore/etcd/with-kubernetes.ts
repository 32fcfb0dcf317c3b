// Calico's resources from etcd, and from Kubernetes what they refer to: Services to advertise, Secrets with passwords. One
// driver made of two, in sync when both are; Kubernetes is asked for nothing before etcd has said what is wanted.

import { DatastoreError } from '../errors.ts';
import type { KubernetesDatastore } from '../kubernetes/kubernetes.ts';
import { type Referring, referredWatches } from '../kubernetes/watches.ts';
import type { BGPConfiguration, BGPPeer } from '../resources/types.ts';
import type { Datastore, DatastoreEvent, ResourceProblem, ServerContact } from '../types.ts';

type Sync = Extract<DatastoreEvent, { readonly type: 'synced' }>;

interface Part {
  problems: readonly ResourceProblem[];
  sync: Sync;
}

type Kubernetes = Pick<KubernetesDatastore, 'start' | 'stop' | 'refer' | 'contact'>;

type Options = Parameters<typeof referredWatches>[0];

/** @param options of the Kubernetes driver */
export function etcdWithKubernetes(etcd: Datastore, kubernetes: Kubernetes, options: Options): Datastore {
  return new EtcdWithKubernetes(etcd, kubernetes, options);
}

class EtcdWithKubernetes implements Datastore {
  readonly #options: Options;
  readonly #etcd: Datastore;
  readonly #kubernetes: Kubernetes;
  readonly #parts = { etcd: newPart(), kubernetes: newPart() };
  readonly #configurations = new Map<string, BGPConfiguration>();
  readonly #peers = new Map<string, BGPPeer>();
  #deliver: ((events: readonly DatastoreEvent[]) => void) | undefined;
  /** Undefined: etcd has not been in sync yet. */
  #starting: Promise<void> | undefined;
  /** Why there is no Kubernetes. */
  #absence: string | undefined;

  constructor(etcd: Datastore, kubernetes: Kubernetes, options: Options) {
    this.#options = options;
    this.#etcd = etcd;
    this.#kubernetes = kubernetes;
  }

  async start(deliver: (events: readonly DatastoreEvent[]) => void): Promise<void> {
    this.#deliver = deliver;
    await this.#etcd.start((events) => this.#takeFromEtcd(events));
    await this.#starting;
  }

  async stop(): Promise<void> {
    this.#deliver = undefined;
    await Promise.all([this.#etcd.stop(), this.#kubernetes.stop()]);
    await this.#starting;
  }

  /** Of etcd; the watches are those of both. */
  contact(): ServerContact {
    const { watches = [], ...rest } = this.#etcd.contact?.() ?? {};
    return { ...rest, watches: [...watches, ...this.#kubernetes.contact().watches] };
  }

  #takeFromEtcd(events: readonly DatastoreEvent[]): void {
    let refers = false;
    for (const event of events) refers = this.#note(event) || refers;
    const isInSync = events.some((event) => event.type === 'synced' && event.synced);
    // First of all: what is wanted now is not there yet, and nobody shall believe that everything is.
    if (refers || this.#starting === undefined) this.#kubernetes.refer(this.#referring());
    if (isInSync) this.#starting ??= this.#startKubernetes();
    if (refers && this.#absence !== undefined) this.#take('kubernetes', [this.#problemsOfAbsence()]);
    this.#take('etcd', events);
  }

  async #startKubernetes(): Promise<void> {
    try {
      await this.#kubernetes.start((events) => this.#take('kubernetes', events));
    } catch (error) {
      if (!(error instanceof DatastoreError)) throw error;
      this.#goWithout(error.message);
    }
  }

  /** A cluster without Kubernetes has neither Services nor Secrets; who refers to them all the same is told. */
  #goWithout(reason: string): void {
    this.#absence = reason;
    this.#take('kubernetes', [this.#problemsOfAbsence(), { type: 'synced', synced: true }]);
  }

  #problemsOfAbsence(): DatastoreEvent {
    const wanted = referredWatches(this.#options, this.#referring());
    const text = `Services and Secrets are in Kubernetes: ${this.#absence}`;
    const problem = { kind: 'BGPConfiguration', name: 'default', path: '', text, severity: 'warning' } as const;
    return { type: 'problems', problems: wanted.length > 0 ? [problem] : [] };
  }

  /** Whether it may change what is referred to. */
  #note(event: DatastoreEvent): boolean {
    if (event.type === 'set') {
      const { resource } = event;
      if (resource.kind === 'BGPConfiguration') this.#configurations.set(resource.metadata.name, resource);
      else if (resource.kind === 'BGPPeer') this.#peers.set(resource.metadata.name, resource);
      else return false;
      return true;
    }
    if (event.type !== 'removed') return false;
    if (event.kind === 'BGPConfiguration') return this.#configurations.delete(event.name);
    return event.kind === 'BGPPeer' && this.#peers.delete(event.name);
  }

  #referring(): Referring {
    return { configurations: [...this.#configurations.values()], peers: [...this.#peers.values()] };
  }

  #take(from: 'etcd' | 'kubernetes', events: readonly DatastoreEvent[]): void {
    const part = this.#parts[from];
    const batch = events.filter(({ type }) => type === 'set' || type === 'removed');
    for (const event of events) {
      if (event.type === 'problems') part.problems = event.problems;
      if (event.type === 'synced') part.sync = event;
    }
    const { etcd, kubernetes } = this.#parts;
    if (events.some(({ type }) => type === 'problems')) {
      batch.push({ type: 'problems', problems: [...etcd.problems, ...kubernetes.problems] });
    }
    if (events.some(({ type }) => type === 'synced')) {
      batch.push(etcd.sync.synced ? kubernetes.sync : etcd.sync);
    }
    if (batch.length > 0) this.#deliver?.(batch);
  }
}

function newPart(): Part {
  return { problems: [], sync: { type: 'synced', synced: false } };
}
