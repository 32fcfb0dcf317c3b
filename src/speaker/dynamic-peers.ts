// Peers that are not configured one by one: whoever connects from a range becomes one, by the range's options, for as long
// as there is a session or somebody tries to begin one. Their number is bounded, and who only keeps a place makes room.

import { type Address, contains, type Endpoints, isLinkLocal, prefixLength } from 'node-bgp';
import type { Intent, PeerIntent, PeerRange } from '../intent/types.ts';
import type { SpeakerPeer } from './peer.ts';

interface Guest {
  /** Of its range. */
  readonly range: string;
  readonly address: Address;
  readonly interface: string | undefined;
  /** Milliseconds: when it connected first. */
  readonly since: number;
}

export type Admission =
  /** `instead`: the name of one that has to go. */
  | { readonly type: 'admitted'; readonly peer: PeerIntent; readonly instead?: string }
  | { readonly type: 'refused'; readonly text: string };

/** Of a range that gives no limit. */
const MOST_PEERS = 1000;
/** Milliseconds after which one that has no session makes room for another. */
const PATIENCE = 10_000;
const BGP_PORT = 179;

export class DynamicPeers {
  /** By name, the oldest first. */
  readonly #guests = new Map<string, Guest>();

  /** The intent with those that are here now; one that is not welcome any more is not in it. */
  withGuests(intent: Intent): Intent {
    const ranges = new Map(intent.peerRanges?.map((range) => [range.name, range]));
    const taken = new Set(Array.from(intent.peers.values(), placeOf));
    const peers = new Map(intent.peers);
    for (const [name, guest] of this.#guests) {
      const range = ranges.get(guest.range);
      const isWelcome = range !== undefined && contains(range.range, guest.address);
      if (isWelcome && !taken.has(placeOf(guest)) && !peers.has(name)) peers.set(name, intentOf(name, guest, range));
    }
    return { ...intent, peers };
  }

  /** Somebody connects whom no peer is configured for. */
  admit(
    intent: Intent | undefined,
    { remote, interface: device }: Endpoints,
    peerOf: (name: string) => SpeakerPeer | undefined,
    now: number,
  ): Admission {
    const range = rangeOf(intent?.peerRanges ?? [], remote);
    if (range === undefined) {
      return { type: 'refused', text: `no peer with address ${remote} is configured on this node` };
    }
    const guests = [...this.#guests].filter(([, guest]) => guest.range === range.name);
    const limit = range.limit ?? MOST_PEERS;
    const idle =
      guests.length < limit ? undefined : guests.find(([name, { since }]) => isIdle(peerOf(name), since, now));
    if (guests.length >= limit && idle === undefined) {
      return { type: 'refused', text: `${limit} peers from the range ${range.name} are here already, its limit` };
    }
    if (idle !== undefined) this.#guests.delete(idle[0]);
    const name = this.#freeName(range, (candidate) => peerOf(candidate) !== undefined);
    const guest = {
      range: range.name,
      address: remote,
      interface: isLinkLocal(remote) ? device : undefined,
      since: now,
    };
    this.#guests.set(name, guest);
    const peer = intentOf(name, guest, range);
    return { type: 'admitted', peer, ...(idle === undefined ? {} : { instead: idle[0] }) };
  }

  names(): readonly string[] {
    return [...this.#guests.keys()];
  }

  has(name: string): boolean {
    return this.#guests.has(name);
  }

  /** It is no peer any more. */
  forget(name: string): void {
    this.#guests.delete(name);
  }

  #freeName({ namePrefix, digits }: PeerRange, isTaken: (name: string) => boolean): string {
    for (let number = 1; ; number++) {
      const name = `${namePrefix}${String(number).padStart(digits, '0')}`;
      if (!this.#guests.has(name) && !isTaken(name)) return name;
    }
  }
}

/** Of several the longest prefix. */
function rangeOf(ranges: readonly PeerRange[], address: Address): PeerRange | undefined {
  const around = ranges.filter(({ range }) => contains(range, address));
  return around.reduce<PeerRange | undefined>(
    (best, range) => (best === undefined || prefixLength(range.range) > prefixLength(best.range) ? range : best),
    undefined,
  );
}

/** Keeps no routes, has no session, and has had time to begin one. */
function isIdle(peer: SpeakerPeer | undefined, since: number, now: number): boolean {
  if (peer === undefined) return true;
  return peer.session === undefined && peer.families.size === 0 && !peer.isClosed && now - since >= PATIENCE;
}

function intentOf(name: string, guest: Guest, range: PeerRange): PeerIntent {
  const { address, interface: device } = guest;
  return { ...range.peer, name, address, port: BGP_PORT, ...(device === undefined ? {} : { interface: device }) };
}

function placeOf({
  address,
  interface: device,
}: {
  readonly address: Address;
  readonly interface?: string | undefined;
}) {
  return isLinkLocal(address) ? `${address}%${device ?? ''}` : address;
}
