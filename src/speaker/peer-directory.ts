// The peers of the router by name, and by the address at which they are: a link-local one together with its interface.

import { type Address, type Endpoints, isLinkLocal } from 'node-bgp';
import type { SpeakerPeer } from './peer.ts';

export class PeerDirectory {
  readonly #byName = new Map<string, SpeakerPeer>();
  readonly #byPlace = new Map<string, SpeakerPeer[]>();

  values(): Iterable<SpeakerPeer> {
    return this.#byName.values();
  }

  get(name: string): SpeakerPeer | undefined {
    return this.#byName.get(name);
  }

  /** Who an incoming connection belongs to: of several peers with one address the first by name that has no session; none that is switched off. */
  at({ remote, interface: device }: Pick<Endpoints, 'remote' | 'interface'>): SpeakerPeer | undefined {
    const sharing = this.#byPlace.get(placeOf(remote, device))?.filter(({ shutdown }) => shutdown === undefined);
    return sharing?.find(({ session }) => session === undefined) ?? sharing?.[0];
  }

  /** A peer is there, be it switched off. */
  isTaken({ remote, interface: device }: Pick<Endpoints, 'remote' | 'interface'>): boolean {
    return this.#byPlace.has(placeOf(remote, device));
  }

  add(peer: SpeakerPeer): void {
    const { name, address, interface: device } = peer.intent;
    this.#byName.set(name, peer);
    const place = placeOf(address, device);
    const sharing = [...(this.#byPlace.get(place) ?? []), peer];
    this.#byPlace.set(
      place,
      sharing.sort((a, b) => (a.intent.name < b.intent.name ? -1 : 1)),
    );
  }

  remove(peer: SpeakerPeer): void {
    const { name, address, interface: device } = peer.intent;
    this.#byName.delete(name);
    const place = placeOf(address, device);
    const rest = this.#byPlace.get(place)!.filter((other) => other !== peer);
    if (rest.length > 0) this.#byPlace.set(place, rest);
    else this.#byPlace.delete(place);
  }
}

function placeOf(address: Address, device: string | undefined): string {
  return device !== undefined && isLinkLocal(address) ? `${address}%${device}` : address;
}
