// For tests of the router: a BGP speaker of somebody else's in the simulated network. It announces what the test says,
// keeps the table that it is told, and can misbehave.

import {
  type Address,
  type Attributes,
  addressBytes,
  type ConnectionId,
  decodeAttributeSet,
  encodeAttributes,
  encodeEndOfRib,
  encodeNotification,
  encodeRouteRefresh,
  familyOf,
  type Negotiated,
  type NlriBlock,
  type NotificationMessage,
  Peer,
  type PeerConfig,
  type PeerInput,
  type PeerOutput,
  type Prefix,
  peerConfig,
  prefixFromBytes,
  prefixWords,
  REFRESH_SUBTYPE,
  type RouteRefreshMessage,
  UpdatePacker,
} from 'node-bgp';
import type { Process, SimulatedNode, Wiring } from 'node-bgp/simulator';
import type { Lab } from './simulation.fixture.ts';

export interface ExternalPeerOptions extends Partial<PeerConfig> {
  /** The router that it has a session with. */
  readonly towards: Address;
}

export class ExternalPeer implements Process<PeerInput, PeerOutput> {
  readonly address: Address;
  readonly node: SimulatedNode<PeerInput, PeerOutput>;
  readonly peer: Peer;
  /** `prefix`, or `prefix#pathId` -> attributes, as told. */
  readonly table = new Map<string, Attributes>();
  readonly refreshes: RouteRefreshMessage[] = [];
  readonly notifications: NotificationMessage[] = [];
  /** In the order of arrival: prefixes, `-prefix` where withdrawn, `End-of-RIB`, `begin` and `end` of a refresh. */
  readonly heard: string[] = [];
  updates = 0;
  established = 0;
  /** False: its timers stand still. */
  ticks = true;
  #session: { readonly connection: ConnectionId; readonly negotiated: Negotiated } | undefined;

  constructor(lab: Lab, address: Address, { towards, ...config }: ExternalPeerOptions) {
    this.address = address;
    const { simulation } = lab;
    const given = {
      localAs: 65001,
      remoteAs: 64512,
      bgpIdentifier: 0x0a0000ff,
      families: [familyOf(address)],
      ...config,
    };
    this.peer = new Peer(peerConfig(given), {
      nextConnection: simulation.nextConnection,
      random: simulation.random,
      attributeSource: decodeAttributeSet,
    });
    const wiring = this.#wiring(towards);
    this.node = simulation.addNode({ name: `external ${address}`, addresses: [address], process: this, wiring });
    this.node.input({ type: 'start' });
  }

  handle(input: PeerInput, now: number): readonly PeerOutput[] {
    return this.peer.handle(input, now);
  }

  nextDeadline(): number | undefined {
    return this.ticks ? this.peer.nextDeadline() : undefined;
  }

  get isUp(): boolean {
    return this.#session !== undefined;
  }

  get negotiated(): Negotiated {
    return this.#up().negotiated;
  }

  prefixes(): string[] {
    return [...this.table.keys()].sort();
  }

  // --- what it says

  announce(prefixes: readonly Prefix[], attributes: Partial<Attributes> = {}): void {
    const { peerType, fourOctetAs } = this.negotiated;
    const path = peerType === 'ebgp' ? [{ type: 'sequence', asns: [this.peer.config.localAs] } as const] : [];
    const full: Attributes = { origin: 0, asPath: path, nextHop: this.address, ...attributes };
    const family = familyOf(prefixes[0]!);
    const mp = full.nextHop!.includes(':');
    const packer = new UpdatePacker(this.negotiated.maxMessageLength);
    const nextHop = mp ? addressBytes(full.nextHop!) : undefined;
    packer.reach(family, encodeAttributes(full, { peerType, fourOctetAs }, mp), nextHop);
    this.#sendPrefixes(packer, prefixes);
  }

  withdraw(prefixes: readonly Prefix[]): void {
    const packer = new UpdatePacker(4096);
    packer.withdraw(familyOf(prefixes[0]!));
    this.#sendPrefixes(packer, prefixes);
  }

  /** Its table is told. */
  endOfRib(): void {
    this.send(encodeEndOfRib(familyOf(this.address)));
  }

  requestRefresh(): void {
    const [afi, safi] = familyOf(this.address) === 'ipv4' ? [1, 1] : [2, 1];
    this.send(encodeRouteRefresh({ type: 'routeRefresh', afi, safi, subtype: REFRESH_SUBTYPE.REQUEST }));
  }

  /** A NOTIFICATION, and the connection stays open until the other end closes it. */
  notify(code: number, subcode: number): void {
    this.send(encodeNotification({ code, subcode, data: new Uint8Array() }));
  }

  stop(subcode: number, text = ''): void {
    this.node.input({ type: 'stop', subcode, text });
  }

  send(bytes: Uint8Array): void {
    this.node.network.send(this.#up().connection, bytes);
  }

  #up() {
    if (this.#session === undefined) throw new Error(`${this.address} has no session`);
    return this.#session;
  }

  #sendPrefixes(packer: UpdatePacker, prefixes: readonly Prefix[]): void {
    const family = familyOf(prefixes[0]!);
    const pathId = this.negotiated.addPath.send.includes(family) ? 1 : -1;
    for (const prefix of prefixes) {
      const { word0, word1, word2, word3, length } = prefixWords(prefix);
      packer.prefix(word0, word1, word2, word3, length, pathId);
    }
    this.send(packer.take());
  }

  // --- what it hears

  #wiring(towards: Address): Wiring<PeerInput, PeerOutput> {
    return {
      tick: () => ({ type: 'tick' }),
      connected: (connection) => ({ type: 'connected', connection }),
      accepted: (connection) => ({ type: 'accepted', connection }),
      disconnected: (connection, reason) => ({ type: 'disconnected', connection, reason }),
      bytes: (connection, chunk) => ({ type: 'bytes', connection, chunk }),
      progress: (connection, _taken, waiting) => ({ type: 'sendProgress', connection, waiting }),
      perform: (output, network) => {
        if (output.type === 'connect') network.dial(output.connection, towards);
        if (output.type === 'send') network.send(output.connection, output.bytes);
        if (output.type === 'close') network.close(output.connection);
        this.#hear(output);
      },
    };
  }

  #hear(output: PeerOutput): void {
    switch (output.type) {
      case 'established':
        this.#session = output;
        this.established++;
        this.table.clear();
        return;
      case 'down':
        if (output.wasEstablished) this.#session = undefined;
        if (output.reason.type === 'notificationReceived') this.notifications.push(output.reason.message);
        return;
      case 'routeRefresh':
        this.refreshes.push(output.message);
        this.heard.push(['request', 'begin', 'end'][output.message.subtype] ?? 'refresh?');
        return;
      case 'update': {
        const { withdrawn, reached, set, endOfRib } = output.message;
        this.updates++;
        if (endOfRib !== undefined) this.heard.push('End-of-RIB');
        for (const key of withdrawn.flatMap(keysOf)) {
          this.table.delete(key);
          this.heard.push(`-${key}`);
        }
        for (const key of reached.flatMap(keysOf)) {
          this.table.set(key, set!.attributes);
          this.heard.push(key);
        }
      }
    }
  }
}

function keysOf({ family, bytes, start, end, addPath }: NlriBlock): string[] {
  const keys: string[] = [];
  for (let at = start; at < end; ) {
    const pathId = addPath ? new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0) : 0;
    if (addPath) at += 4;
    const length = bytes[at]!;
    const octets = (length + 7) >> 3;
    const prefix = prefixFromBytes(family, bytes.subarray(at + 1, at + 1 + octets), length);
    keys.push(addPath ? `${prefix}#${pathId}` : prefix);
    at += 1 + octets;
  }
  return keys;
}
