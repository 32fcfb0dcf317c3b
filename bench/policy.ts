// Evaluations a second of an export policy as Calico makes it: ten pools, ten communities by prefix, four own blocks, two
// filter rules. Run as `node bench/policy.ts`. One core, so one number.

import {
  accept,
  addCommunity,
  all,
  any,
  attribute,
  community,
  defined,
  either,
  equals,
  evaluate,
  greaterThan,
  hasCommunity,
  interfaceMatches,
  lessThan,
  minus,
  not,
  type Policy,
  type PolicyRoute,
  peerTypeIs,
  policy,
  prefixIn,
  prefixIs,
  reject,
  setLocalPref,
  setMetric,
  sourceIs,
  when,
} from '../src/policy/index.ts';

const PRIORITY_BASE = 2147483647;
const NORMAL = 1024;
const ROUNDS = 3;
const EVALUATIONS = 2_000_000;

const pools = Array.from({ length: 10 }, (_, i) => `10.${i * 16}.0.0/12`);
const advertised = Array.from({ length: 10 }, (_, i) => `10.${i * 16}.${i}.0/24`);
const blocks = ['10.16.1.0/26', '10.16.1.64/26', '10.32.7.128/26', '10.48.0.192/26'];

const exportPolicy: Policy = policy('export ipv4', 'reject', [
  either(
    all(sourceIs('bgp'), defined(attribute('localPref'))),
    [setMetric(minus(PRIORITY_BASE, attribute('localPref')))],
    [
      when(not(defined(attribute('metric'))), setMetric(NORMAL)),
      setLocalPref(minus(PRIORITY_BASE, attribute('metric'))),
    ],
  ),
  when(all(prefixIn(['192.168.0.0/16']), peerTypeIs('ebgp')), reject()),
  when(all(hasCommunity('65000:666'), sourceIs('bgp')), reject()),
  when(all(peerTypeIs('ibgp'), any(interfaceMatches('*.cali'), interfaceMatches('tunl0'))), reject()),
  when(interfaceMatches('bpf*.cali'), reject()),
  ...advertised.map((prefix, i) => when(prefixIn([prefix]), addCommunity(`65000:${i}`))),
  ...blocks.map((block) =>
    when(
      prefixIn([block]),
      either(any(prefixIs(block), lessThan(attribute('metric'), NORMAL)), [accept()], [reject()]),
    ),
  ),
  ...pools.map((pool) => when(prefixIn([pool]), accept())),
]);

/** What a filter does that looks at the prefix alone: the floor of the cost. */
const prefixOnly: Policy = policy('prefix set of 5,000', 'reject', [
  when(prefixIn(Array.from({ length: 5000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`)), accept()),
]);

const withPath: Policy = policy('conditions on attributes', 'accept', [
  when(equals(attribute('med'), 5), reject()),
  when(greaterThan(attribute('localPref'), 1000), reject()),
  when({ type: 'match', left: community('1:2'), right: attribute('communities') }, reject()),
]);

const peer = { name: 'Mesh_10_0_0_2', type: 'ibgp', localAs: 64512, remoteAs: 64512, address: '10.0.0.2' } as const;

/** A mix as a node has it: blocks of others from BGP, own blocks, workloads inside them, routes outside all pools. */
function makeRoutes(): PolicyRoute[] {
  const attributes = { origin: 0, asPath: [], nextHop: '10.0.0.3', localPref: 100, communities: [1, 2, 3] } as const;
  const local = { origin: 0, asPath: [] } as const;
  const address = (a: number, b: number, c: number, d: number) => (a << 24) | (b << 16) | (c << 8) | d;
  return Array.from({ length: 1024 }, (_, i): PolicyRoute => {
    const kind = i % 4;
    const word0 = [
      address(10, i % 160, i & 255, 64),
      address(10, 16, 1, 0),
      address(10, 16, 1, i & 63),
      address(172, 16, i & 255, 0),
    ][kind]!;
    return {
      family: 'ipv4',
      word0,
      word1: 0,
      word2: 0,
      word3: 0,
      length: [26, 26, 32, 24][kind]!,
      attributes: kind === 0 || kind === 3 ? attributes : local,
      source: (['bgp', 'static', 'kernel', 'bgp'] as const)[kind]!,
      protocol: 'x',
      from: undefined,
      peer,
      interface: kind === 2 ? 'cali12345' : '',
      gateway: undefined,
      metric: kind === 2 ? NORMAL : undefined,
      preference: 100,
    };
  });
}

function measure(subject: Policy, routes: readonly PolicyRoute[]): number {
  let best = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    let accepted = 0;
    for (let i = 0; i < EVALUATIONS; i++) if (evaluate(subject, routes[i & 1023]!).accepted) accepted++;
    const seconds = (performance.now() - start) / 1000;
    if (accepted === 0) throw new Error('a policy that accepts nothing measures nothing');
    best = Math.max(best, EVALUATIONS / seconds);
  }
  return best;
}

const routes = makeRoutes();
for (const subject of [exportPolicy, prefixOnly, withPath]) {
  const rate = measure(subject, routes);
  console.log(`${subject.name.padEnd(28)} ${(rate / 1e6).toFixed(2)} million evaluations/s`);
}
