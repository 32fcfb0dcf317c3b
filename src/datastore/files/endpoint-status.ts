// Felix's verdicts on local workloads: a folder with a JSON file for each endpoint, of which those with a bgpPeerName are
// BGP peers. The folder may be missing; then there are none.

import { isDeepStrictEqual } from 'node:util';
import { parseCidr } from 'node-bgp/ip';
import { diffResources, keyOfResource, type ResourceMap } from '../diff.ts';
import { DatastoreError } from '../errors.ts';
import { jsonObject } from '../resources/metadata.ts';
import { defined, Field, type Read, Report } from '../resources/reader.ts';
import type { WorkloadPeer } from '../resources/types.ts';
import { list, text } from '../resources/values.ts';
import type { Datastore, DatastoreEvent, ResourceProblem } from '../types.ts';
import { type Clock, systemClock, type WatchFolder, watchFolder } from './clock.ts';
import { type FileReading, FolderReader, type FolderReading } from './folder.ts';
import { Pacer } from './pacer.ts';

export interface EndpointStatusOptions {
  /** Usually `/var/run/calico/endpoint-status`. */
  readonly path: string;
  readonly settle?: number;
  readonly recheck?: number;
  readonly clock?: Clock;
  readonly watch?: WatchFolder;
}

export function endpointStatus(options: EndpointStatusOptions): Datastore {
  return new EndpointStatus(options);
}

interface Endpoint {
  readonly text: string | undefined;
  /** Absent: the workload is no peer. */
  readonly peer: WorkloadPeer | undefined;
  readonly problems: readonly ResourceProblem[];
}

/** What a file says. A text that cannot be used leaves the last verdict in force. */
export function readEndpoint(name: string, { path, text, error }: FileReading, previous?: Endpoint): Endpoint {
  if (error !== undefined) {
    const problem = { kind: 'File', name: path, path: '', text: error.message, place: path };
    return { text: previous?.text, peer: previous?.peer, problems: [problem] };
  }
  if (previous !== undefined && previous.text === text) return previous;
  const report = new Report('WorkloadPeer', name, () => path);
  const file = new Field(text, [], report);
  const endpoint = file.inside(file.present ? jsonObject(file) : undefined);
  const bgpPeerName = endpoint.read('bgpPeerName', textOrNone);
  const ipv4 = endpoint.read('ipv4Nets', list(network))?.[0];
  const ipv6 = endpoint.read('ipv6Nets', list(network))?.[0];
  if (report.refused) return { text, peer: previous?.peer, problems: report.problems };
  const metadata = { name, labels: {}, annotations: {} };
  const peer = defined({ kind: 'WorkloadPeer', metadata, bgpPeerName: bgpPeerName ?? '', ipv4, ipv6 });
  return { text, peer: bgpPeerName === undefined ? undefined : peer, problems: [] };
}

const textOrNone: Read<string> = (field) => (field.value === '' ? undefined : text(field));

/** The address of `address/length`. */
const network: Read<string> = (field) => {
  const value = text(field);
  const cidr = value === undefined ? undefined : parseCidr(value);
  return cidr?.address ?? field.refuse('must be an address with a length');
};

class EndpointStatus implements Datastore {
  readonly #reader: FolderReader;
  readonly #pacer: Pacer;
  #deliver: ((events: readonly DatastoreEvent[]) => void) | undefined;
  #endpoints: ReadonlyMap<string, Endpoint> = new Map();
  #peers: ResourceMap = new Map();
  #problems: readonly ResourceProblem[] = [];
  #synced = false;

  constructor({ path, settle = 50, recheck = 2_000, clock = systemClock, watch = watchFolder }: EndpointStatusOptions) {
    this.#reader = new FolderReader({
      path,
      accepts: (name) => !name.startsWith('.'),
      looksUnfinished: (_name, text) => text === '',
      clock,
    });
    this.#pacer = new Pacer({ path, settle, recheck, clock, watch, look: () => this.#look() });
  }

  async start(deliver: (events: readonly DatastoreEvent[]) => void): Promise<void> {
    this.#deliver = deliver;
    await this.#pacer.start();
  }

  async stop(): Promise<void> {
    this.#deliver = undefined;
    await this.#pacer.stop();
  }

  async #look(): Promise<number | undefined> {
    const { reading, problem } = await this.#read();
    if (reading !== undefined) {
      const previous = this.#endpoints;
      this.#endpoints = new Map(
        [...reading.files].map(([name, file]) => [name, readEndpoint(name, file, previous.get(name))]),
      );
    }
    const peers = [...this.#endpoints.values()].flatMap(({ peer }) => (peer === undefined ? [] : [peer]));
    const problems = [...this.#endpoints.values()].flatMap((endpoint) => endpoint.problems);
    this.#report(
      new Map(peers.map((peer) => [keyOfResource(peer), peer])),
      problem === undefined ? problems : [problem, ...problems],
    );
    return reading?.againAfter;
  }

  /** A folder that does not exist has no files. One that cannot be read leaves all as it is. */
  async #read(): Promise<{ reading?: FolderReading; problem?: ResourceProblem }> {
    try {
      return { reading: await this.#reader.read() };
    } catch (error) {
      if (!(error instanceof DatastoreError)) throw error;
      if (error.code === 'ENOENT') return { reading: { files: new Map() } };
      return { problem: { kind: 'File', name: 'endpoint-status', path: '', text: error.message } };
    }
  }

  #report(peers: ResourceMap, problems: readonly ResourceProblem[]): void {
    const events = diffResources(this.#peers, peers);
    if (!isDeepStrictEqual(problems, this.#problems)) events.push({ type: 'problems', problems });
    if (!this.#synced) events.push({ type: 'synced', synced: true });
    this.#peers = peers;
    this.#problems = problems;
    this.#synced = true;
    if (events.length > 0) this.#deliver?.(events);
  }
}
