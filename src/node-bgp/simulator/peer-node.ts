// A node that is nothing but peers: the wiring of a `PeerSet`, with a record of what the peers put out. For tests of
// sessions, and an example of a wiring.

import type { Address } from '../ip/index.ts';
import { PeerSet, type PeerSetInput, type PeerSetOutput } from '../session/peer-set.ts';
import type { PeerConfig, PeerOutput } from '../session/types.ts';
import { decodeAttributeSet } from '../wire/index.ts';
import type { SimulatedNode } from './node.ts';
import type { Simulation } from './simulation.ts';
import type { NetworkPort, Wiring } from './types.ts';

export interface Recorded {
  /** Milliseconds. */
  readonly at: number;
  readonly peer: Address;
  readonly output: PeerOutput;
}

export interface PeerNode {
  readonly node: SimulatedNode<PeerSetInput, PeerSetOutput>;
  /** Of the process that runs now. */
  readonly set: PeerSet;
  readonly record: readonly Recorded[];
  /** Starts all peers, or gives one of them another input. */
  start(): void;
  /** A new process after `node.kill()` or `node.powerOff()`; its peers are started. */
  restart(): void;
}

/** Adds a node that speaks BGP with the peers given by their address. */
export function addPeerNode(
  simulation: Simulation,
  name: string,
  address: Address,
  peers: Readonly<Record<Address, PeerConfig>>,
): PeerNode {
  const record: Recorded[] = [];
  let set = newSet(simulation, peers);
  const wiring = peerSetWiring((output) => record.push({ at: simulation.now, ...output }));
  const node = simulation.addNode({ name, addresses: [address], process: set, wiring });
  const start = () => {
    for (const peer of set.peers.keys()) node.input({ type: 'peer', peer, input: { type: 'start' } });
  };
  return {
    node,
    get set() {
      return set;
    },
    record,
    start,
    restart: () => {
      set = newSet(simulation, peers);
      node.boot(set);
      start();
    },
  };
}

function newSet({ nextConnection, random }: Simulation, peers: Readonly<Record<Address, PeerConfig>>): PeerSet {
  const set = new PeerSet({ nextConnection, random, attributeSource: decodeAttributeSet });
  for (const [address, config] of Object.entries(peers)) set.add(address, config);
  return set;
}

/** @param observe is told every output after it was performed */
export function peerSetWiring(observe: (output: PeerSetOutput) => void): Wiring<PeerSetInput, PeerSetOutput> {
  return {
    tick: () => ({ type: 'tick' }),
    connected: (connection) => ({ type: 'connected', connection }),
    accepted: (connection, { remote }) => ({ type: 'accepted', connection, remote }),
    disconnected: (connection, reason) => ({ type: 'disconnected', connection, reason }),
    bytes: (connection, chunk) => ({ type: 'bytes', connection, chunk }),
    progress: (connection, _taken, waiting) => ({ type: 'sendProgress', connection, waiting }),
    perform: (output, network) => {
      perform(output, network);
      observe(output);
    },
  };
}

function perform({ peer, output }: PeerSetOutput, network: NetworkPort): void {
  if (output.type === 'connect') network.dial(output.connection, peer);
  if (output.type === 'send') network.send(output.connection, output.bytes);
  if (output.type === 'close') network.close(output.connection);
}
