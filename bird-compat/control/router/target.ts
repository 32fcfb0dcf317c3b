// A speaker and its kernel as a control socket sees and turns them. What is shown of sessions is in sessions.ts, of tables
// in networks.ts; here is what is asked for by name, and what is done.

import { type Address, contains, type Family, familyOf, type Prefix } from 'node-bgp';
import { NO_ROW } from '../../../src/rib/index.ts';
import { RECOVERY_TIME } from '../../../src/speaker/index.ts';
import type { SpeakerPeer } from '../../../src/speaker/peer.ts';
import type { ProtocolKind, StaticRoute } from '../../intent/index.ts';
import type {
  BfdSessionView,
  CommandConfiguration,
  ConfigureRequest,
  ConfigureResult,
  ControlStatus,
  ControlTarget,
  EnableResult,
  ExportView,
  InterfaceView,
  MemoryView,
  NetworkQuery,
  NetworkView,
  Pause,
  ProtocolEntry,
  ProtocolState,
  ProtocolView,
  ReloadDirection,
  ReloadResult,
  RouteView,
  StaticView,
} from '../types.ts';
import { shutdownMessage } from './errors.ts';
import { kernelExporter, sessionExporter } from './exports.ts';
import { interfaceView } from './interfaces.ts';
import { localChannel } from './local-channel.ts';
import { memoryOf } from './memory.ts';
import { networks } from './networks.ts';
import type { ProtocolDescription, RouterTargetParts } from './parts.ts';
import { PreferredRoutes } from './preferred.ts';
import type { Hop, RouteContext } from './routes.ts';
import { bgpView, sessionChannel } from './sessions.ts';
import { staticView } from './statics.ts';

const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

export class RouterTarget implements ControlTarget {
  readonly #parts: RouterTargetParts;
  readonly #preferred: PreferredRoutes;
  #described: readonly ProtocolDescription[] = [];
  #byName: ReadonlyMap<string, ProtocolDescription> = new Map();

  constructor(parts: RouterTargetParts) {
    this.#parts = parts;
    this.#preferred = new PreferredRoutes(parts.speaker, parts.now);
  }

  get version(): string {
    return this.#parts.version;
  }

  get configuration(): CommandConfiguration {
    return this.#parts.running();
  }

  status(): ControlStatus {
    const { speaker, hostname, startedAt, now, running, state } = this.#parts;
    const at = now();
    const limit = (speaker.options.recoveryTime ?? RECOVERY_TIME) / 1000;
    const left = Math.max(0, ((speaker.recoversUntil ?? at + limit * 1000) - at) / 1000);
    const waitingFor = [...speaker.sessions.all()].filter(isWaitedFor).length;
    return {
      routerId: speaker.intent?.bgpIdentifier ?? 0,
      hostname,
      now: at,
      startedAt,
      reconfiguredAt: running().reconfiguredAt,
      state: state(),
      ...(speaker.isRecovering ? { recovery: { waitingFor, left, limit } } : {}),
    };
  }

  // --- protocols

  protocols(): readonly ProtocolEntry[] {
    const { running, speaker } = this.#parts;
    const { protocols, dialect } = running();
    const ranges = speaker.intent?.peerRanges ?? [];
    if (ranges.length === 0) return protocols;
    const known = new Set(protocols.map(({ name }) => name));
    // Peers of a range come by themselves.
    const guests = [...speaker.sessions.all()].filter(({ intent: { name, address } }) => {
      const isOurs = dialect.bird === 2 || familyOf(address) === dialect.family;
      return isOurs && !known.has(name) && ranges.some(({ range }) => isWithin(range, address));
    });
    return [...protocols, ...guests.map(({ intent }) => ({ name: intent.name, kind: 'bgp' as const }))];
  }

  protocol(name: string): ProtocolView | undefined {
    const peer = this.#parts.speaker.sessions.get(name);
    const description = this.#describe(name) ?? (peer === undefined ? undefined : dynamicDescription(peer));
    if (description === undefined) return undefined;
    return description.kind === 'bgp' ? this.#session(description, peer) : this.#local(description);
  }

  #describe(name: string): ProtocolDescription | undefined {
    const { protocols } = this.#parts.running();
    if (protocols !== this.#described) {
      this.#described = protocols;
      this.#byName = new Map(protocols.map((each) => [each.name, each]));
    }
    return this.#byName.get(name);
  }

  #session(description: ProtocolDescription, peer: SpeakerPeer | undefined): ProtocolView {
    const { speaker, now, startedAt } = this.#parts;
    const { name, kind, channels } = description;
    const isOff = peer === undefined ? this.#parts.running().disabled.has(name) : peer.shutdown !== undefined;
    const message = peer?.shutdown?.text || (peer?.lastError && shutdownMessage(peer.lastError));
    const recovery: ('pending' | 'waiting')[] =
      peer !== undefined && isWaitedFor(peer) ? ['pending', ...(peer.session ? (['waiting'] as const) : [])] : [];
    return {
      name,
      kind,
      state: isOff ? 'down' : peer?.session === undefined ? 'start' : 'up',
      isDisabled: isOff,
      since: peer?.turnedAt ?? startedAt,
      description: description.description,
      ...(message ? { message } : {}),
      ...(description.routerId === undefined ? {} : { routerId: description.routerId }),
      ...(speaker.isRecovering ? { recovery } : {}),
      channels: channels.map((channel) =>
        sessionChannel(speaker, peer, channel, this.#tableName(channel), this.#preferred.count),
      ),
      bgp: bgpView(peer, description.bgp!, channels, now()),
    };
  }

  #local(description: ProtocolDescription): ProtocolView {
    const { speaker, running, startedAt } = this.#parts;
    const { name, kind, channels } = description;
    const isOff = running().disabled.has(name);
    // Routes of an earlier run are kept until sessions have come back: for that BIRD's kernel protocol waits.
    const isWaiting = kind === 'kernel' && speaker.isRecovering;
    const state: ProtocolState = isOff ? 'down' : isWaiting ? 'wait' : 'up';
    return {
      name,
      kind,
      state,
      isDisabled: isOff,
      since: startedAt,
      description: description.description,
      ...(description.routerId === undefined ? {} : { routerId: description.routerId }),
      ...(speaker.isRecovering && kind !== 'device' && kind !== 'bfd' ? { recovery: [] } : {}),
      channels: channels.map((channel) =>
        localChannel(speaker, description, channel, this.#tableName(channel), this.#preferred.count, state),
      ),
      ...(description.peerTable === undefined ? {} : { peerTable: description.peerTable }),
    };
  }

  #tableName({ family, table }: { readonly family: Family; readonly table?: string }): string {
    if (table !== undefined) return table;
    if (this.configuration.dialect.bird === 1) return 'master';
    return family === 'ipv4' ? 'master4' : 'master6';
  }

  // --- tables

  interfaces(): readonly InterfaceView[] {
    return this.#parts.kernel.interfaces().map(interfaceView);
  }

  *networks(query: NetworkQuery): Generator<NetworkView | Pause> {
    const context = this.#routeContext();
    for (const family of query.family === undefined ? FAMILIES : [query.family]) {
      yield* networks(this.#parts.speaker.families[family], query, context);
    }
  }

  exporter(name: string): ((network: NetworkView) => readonly ExportView[]) | undefined {
    const { speaker, running } = this.#parts;
    const description = this.#describe(name);
    if (description === undefined || description.kind === 'bgp') return sessionExporter(speaker, name);
    if (running().disabled.has(name)) return undefined;
    return description.kind === 'kernel' ? kernelExporter(speaker) : () => [];
  }

  #routeContext(): RouteContext {
    const { running, speaker, kernel } = this.#parts;
    const { protocols } = running();
    const { refused, conflicts } = kernel.status();
    const statics = new Map<Prefix, { readonly name: string; readonly route: StaticRoute }>();
    for (const { name, routes = [] } of protocols)
      for (const route of routes) statics.set(route.prefix, { name, route });
    const firstOf = new Map<string, string>();
    for (const { kind, name } of protocols) if (!firstOf.has(kind)) firstOf.set(kind, name);
    const keeping = new Set(
      protocols.filter(({ channels }) => channels.some(({ keepFiltered }) => keepFiltered)).map(({ name }) => name),
    );
    return {
      nameOf: (kind: RouteView['kind'], prefix) =>
        (kind === 'static' ? statics.get(prefix)?.name : undefined) ?? firstOf.get(kind),
      staticAt: (prefix) => statics.get(prefix)?.route,
      hops: new Map<Address, Hop>(),
      refused: new Set([...refused, ...conflicts].map(({ prefix }) => prefix)),
      keepsFiltered: ({ rib: { tables } }, row) => {
        const source = tables.sources[tables.paths.source[row]!];
        return source !== undefined && keeping.has(source.info.protocol);
      },
      isDirect: (protocol) => speaker.sessions.get(protocol)?.intent.direct === true,
    };
  }

  memory(): readonly MemoryView[] {
    return memoryOf(this.#parts.speaker);
  }

  statics(name: string): readonly StaticView[] {
    const { speaker } = this.#parts;
    return (this.#describe(name)?.routes ?? []).map((route) => {
      const { rib } = speaker.families[route.prefix.includes(':') ? 'ipv6' : 'ipv4'];
      rib.tables.prefixes.load(route.prefix);
      const id = rib.tables.prefixes.find();
      return staticView(route, id >= 0 && rib.tables.best[id] !== NO_ROW);
    });
  }

  bfdSessions(): readonly BfdSessionView[] {
    return this.#parts.bfdSessions();
  }

  // --- what is done

  enable(name: string): EnableResult {
    const { speaker, running, post, setEnabled } = this.#parts;
    if (speaker.sessions.get(name)?.shutdown !== undefined) {
      post({ type: 'administer', peer: name, order: { type: 'enable' } });
      return 'done';
    }
    if (!running().disabled.has(name)) return 'alreadyEnabled';
    setEnabled(name, true);
    return 'done';
  }

  disable(name: string, text?: string): EnableResult {
    const { speaker, running, post, setEnabled } = this.#parts;
    const peer = speaker.sessions.get(name);
    if (peer === undefined && running().disabled.has(name)) return 'alreadyDisabled';
    if (peer?.shutdown !== undefined) return 'alreadyDisabled';
    if (peer === undefined) setEnabled(name, false);
    else post({ type: 'administer', peer: name, order: { type: 'disable', ...(text === undefined ? {} : { text }) } });
    return 'done';
  }

  restart(name: string, text?: string): EnableResult {
    const { speaker, running, post, setEnabled } = this.#parts;
    const peer = speaker.sessions.get(name);
    if (peer?.shutdown !== undefined) return 'alreadyDisabled';
    if (peer === undefined && running().disabled.has(name)) return 'alreadyDisabled';
    if (peer !== undefined) {
      post({ type: 'administer', peer: name, order: { type: 'restart', ...(text === undefined ? {} : { text }) } });
    } else if (this.#describe(name)?.kind !== 'bgp') {
      setEnabled(name, false);
      setEnabled(name, true);
    }
    return 'done';
  }

  reload(name: string, direction: ReloadDirection): ReloadResult {
    const { speaker, running, post } = this.#parts;
    const peer = speaker.sessions.get(name);
    const isOff = peer === undefined ? running().disabled.has(name) : peer.shutdown !== undefined;
    if (isOff) return 'alreadyDisabled';
    const kind = this.#describe(name)?.kind ?? 'bgp';
    if (kind !== 'bgp') return RELOADING[this.configuration.dialect.bird].includes(kind) ? 'reloading' : 'failed';
    if (peer?.session === undefined) return 'silent';
    if (direction !== 'out') {
      // BIRD needs the peer's help, and refuses without it.
      if (direction === 'both' && !peer.session.negotiated.routeRefresh) return 'failed';
      post({ type: 'administer', peer: name, order: { type: 'refreshIn' } });
    }
    if (direction !== 'in') post({ type: 'administer', peer: name, order: { type: 'refreshOut' } });
    return 'reloading';
  }

  configure(request: ConfigureRequest): Promise<ConfigureResult> {
    return this.#parts.configure(request);
  }

  undo(): Promise<ConfigureResult> {
    return this.#parts.undo();
  }

  shutdown(how: 'down' | 'graceful'): void {
    this.#parts.shutdown(how);
  }

  debug(protocols: readonly string[], flags: readonly string[]): void {
    this.#parts.debug(protocols, flags);
  }
}

function isWithin(range: Prefix, address: Address): boolean {
  return familyOf(range) === familyOf(address) && contains(range, address);
}

/** Protocols that BIRD reloads; of these only sessions have something to do. */
const RELOADING: Readonly<Record<1 | 2, readonly ProtocolKind[]>> = {
  1: ['kernel', 'pipe'],
  2: ['kernel', 'pipe', 'device', 'static', 'bfd'],
};

function isWaitedFor({ hasConverged, shutdown }: SpeakerPeer): boolean {
  return !hasConverged && shutdown === undefined;
}

/** Of a peer that came by itself. */
function dynamicDescription({ intent }: SpeakerPeer): ProtocolDescription {
  return {
    kind: 'bgp',
    name: intent.name,
    description: intent.description,
    channels: intent.families.map((family) => ({
      family,
      preference: intent.preference ?? 100,
      importFilter: intent.importPolicy.name,
      exportFilter: intent.exportPolicy.name,
      limits: intent.limits ?? {},
      keepFiltered: false,
    })),
    bgp: {
      address: intent.address,
      remoteAs: intent.remoteAs,
      localAs: intent.localAs,
      isPassive: intent.passive,
      isMultihop: intent.direct !== true,
    },
  };
}
