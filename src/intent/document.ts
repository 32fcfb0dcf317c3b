// An Intent as a document that may leave the process: JSON can carry it, no secret is in it, each policy stands in it once.
// Whoever reads it can compare it with another Intent and work out what either makes of routes.

import { createHash } from 'node:crypto';
import type { Family } from 'node-bgp';
import type { Policy } from '../policy/index.ts';
import type { Intent, KernelIntent, PeerIntent } from './types.ts';

/** A policy by its place in `policies`. */
type PolicyNumber = number;

export type PeerDocument = Omit<PeerIntent, 'importPolicy' | 'exportPolicy'> & {
  readonly importPolicy: PolicyNumber;
  readonly exportPolicy: PolicyNumber;
};

type KernelDocument = Omit<KernelIntent, 'policy'> & { readonly policy: PolicyNumber };

export type IntentDocument = Omit<Intent, 'peers' | 'kernel'> & {
  readonly peers: readonly PeerDocument[];
  readonly kernel: Readonly<Record<Family, KernelDocument>>;
  readonly policies: readonly Policy[];
};

/** Passwords become fingerprints. */
export function intentDocument(intent: Intent): IntentDocument {
  const numbers = new Map<Policy, PolicyNumber>();
  const numberOf = (policy: Policy): PolicyNumber => {
    const number = numbers.get(policy) ?? numbers.size;
    numbers.set(policy, number);
    return number;
  };
  const { peers, kernel, ...rest } = withoutSecrets(intent);
  return {
    ...rest,
    peers: Array.from(peers.values(), (peer) => ({
      ...peer,
      importPolicy: numberOf(peer.importPolicy),
      exportPolicy: numberOf(peer.exportPolicy),
    })),
    kernel: {
      ipv4: { ...kernel.ipv4, policy: numberOf(kernel.ipv4.policy) },
      ipv6: { ...kernel.ipv6, policy: numberOf(kernel.ipv6.policy) },
    },
    policies: [...numbers.keys()],
  };
}

/** The reverse; passwords stay fingerprints. */
export function readIntentDocument({ policies, peers, kernel, ...rest }: IntentDocument): Intent {
  const policyOf = (number: PolicyNumber): Policy => policies[number]!;
  return {
    ...rest,
    peers: new Map(
      peers.map((peer) => [
        peer.name,
        { ...peer, importPolicy: policyOf(peer.importPolicy), exportPolicy: policyOf(peer.exportPolicy) },
      ]),
    ),
    kernel: {
      ipv4: { ...kernel.ipv4, policy: policyOf(kernel.ipv4.policy) },
      ipv6: { ...kernel.ipv6, policy: policyOf(kernel.ipv6.policy) },
    },
  };
}

/** With fingerprints in the place of passwords: two of them differ where the passwords do. */
export function withoutSecrets(intent: Intent): Intent {
  const peers = new Map<string, PeerIntent>();
  for (const [name, peer] of intent.peers) peers.set(name, withoutPassword(peer));
  const peerRanges = intent.peerRanges?.map((range) => ({ ...range, peer: withoutPassword(range.peer) }));
  return { ...intent, peers, ...(peerRanges === undefined ? {} : { peerRanges }) };
}

function withoutPassword<T extends { readonly password?: string }>(peer: T): T {
  return peer.password === undefined ? peer : { ...peer, password: fingerprint(peer.password) };
}

/**
 * 16 bits and no more, always the same ones: enough to see that a password changed, too few to find it by trying, however
 * many fingerprints of it somebody collects.
 */
function fingerprint(password: string): string {
  const digest = createHash('sha256').update(`caracal fingerprint of ${password}`).digest('hex');
  return `fingerprint ${digest.slice(0, 4)}`;
}
