// The door of the simulator: BGP speakers, or whole routers, in virtual time.

export { PeerSet, type PeerSetInput, type PeerSetOutput } from '../session/peer-set.ts';
export { Link } from './link.ts';
export { SimulatedNode } from './node.ts';
export { addPeerNode, type PeerNode, peerSetWiring, type Recorded } from './peer-node.ts';
export { seededRandom } from './random.ts';
export { Simulation } from './simulation.ts';
export type { NetworkPort, NodeOptions, Process, Wiring } from './types.ts';
