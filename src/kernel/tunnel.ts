// The tunnel device of nodes where nobody else makes it: there, an IPIP tunnel, up, with the right MTU and address. Says
// one change at a time that brings it nearer to that, and is asked again when the kernel has told of the effect. It never
// removes the device, and leaves one of another kind alone. Pure: time is an argument in milliseconds.

import type { Address } from 'node-bgp';
import { familyOf, prefixLength } from 'node-bgp/ip';
import type { InterfaceTable } from './interfaces.ts';
import type { TunnelWish } from './port.ts';
import type { Failure, KernelProblem } from './troubles.ts';

/** A change of `device`, which has this `index` unless it is to be created. */
export type TunnelChange =
  | { readonly type: 'create'; readonly device: string; readonly kind: string }
  | { readonly type: 'raise'; readonly device: string; readonly index: number; readonly mtu: number }
  | {
      readonly type: 'add' | 'remove';
      readonly device: string;
      readonly index: number;
      readonly address: Address;
      readonly length: number;
    };

const KIND = 'ipip';
/** Octets that encapsulation adds: an IPv4 header. */
const OVERHEAD = 20;
const USUAL_MTU = 1_500;
/** Milliseconds. */
const FIRST_PAUSE = 1_000;
const LAST_PAUSE = 60_000;
/** So many changes in a minute are ordinary; more mean that another agent wants the device otherwise. */
const ORDINARY_CHANGES = 20;
const MINUTE = 60_000;

/** Somebody was faster: it is there already (the module brings a tunl0 as it is loaded), or gone, device or address. */
const OVERTAKEN: readonly string[] = ['EEXIST', 'ENODEV', 'EADDRNOTAVAIL'];

export class Tunnel {
  readonly #interfaces: InterfaceTable;
  readonly #report: (problem: KernelProblem) => void;
  #wish: TunnelWish | undefined;
  #failures = 0;
  #complaint: string | undefined;
  #reported: string | undefined;
  #pauseUntil = 0;
  /** When the last changes were made. */
  #changes: number[] = [];

  constructor(interfaces: InterfaceTable, report: (problem: KernelProblem) => void) {
    this.#interfaces = interfaces;
    this.#report = report;
  }

  set(wish: TunnelWish | undefined): void {
    this.#wish = wish;
    this.#failures = 0;
    this.#complaint = undefined;
    this.#pauseUntil = 0;
  }

  /** Why the device is not as it should be, for people; undefined: it is, or it will be at once, or is not ours. */
  obstacle(device: string): string | undefined {
    return device === this.#wish?.device ? this.#complaint : undefined;
  }

  /** What is to be done now; give it to `apply` when the kernel has answered. */
  next(now: number): TunnelChange | undefined {
    if (this.#wish === undefined || now < this.#pauseUntil) return undefined;
    const change = this.#decide(this.#wish);
    if (typeof change !== 'object') {
      this.#complain(change);
      return undefined;
    }
    this.#changes = this.#changes.filter((at) => at > now - MINUTE);
    if (this.#changes.length < ORDINARY_CHANGES) return change;
    this.#pauseUntil = this.#changes[0]! + MINUTE;
    this.#complain(`another agent keeps changing ${change.device}; it is put right twenty times a minute at most`);
    return undefined;
  }

  apply(change: TunnelChange, failure: Failure | undefined, now: number): void {
    this.#changes.push(now);
    if (failure === undefined || OVERTAKEN.includes(failure.code)) {
      this.#failures = 0;
      this.#complaint = undefined;
      return;
    }
    this.#pauseUntil = now + Math.min(LAST_PAUSE, FIRST_PAUSE * 2 ** this.#failures++);
    this.#complain(`${WHAT_FAILED[change.type]} ${change.device}: ${failure.text} (${failure.code})${hint(change)}`);
  }

  /** When to ask again although nothing happened. */
  nextDeadline(): number | undefined {
    return this.#wish === undefined || this.#pauseUntil === 0 ? undefined : this.#pauseUntil;
  }

  /** The pause is over. */
  tick(now: number): void {
    if (now >= this.#pauseUntil) this.#pauseUntil = 0;
  }

  /** A change, or why there can be none, or nothing: all is well. */
  #decide(wish: TunnelWish): TunnelChange | string | undefined {
    const { device } = wish;
    const found = this.#interfaces.find(device);
    if (found === undefined) return { type: 'create', device, kind: KIND };
    const { raw, addresses } = found;
    if (raw.kind !== KIND) {
      return `${device} is no ${KIND} tunnel (${raw.kind ?? 'of no kind'}); it is left alone`;
    }
    const { index } = raw;
    const mtu = (this.#interfaces.ownerOf(wish.carrier)?.mtu ?? USUAL_MTU) - OVERHEAD;
    if (!raw.adminUp || raw.mtu !== mtu) return { type: 'raise', device, index, mtu };
    const { address: wanted } = wish;
    if (wanted === undefined) return undefined;
    const present = [...addresses].filter(({ address }) => familyOf(address) === 'ipv4');
    const isWanted = ({ address, prefix }: { address: Address; prefix: string }) =>
      address === wanted && prefixLength(prefix) === 32;
    // The new one first: packets of this host never go without.
    if (!present.some(isWanted)) return { type: 'add', device, index, address: wanted, length: 32 };
    const other = present.find((address) => !isWanted(address));
    return other && { type: 'remove', device, index, address: other.address, length: prefixLength(other.prefix) };
  }

  #complain(text: string | undefined): void {
    this.#complaint = text;
    if (text === undefined || text === this.#reported) return;
    this.#reported = text;
    this.#report({ type: 'tunnel', text });
  }
}

const WHAT_FAILED: Readonly<Record<TunnelChange['type'], string>> = {
  create: 'cannot create',
  raise: 'cannot set up',
  add: 'cannot give its address to',
  remove: 'cannot take an old address from',
};

function hint({ type }: TunnelChange): string {
  return type === 'create' ? '; it needs the kernel module ipip' : '';
}
