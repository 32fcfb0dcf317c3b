// How long a change of the resources takes from the store to the list of what is to be done: the whole Intent computed
// anew and compared with the last, on a large cluster. `node bench/intent.ts`

import type { BGPFilterRule, BGPPeer, NodeResource, Resource } from '../src/datastore/resources/types.ts';
import { ResourceStore } from '../src/datastore/store.ts';
import { computeIntent, diffIntents, type IntentOptions } from '../src/intent/index.ts';

const NODES = 5_000;
const BLOCKS = 20_000;
const PEERS = 50;
const FILTERS = 200;
const FILTERS_PER_PEER = 4;
const RULES_PER_FILTER = 5;
const RACKS = 100;
const ROUNDS = 101;

const options: IntentOptions = { node: 'node-0' };
const metadata = (name: string, labels: Readonly<Record<string, string>> = {}) => ({ name, labels, annotations: {} });
const octets = (index: number) => `${(index >>> 8) & 255}.${index & 255}`;

function nodeOf(index: number, revision = 0): NodeResource {
  const address = `10.${(index >>> 16) & 255}.${octets(index)}`;
  return {
    kind: 'Node',
    metadata: metadata(`node-${index}`, { rack: `${index % RACKS}`, revision: `${revision}` }),
    bgp: {
      ipv4: { address, network: '10.0.0.0/8' },
      ipv6: { address: `fd00::${(index + 1).toString(16)}`, network: 'fd00::/64' },
      ...(revision % 2 === 0 ? {} : { asNumber: 65_001 }),
    },
    podCIDRs: [],
  };
}

function ruleOf(filter: number, index: number): BGPFilterRule {
  return { action: 'Reject', cidr: `172.${16 + (filter % 16)}.${index * 8}.0/21`, matchOperator: 'In' };
}

/** Top-of-rack routers by rack, a few of them with reflectors selected among the nodes. */
function peerOf(index: number): BGPPeer {
  const filters = Array.from(
    { length: FILTERS_PER_PEER },
    (_, i) => `filter-${(index * FILTERS_PER_PEER + i) % FILTERS}`,
  );
  const common = { kind: 'BGPPeer', metadata: metadata(`peer-${index}`), filters } as const;
  const mine = index % 2 === 0;
  if (index % 10 === 0) return { ...common, nodeSelector: "rack == '0'", peerSelector: `rack == '${index + 1}'` };
  const rack = mine ? "rack in { '0', '1' }" : `rack == '${index}'`;
  return { ...common, nodeSelector: rack, peerIP: { address: `192.0.2.${index + 1}` }, asNumber: 65_100 + index };
}

function clusterResources(): readonly Resource[] {
  const resources: Resource[] = [
    { kind: 'BGPConfiguration', metadata: metadata('default'), nodeToNodeMeshEnabled: true },
  ];
  for (let i = 0; i < NODES; i++) resources.push(nodeOf(i));
  for (let i = 0; i < BLOCKS; i++) {
    const cidr = `100.${64 + (i >>> 10)}.${(i >>> 2) & 255}.${(i & 3) * 64}/26`;
    const node = `node-${i % NODES}`;
    resources.push({
      kind: 'BlockAffinity',
      metadata: metadata(`block-${i}`),
      cidr,
      node,
      state: 'confirmed',
      type: 'host',
    });
  }
  for (let i = 0; i < PEERS; i++) resources.push(peerOf(i));
  for (let i = 0; i < FILTERS; i++) {
    const rules = Array.from({ length: RULES_PER_FILTER }, (_, index) => ruleOf(i, index));
    resources.push({
      kind: 'BGPFilter',
      metadata: metadata(`filter-${i}`),
      exportV4: rules,
      importV4: [...rules],
      exportV6: [],
      importV6: [],
    });
  }
  const pool = { ipipMode: 'Never', vxlanMode: 'Never', disableBGPExport: false, disabled: false } as const;
  resources.push({ kind: 'IPPool', metadata: metadata('pool'), cidr: '100.64.0.0/10', ...pool });
  return resources;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

function measure(name: string, change: (round: number) => Resource): void {
  const store = new ResourceStore();
  store.apply(clusterResources().map((resource) => ({ type: 'set', resource })));
  let last = computeIntent(store, options);
  const times: number[] = [];
  let touched = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    store.apply([{ type: 'set', resource: change(round) }]);
    const start = performance.now();
    const next = computeIntent(store, options);
    const difference = diffIntents(last, next);
    times.push(performance.now() - start);
    touched = difference.peers.length;
    last = next;
  }
  const longest = Math.max(...times.slice(ROUNDS >> 1));
  console.log(
    `${name}: median ${median(times).toFixed(1)} ms, longest of the second half ${longest.toFixed(1)} ms, ` +
      `${last.peers.size} sessions, ${touched} touched by the last change`,
  );
}

console.log(
  `${NODES} nodes in two families, ${BLOCKS} blocks, ${PEERS} BGPPeers, ${FILTERS} BGPFilters of ${RULES_PER_FILTER} rules each way`,
);
measure('another node changes its AS number', (round) => nodeOf(77, round));
measure('a BGPFilter changes', (round) => ({
  kind: 'BGPFilter',
  metadata: metadata('filter-8'),
  exportV4: [{ action: 'Accept', asPathPrefix: [round] }],
  importV4: [],
  exportV6: [],
  importV6: [],
}));
measure('an own block comes', (round) => ({
  kind: 'BlockAffinity',
  metadata: metadata(`own-${round}`),
  cidr: `100.127.${round}.0/26`,
  node: options.node,
  state: 'confirmed',
  type: 'host',
}));
