// The port between the daemon and whatever programs routes: Linux through rtnetlink (kernel.ts), or nothing at all (none.ts).

import type { Address, Prefix } from 'node-bgp';
import type { InterfaceAddress, KernelEvent, KernelRoute, KernelWish } from '../fib/types.ts';

/** A route that is not as wanted, and why. */
export interface KernelComplaint {
  readonly prefix: Prefix;
  readonly text: string;
}

/** Counts are of prefixes. */
export interface KernelStatus {
  readonly wanted: number;
  /** Those of `wanted` whose route is in the kernel exactly as wished. */
  readonly installed: number;
  /** Refused by the kernel, in its words; tried again when something relevant changes, and from time to time. */
  readonly refused: readonly KernelComplaint[];
  /** Somebody else's route stands where ours should be, and is left alone; the text names its protocol. */
  readonly conflicts: readonly KernelComplaint[];
  /** A device does not exist yet, or is down; the text names it. */
  readonly waiting: readonly KernelComplaint[];
  /** Somebody keeps deleting or replacing our route. */
  readonly fights: readonly KernelComplaint[];
}

/** What was written since the start. */
export interface KernelOperations {
  readonly add: number;
  readonly replace: number;
  readonly delete: number;
  /** Answers with an error. */
  readonly refused: number;
}

export type LinkTrait = 'broadcast' | 'multicast' | 'loopback' | 'pointToPoint';

/** A link with its addresses, as the kernel has it. */
export interface KernelInterface {
  readonly device: string;
  readonly index: number;
  /** The bridge or bond that it is a port of. */
  readonly master?: string;
  /** Set up by an administrator, and with carrier. */
  readonly adminUp: boolean;
  readonly carrier: boolean;
  readonly traits: readonly LinkTrait[];
  readonly mtu: number;
  readonly addresses: readonly InterfaceAddress[];
}

/** The tunnel device that routes lead through, for nodes where nobody else makes it. */
export interface TunnelWish {
  readonly device: string;
  /** Its only IPv4 address; absent: addresses are left as they are. */
  readonly address?: Address;
  /** Own address that encapsulated packets leave from: its interface has the MTU that theirs follows from. */
  readonly carrier: Address;
}

export interface Kernel {
  /**
   * Reads what is there and follows it. Resolves when all is read; `deliver` is called from the next turn on, first with a
   * `snapshot`, then with changes. After an overrun another snapshot follows. Rejects with LinuxError in one sentence.
   */
  start(deliver: (events: readonly KernelEvent[]) => void): Promise<void>;
  /** Makes the wishes true and keeps them true. A wish stands until the next one for its prefix. */
  program(wishes: readonly KernelWish[]): void;
  /** Makes an IPIP tunnel device and keeps it as wished; undefined: leaves it alone from now on. Never removes one. */
  manageTunnel(tunnel: TunnelWish | undefined): void;
  /** Deletes own routes that nobody wished for since the start. */
  sweep(): void;
  /** Reads all routes again and repairs what differs; resolves when they are read. */
  audit(): Promise<void>;
  /** Own routes that the kernel holds. */
  routes(): readonly KernelRoute[];
  status(): KernelStatus;
  operations(): KernelOperations;
  /** In the order of their indexes. */
  interfaces(): readonly KernelInterface[];
  /** Leaves the routes. Idempotent. */
  stop(): Promise<void>;
}
