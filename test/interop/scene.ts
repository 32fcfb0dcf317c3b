// One speaker, Caracal as a stand-alone reflector, and two neighbours of both: started, watched and restarted.

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { type Attributes, type Family, type PeerConfig, parseRouterId } from 'node-bgp';
import type { PeerReport, StatusReport } from '../../src/status/types.ts';
import { environment, inNamespace } from '../../topologies/commands.ts';
import { httpGet } from '../../topologies/http-get.ts';
import { waitFor } from '../../topologies/wait-for.ts';
import type { FeederNews, FeederOrder, FeederSession } from './feeder.ts';
import { ADDRESS, FEEDER_AS, type Setup, type Speaker } from './programs/types.ts';
import { type Machine, Stage } from './stage.ts';

const HOME = join(import.meta.dirname, '../..');
const NAME = 'hub';
const SECRET = { name: 'bgp', key: 'peer' };

/** What Caracal is told besides the setup. */
export interface HubOptions {
  /** So many routes of the peer are too many. */
  readonly limit?: number;
}

export class Scene {
  readonly setup: Setup;
  readonly speaker: Speaker;
  readonly #stage: Stage;
  caracal!: Machine;
  peer!: Machine;
  readonly one: Feeder;
  readonly two: Feeder;

  constructor(speaker: Speaker, setup: Setup, name: string) {
    this.speaker = speaker;
    this.setup = setup;
    this.#stage = new Stage(name);
    this.one = new Feeder('one', setup);
    this.two = new Feeder('two', setup);
  }

  async open(): Promise<void> {
    await this.#stage.build();
    this.caracal = await this.#stage.add('hub', addressesOf('caracal'));
    this.peer = await this.#stage.add('peer', addressesOf('peer'));
    const feeders = await this.#stage.add('feed', [...addressesOf('one'), ...addressesOf('two')]);
    this.configure({});
    this.startCaracal();
    await this.startPeer();
    for (const feeder of [this.one, this.two]) feeder.start(feeders);
  }

  async close(): Promise<void> {
    for (const feeder of [this.one, this.two]) await feeder.stop();
    await this.#stage.remove();
  }

  // --- Caracal

  startCaracal(): void {
    const where = ['--resources', join(this.caracal.folder, 'resources'), '--http', `unix:${this.#socket}`];
    const words = ['run', '--node', NAME, '--datastore', 'files', ...where, '--kernel', 'none', '--log-level', 'info'];
    this.caracal.start([join(HOME, 'caracal'), ...words]);
  }

  /** Takes effect at once where Caracal runs. */
  configure(options: HubOptions): void {
    this.caracal.write('resources/hub.yaml', resources(this.setup, options));
  }

  async status(): Promise<StatusReport | undefined> {
    const text = await httpGet(this.#socket, '/status');
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** The session with the speaker, as Caracal tells it. */
  async session(): Promise<PeerReport | undefined> {
    const bgp = (await this.status())?.bgp;
    return [...(bgp?.peersV4 ?? []), ...(bgp?.peersV6 ?? [])].find(({ name }) => name === 'peer');
  }

  async isUp(): Promise<boolean> {
    return (await this.session())?.state === 'Established';
  }

  get #socket(): string {
    return join(this.caracal.folder, 'status.sock');
  }

  // --- the speaker

  async startPeer({ isRestart = false } = {}): Promise<void> {
    this.peer.start(...this.speaker.prepare(this.peer, this.setup, isRestart));
    await this.speaker.begin?.(this.peer, this.setup);
  }

  /** What was said on the way, for the message of a failure. */
  get log(): string {
    return `Caracal:\n${this.caracal.log}\n\n${this.speaker.name}:\n${this.peer.log}`;
  }
}

function addressesOf(party: keyof typeof ADDRESS): readonly string[] {
  return [`${ADDRESS[party].ipv4}/24`, `${ADDRESS[party].ipv6}/64`];
}

function resources(setup: Setup, { limit }: HubOptions): string {
  const { transport, families, addPath, caracalAs } = setup;
  const common = { families, addPath: addPath ?? false };
  const peer = {
    ...common,
    name: 'peer',
    address: ADDRESS.peer[transport],
    asNumber: setup.peerAs,
    ...(setup.password === undefined ? {} : { password: { secretKeyRef: SECRET } }),
    ...(setup.gtsm ? { ttlSecurity: 1 } : {}),
    ...(limit === undefined ? {} : { limits: { receive: { count: limit, action: 'disable' } } }),
  };
  const feeders = (['one', 'two'] as const).map((name) => ({
    ...common,
    name,
    address: ADDRESS[name][transport],
    asNumber: asOfFeeder(name, setup),
    passive: true,
  }));
  const hub = {
    apiVersion: 'caracal.io/v1',
    kind: 'RouteReflector',
    metadata: { name: NAME },
    spec: {
      ...{ routerId: ADDRESS.caracal.ipv4, asNumber: caracalAs },
      listenAddresses:
        families.includes('ipv6') || transport === 'ipv6' ? Object.values(ADDRESS.caracal) : [ADDRESS.caracal.ipv4],
      peers: [peer, ...feeders],
    },
  };
  const secret = {
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: SECRET.name, namespace: 'kube-system' } },
    stringData: { [SECRET.key]: setup.password ?? '' },
  };
  return [hub, secret].map((value) => `---\n${JSON.stringify(value)}\n`).join('');
}

/** Towards Caracal: clients of the reflector where the speaker is one. */
function asOfFeeder(name: 'one' | 'two', { peerAs, caracalAs }: Setup): number {
  return peerAs === caracalAs ? caracalAs : FEEDER_AS[name];
}

/** A neighbour of both, in a process in its namespace. */
export class Feeder {
  readonly name: 'one' | 'two';
  readonly #setup: Setup;
  #child: ChildProcess | undefined;
  readonly #tables = new Map<string, ReadonlyMap<string, Attributes>>();
  readonly #up = new Set<string>();
  readonly #onNews = new Set<() => void>();

  constructor(name: 'one' | 'two', setup: Setup) {
    this.name = name;
    this.#setup = setup;
  }

  start(machine: Machine): void {
    const argv = inNamespace(machine.namespace, [process.execPath, join(import.meta.dirname, 'feeder.ts')]);
    this.#child = spawn(argv[0]!, argv.slice(1), { env: environment(), stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#child.on('message', ({ peer, up, table }: FeederNews) => {
      if (up) this.#up.add(peer);
      else this.#up.delete(peer);
      this.#tables.set(peer, new Map(table));
      for (const listener of this.#onNews) listener();
    });
    this.send({ type: 'begin', address: ADDRESS[this.name][this.#setup.transport], sessions: this.#sessions() });
  }

  async stop(): Promise<void> {
    if (this.#child === undefined) return;
    const ended = new Promise((resolve) => this.#child!.once('exit', resolve));
    this.#child.kill();
    await ended;
  }

  send(order: FeederOrder): void {
    this.#child!.send(order);
  }

  isUp(party: 'caracal' | 'peer'): boolean {
    return this.#up.has(ADDRESS[party][this.#setup.transport]);
  }

  /** What Caracal, or the speaker, has told of a prefix. */
  paths(party: 'caracal' | 'peer', prefix: string): readonly Attributes[] {
    const table = this.#tables.get(ADDRESS[party][this.#setup.transport]) ?? new Map();
    return [...table].filter(([key]) => key.startsWith(`${prefix}#`)).map(([, attributes]) => attributes);
  }

  count(party: 'caracal' | 'peer'): number {
    return this.#tables.get(ADDRESS[party][this.#setup.transport])?.size ?? 0;
  }

  /** Is this true all the time, looked at after all news, until the promise is fulfilled? */
  async holds(condition: () => boolean, until: Promise<unknown>): Promise<boolean> {
    let isTrue = condition();
    const look = () => {
      isTrue &&= condition();
    };
    this.#onNews.add(look);
    await until;
    this.#onNews.delete(look);
    return isTrue;
  }

  #sessions(): readonly FeederSession[] {
    const { transport, peerAs, caracalAs, families, addPath } = this.#setup;
    const base: Omit<PeerConfig, 'localAs' | 'remoteAs'> = {
      ...{ bgpIdentifier: parseRouterId(ADDRESS[this.name].ipv4)!, families, passive: false, holdTime: 90 },
      ...{ connectRetryTime: 1, connectDelayTime: 0, idleHoldTime: 1, maxIdleHoldTime: 2 },
      addPath: { send: [], receive: addPath ? families : [] },
      ...{ routeRefresh: true, enhancedRouteRefresh: true, extendedMessage: true, fourOctetAs: true },
      extendedNextHop: false,
    };
    return [
      {
        peer: ADDRESS.caracal[transport],
        config: { ...base, localAs: asOfFeeder(this.name, this.#setup), remoteAs: caracalAs },
      },
      { peer: ADDRESS.peer[transport], config: { ...base, localAs: FEEDER_AS[this.name], remoteAs: peerAs } },
    ];
  }
}

/** Within a generous while. */
export function soon(condition: () => boolean | Promise<boolean>, limit = 30_000): Promise<boolean> {
  return waitFor(condition, limit);
}

export type { Family };
