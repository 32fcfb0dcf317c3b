// UDP sockets of BFD: one to hear on for each own address, interface and kind of way, and one to send from for each
// session, with a source port of its own that never changes (RFC 5881 4). What cannot be opened is tried again.

import type dgram from 'node:dgram';
import { type Address, familyOf, isLinkLocal, parseAddress } from 'node-bgp';
import { openUdpSocket } from '../linux/udp-socket.ts';
import { BFD_PORT } from './packet.ts';
import type { Arrival } from './sessions.ts';
import type { BfdWish } from './types.ts';

/** RFC 5881 4. */
const SOURCE_PORTS = { first: 49152, count: 16384 } as const;
const PORTS_TRIED = 20;
/** Milliseconds between attempts to open what could not be opened. */
const RETRY = 1000;

export interface BfdSocketsOutlet {
  receive(bytes: Uint8Array, arrival: Arrival): void;
  /** The session can neither send nor hear yet; told once for each reason. */
  trouble(key: string, text: string): void;
  /** The trouble is over. */
  working(key: string): void;
}

interface Way {
  readonly key: string;
  readonly wish: BfdWish;
  sender: dgram.Socket | undefined;
  told: string;
}

export class BfdSockets {
  readonly #outlet: BfdSocketsOutlet;
  readonly #ways = new Map<string, Way>();
  readonly #listeners = new Map<string, dgram.Socket>();
  #retry: NodeJS.Timeout | undefined;
  #opening: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(outlet: BfdSocketsOutlet) {
    this.#outlet = outlet;
  }

  /** Opens what these sessions need and is not open yet. */
  add(wishes: ReadonlyMap<string, BfdWish>): Promise<void> {
    for (const [key, wish] of wishes) {
      if (!this.#ways.has(key)) this.#ways.set(key, { key, wish, sender: undefined, told: '' });
    }
    return this.#openAll();
  }

  send(key: string, bytes: Uint8Array): void {
    const way = this.#ways.get(key);
    if (way?.sender === undefined) return;
    const { remote, interface: device, settings } = way.wish;
    const to = device !== undefined && isLinkLocal(remote) ? `${remote}%${device}` : remote;
    // A packet that cannot leave is a packet lost: what that means is for the detection time to say.
    way.sender.send(bytes, portOf(settings.multihop), to, () => undefined);
  }

  remove(key: string): void {
    this.#ways.get(key)?.sender?.close();
    this.#ways.delete(key);
    this.#closeUnneeded();
  }

  #closeUnneeded(): void {
    const needed = new Set(Array.from(this.#ways.values(), ({ wish }) => listenerKey(wish)));
    for (const [name, listener] of this.#listeners) {
      if (needed.has(name)) continue;
      this.#listeners.delete(name);
      listener.close();
    }
  }

  /** Resolves when what was sent is out. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#opening;
    const senders = Array.from(this.#ways.values()).flatMap(({ sender }) => sender ?? []);
    const all = [...senders, ...this.#listeners.values()];
    this.#ways.clear();
    this.#listeners.clear();
    await Promise.all(all.map((socket) => new Promise<void>((resolve) => socket.close(resolve))));
  }

  /** One round after the other, so that nothing is opened twice. */
  #openAll(): Promise<void> {
    clearTimeout(this.#retry);
    this.#opening = this.#opening.then(async () => {
      let isComplete = true;
      for (const way of this.#ways.values()) if (!(await this.#open(way))) isComplete = false;
      this.#closeUnneeded();
      if (!isComplete && !this.#closed) this.#retry = setTimeout(() => this.#openAll(), RETRY);
    });
    return this.#opening;
  }

  async #open(way: Way): Promise<boolean> {
    try {
      await this.#listen(way.wish);
      if (way.sender === undefined) {
        const sender = await openSender(way.wish);
        // Meanwhile nobody may want it any more.
        if (this.#ways.get(way.key) === way) way.sender = sender;
        else sender.close();
      }
      if (way.told !== '') this.#outlet.working(way.key);
      way.told = '';
      return true;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      const text = troubleText(way.wish, error.code as string, error.message);
      if (text !== way.told) this.#outlet.trouble(way.key, text);
      way.told = text;
      return false;
    }
  }

  async #listen(wish: BfdWish): Promise<void> {
    const name = listenerKey(wish);
    if (this.#listeners.has(name)) return;
    const { local, interface: device, settings } = wish;
    const { multihop } = settings;
    const listener = await openUdpSocket({
      address: local ?? anyAddress(wish),
      port: portOf(multihop),
      shared: true,
      neverForwarded: !multihop,
      ...(device === undefined ? {} : { interface: device }),
    });
    this.#listeners.set(name, listener);
    const bound = { ...(local === undefined ? {} : { local }), ...(device === undefined ? {} : { interface: device }) };
    listener.on('error', () => {
      this.#listeners.delete(name);
      listener.close();
      this.#openAll();
    });
    listener.on('message', (bytes, { address }) => {
      const from = parseAddress(address.replace(/%.*$/, ''));
      if (from !== undefined) this.#outlet.receive(bytes, { from, multihop, ...bound });
    });
  }
}

async function openSender(wish: BfdWish): Promise<dgram.Socket> {
  const { local, interface: device } = wish;
  const first = Math.floor(Math.random() * SOURCE_PORTS.count);
  for (let tried = 0; ; tried++) {
    const port = SOURCE_PORTS.first + ((first + tried) % SOURCE_PORTS.count);
    try {
      const address = local ?? anyAddress(wish);
      return await openUdpSocket({ address, port, ...(device === undefined ? {} : { interface: device }) });
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!isTaken || tried === PORTS_TRIED) throw error;
    }
  }
}

function anyAddress({ remote }: BfdWish): Address {
  return familyOf(remote) === 'ipv4' ? '0.0.0.0' : '::';
}

function portOf(multihop: boolean): number {
  return multihop ? BFD_PORT.multihop : BFD_PORT.single;
}

function listenerKey(wish: BfdWish): string {
  return [wish.local ?? anyAddress(wish), wish.interface ?? '*', portOf(wish.settings.multihop)].join(' ');
}

function troubleText(wish: BfdWish, code: string, message: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `another process has UDP port ${portOf(wish.settings.multihop)}: only one daemon of a machine can do BFD`;
    case 'EADDRNOTAVAIL':
      return `${wish.local} is not an address of this machine`;
    case 'ENODEV':
      return `there is no interface ${wish.interface}`;
    default:
      return message;
  }
}
