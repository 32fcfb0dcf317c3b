// The door for those who turn the running daemon by hand through a socket of their own, as BIRD's clients do: what they see
// and may do. The sockets are given from outside, because this room may not look into theirs. And what the Intent is
// while a protocol of the node's own is switched off.

import type { Family } from 'node-bgp';
import type { Intent } from '../intent/index.ts';
import type { Kernel } from '../kernel/port.ts';
import { policy } from '../policy/index.ts';
import type { Fact } from '../speaker/index.ts';
import type { RunningRouter } from './running-router.ts';

export type ControlSockets = Readonly<Partial<Record<Family, string>>>;

export interface Controlled {
  readonly router: RunningRouter;
  readonly kernel: Kernel;
  readonly isStopping: boolean;
  /** What the node does besides sessions, as BIRD has protocols for it. */
  setEnabled(protocol: OwnProtocol, isEnabled: boolean): void;
  /** The daemon ends; `final`: peers forget our routes at once. */
  end(final: boolean): void;
}

export interface Controls {
  serve(controlled: Controlled): void;
  tell(fact: Fact): void;
  stop(): Promise<void>;
}

export interface ControlOptions {
  readonly sockets: ControlSockets;
  readonly owner?: { readonly user: number; readonly group: number };
  readonly version: string;
  readonly onError: (error: unknown) => void;
}

/** Makes the sockets. Rejects with ListenError. */
export type OpenControls = (options: ControlOptions) => Promise<Controls>;

export interface OwnProtocol {
  readonly family: Family;
  readonly kind: 'static' | 'kernel' | 'direct';
}

const REJECT = policy('REJECT', 'reject', []);

/** The Intent without what is switched off. */
export function switchedOff(intent: Intent, off: readonly OwnProtocol[]): Intent {
  return off.reduce(without, intent);
}

function without(intent: Intent, { family, kind }: OwnProtocol): Intent {
  if (kind === 'static') {
    const isOther = ({ prefix }: { readonly prefix: string }) => prefix.includes(':') !== (family === 'ipv6');
    return { ...intent, localRoutes: intent.localRoutes.filter(isOther) };
  }
  const before = intent.kernel[family];
  const after =
    kind === 'direct' ? { ...before, directInterfaces: [] } : { ...before, policy: REJECT, importPolicy: REJECT };
  return { ...intent, kernel: { ...intent.kernel, [family]: after } };
}
