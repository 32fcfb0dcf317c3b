// Evaluations a second of Calico's export function, read from BIRD's language: what a node with ten pools, ten communities by
// prefix and four own blocks runs for every route and peer. Run as `node bench/bird-filter.ts`. One core, so one number.

import { birdIntent, readBirdConfiguration } from '../bird-compat/index.ts';
import { evaluate, type PolicyRoute } from '../src/policy/index.ts';

const ROUNDS = 5;
const EVALUATIONS = 1_000_000;
const READS = 20;

const pools = Array.from({ length: 10 }, (_, i) => `10.${i * 16}.0.0/12`);
const advertised = Array.from({ length: 10 }, (_, i) => `10.${i * 16}.${i}.0/24`);
const blocks = ['10.16.1.0/26', '10.16.1.64/26', '10.32.7.128/26', '10.48.0.192/26'];

const text = `
router id 10.0.0.1;
function apply_communities() {
${advertised.map((prefix, i) => `  if (net ~ ${prefix}) then { bgp_community.add((65000, ${i})); }`).join('\n')}
}
function calico_aggr() {
${blocks
  .map(
    (block) => `  if (net = ${block}) then { accept; }
  if (net ~ ${block} && krt_metric < 1024) then { accept; }
  if (net ~ ${block}) then { reject; }`,
  )
  .join('\n')}
}
function reject_local_routes() {
  if (defined(ifname)) then { if (ifname ~ "bpf*.cali") then { reject; } }
}
function calico_export_to_bgp_peers(bool internal_peer) {
  if (internal_peer) then {
    if (defined(ifname)) then {
      if ((ifname ~ "*.cali") || (ifname ~ "*.calico") || (ifname ~ "tunl0")) then { reject; }
    }
  }
  reject_local_routes();
  apply_communities();
  calico_aggr();
${pools.map((pool) => `  if (net ~ ${pool}) then { accept; }`).join('\n')}
}
protocol device { }
protocol bgp Mesh_10_0_0_2 {
  local as 64512;
  neighbor 10.0.0.2 as 64512;
  multihop;
  export filter {
    if (defined(source) && source = RTS_BGP && defined(bgp_local_pref)) then {
      krt_metric = 2147483647 - bgp_local_pref;
    } else {
      if (!defined(krt_metric)) then { krt_metric = 1024; }
      bgp_local_pref = 2147483647 - krt_metric;
    }
    calico_export_to_bgp_peers(true);
    reject;
  };
}
`;

function readPolicy() {
  const files = { read: () => ({ text }), match: () => [] };
  return birdIntent(readBirdConfiguration('bird.cfg', files, { family: 'ipv4' }), { node: 'node' }).peers.get(
    'Mesh_10_0_0_2',
  )!;
}

/** A mix as a node has it: blocks of others from BGP, own blocks, workloads inside them, routes outside all pools. */
function makeRoutes(): PolicyRoute[] {
  const attributes = {
    origin: 0,
    asPath: [],
    nextHop: '10.0.0.3',
    localPref: 2_147_482_623,
    communities: [1, 2, 3],
  } as const;
  const local = { origin: 0, asPath: [] } as const;
  const address = (a: number, b: number, c: number, d: number) => (a << 24) | (b << 16) | (c << 8) | d;
  const peer = { name: 'Mesh_10_0_0_2', type: 'ibgp', localAs: 64512, remoteAs: 64512, address: '10.0.0.2' } as const;
  return Array.from({ length: 1024 }, (_, i): PolicyRoute => {
    const kind = i % 4;
    const isBgp = kind === 0 || kind === 3;
    const words = [
      address(10, i % 160, i & 255, 64),
      address(10, 16, 1, 0),
      address(10, 16, 1, i & 63),
      address(172, 16, i & 255, 0),
    ];
    return {
      ...{ family: 'ipv4', word0: words[kind]!, word1: 0, word2: 0, word3: 0, length: [26, 26, 32, 24][kind]! },
      attributes: isBgp ? attributes : local,
      source: (['bgp', 'static', 'kernel', 'bgp'] as const)[kind]!,
      ...{ protocol: 'x', from: undefined, peer, gateway: undefined, preference: 100 },
      interface: kind === 2 ? 'cali12345' : '',
      metric: kind === 2 ? 1024 : undefined,
    };
  });
}

function best(rounds: number, measure: () => number): number {
  return Math.max(...Array.from({ length: rounds }, measure));
}

const { exportPolicy } = readPolicy();
const routes = makeRoutes();
const rate = best(ROUNDS, () => {
  const start = performance.now();
  let accepted = 0;
  for (let i = 0; i < EVALUATIONS; i++) if (evaluate(exportPolicy, routes[i & 1023]!).accepted) accepted++;
  if (accepted === 0) throw new Error('a filter that accepts nothing measures nothing');
  return EVALUATIONS / ((performance.now() - start) / 1000);
});
const reads = best(READS, () => {
  const start = performance.now();
  readPolicy();
  return 1000 / (performance.now() - start);
});
console.log(
  `Calico's export function: ${(rate / 1e6).toFixed(2)} million evaluations/s; read and compiled ${reads.toFixed(0)} times/s`,
);
