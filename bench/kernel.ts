// Caracal's kernel room beside BIRD 2, in a network namespace of its own: routes into an empty kernel and out of it again;
// the longest turn of Caracal's event loop meanwhile; and what thousands of interfaces and addresses of others cost.
// Run as `npm run bench -- kernel [ROUTES [RUNS]]`. Not here: who they are and how they are told (kernel/).

import { setTimeout as pause } from 'node:timers/promises';
import { figuresOf } from './daemon/process-figures.ts';
import { median } from './daemon/statistics.ts';
import { birdMissing, type Contender, type Start, startBird, startCaracal } from './kernel/contenders.ts';
import { BenchNamespace, removeAbandoned } from './kernel/namespace.ts';
import type { Turns } from './kernel/turns.ts';

const [routes = 100_000, runs = 5] = process.argv.slice(2).map(Number);
const TURNS_ROUTES = 10_000;
const INTERFACES = 5_000;
const ADDRESSES = 2_500;
const REST_MS = 10_000;

interface Programming {
  readonly contender: string;
  /** Milliseconds until the kernel has the last route, or has none left. */
  readonly adding: number;
  readonly deleting: number;
  /** Milliseconds of processor time, most of it in the kernel. */
  readonly cpu: number;
  /** MiB when all routes are there. */
  readonly resident: number;
  readonly turns: readonly Turns[];
}

async function program(start: Start, count: number, watch = false): Promise<Programming> {
  const namespace = await BenchNamespace.build();
  try {
    const empty = namespace.prefixes;
    const contender = await start(namespace, count);
    const before = figuresOf([contender.pid]).cpu;
    const adding = await timeOf(namespace, contender, 'route', count, empty + count, watch);
    const first = await contender.look();
    const resident = figuresOf([contender.pid]).memory.resident / 1024;
    const deleting = await timeOf(namespace, contender, 'none', count, empty, watch);
    const second = await contender.look();
    const cpu = figuresOf([contender.pid]).cpu - before;
    await contender.stop();
    const turns = [first, second].flatMap((look) => (look?.turns === undefined ? [] : [look.turns]));
    return { contender: contender.name, adding, deleting, cpu, resident, turns };
  } finally {
    await namespace.remove();
  }
}

async function timeOf(
  namespace: BenchNamespace,
  contender: Contender,
  wish: 'route' | 'none',
  count: number,
  prefixes: number,
  watch: boolean,
): Promise<number> {
  await contender.prepare(wish, count);
  await pause(300);
  const began = performance.now();
  contender.go(watch);
  while (namespace.prefixes !== prefixes) {
    if (performance.now() - began > 60_000) throw new Error(`${contender.name} does not come to an end`);
    await pause(2);
  }
  return performance.now() - began;
}

interface Rest {
  readonly contender: string;
  /** Processor time in milliseconds for each second of rest: before, with all interfaces, and when they are gone. */
  readonly rest: readonly number[];
  /** Milliseconds of processor time while interfaces came, and while they went. */
  readonly coming: number;
  readonly going: number;
  /** MiB resident, before and after. */
  readonly memory: readonly number[];
  /** MiB of heap after a collection, before and after. */
  readonly heap: readonly number[];
}

/** Caracal and BIRD watch the same interfaces come and go. */
async function crowd(starts: readonly Start[]): Promise<Rest[]> {
  const namespace = await BenchNamespace.build();
  const pods = await BenchNamespace.build('-pods');
  let podsAreThere = true;
  try {
    const contenders = await Promise.all(starts.map((start) => start(namespace, 10)));
    const cpu = () => contenders.map(({ pid }) => figuresOf([pid]).cpu);
    const during = async (happen: () => Promise<unknown>) => {
      const before = cpu();
      await happen();
      return cpu().map((after, i) => after - before[i]!);
    };
    const rest = async () => (await during(() => pause(REST_MS))).map((spent) => spent / (REST_MS / 1000));
    const heap = () =>
      Promise.all(contenders.map(async (contender) => ((await contender.look())?.heap ?? 0) / 2 ** 20));
    const memory = () => contenders.map(({ pid }) => figuresOf([pid]).memory.resident / 1024);
    const stages = { rest: [await rest()], memory: [memory()], heap: [await heap()] };
    const coming = await during(async () => {
      namespace.batch(crowdOf(pods.name));
      await pause(3_000);
    });
    stages.rest.push(await rest());
    const going = await during(async () => {
      podsAreThere = false;
      await pods.remove();
      namespace.batch(['link del kube-ipvs0']);
      await pause(5_000);
    });
    stages.rest.push(await rest());
    stages.heap.push(await heap());
    stages.memory.push(memory());
    const of = (values: readonly (readonly number[])[], i: number) => values.map((stage) => stage[i]!);
    for (const contender of contenders) await contender.stop();
    return contenders.map(({ name }, i) => ({
      contender: name,
      rest: of(stages.rest, i),
      coming: coming[i]!,
      going: going[i]!,
      memory: of(stages.memory, i),
      heap: of(stages.heap, i),
    }));
  } finally {
    await namespace.remove();
    if (podsAreThere) await pods.remove();
  }
}

/** Workloads with Felix's routes to them, and services on kube-proxy's interface. */
function crowdOf(pods: string): string[] {
  const workloads = Array.from({ length: INTERFACES }, (_, i) => [
    `link add cali${i} type veth peer name p${i} netns ${pods}`,
    `link set cali${i} up`,
    `route add 10.65.${i >> 8}.${i & 255}/32 dev cali${i} proto 80 scope link metric 1024`,
  ]);
  const services = Array.from({ length: ADDRESSES }, (_, i) => `addr add 10.96.${i >> 8}.${i & 255}/32 dev kube-ipvs0`);
  return [...workloads.flat(), 'link add kube-ipvs0 type veth peer name ipvs-far', ...services];
}

function row(...cells: readonly (string | number)[]): void {
  const [name = '', ...rest] = cells.map((cell) => (typeof cell === 'number' ? cell.toFixed(cell < 10 ? 1 : 0) : cell));
  console.log(`  ${name.padEnd(10)}${rest.map((cell) => cell.padStart(16)).join('')}`);
}

async function main(): Promise<void> {
  await removeAbandoned();
  const missing = birdMissing();
  if (missing !== undefined) console.log(missing);
  const starts = missing === undefined ? [startCaracal, startBird] : [startCaracal];

  console.log(
    `\n${routes.toLocaleString('en')} routes into an empty kernel and out of it again, medians of ${runs} runs`,
  );
  const results: Programming[] = [];
  for (let run = 0; run < runs; run++) {
    for (const start of run % 2 === 0 ? starts : starts.toReversed()) results.push(await program(start, routes));
  }
  row('', 'add ms', 'delete ms', 'both, CPU ms', 'resident MiB');
  for (const [name, all] of Object.entries(Object.groupBy(results, ({ contender }) => contender))) {
    const of = (pick: (result: Programming) => number) => median(all!.map(pick));
    row(name, of((r) => r.adding), of((r) => r.deleting), of((r) => r.cpu), of((r) => r.resident)); // biome-ignore format: one line
  }

  console.log(
    `\nlongest turn of Caracal's event loop with ${TURNS_ROUTES.toLocaleString('en')} routes, ms, each of ${runs} runs`,
  );
  row('', 'in: clock', 'processor', 'out: clock', 'processor');
  for (let run = 0; run < runs; run++) {
    const { turns } = await program(startCaracal, TURNS_ROUTES, true);
    row('caracal', ...turns.flatMap(({ longest, dearest }) => [longest, dearest]));
  }

  console.log(`\n${INTERFACES} cali* interfaces with a route each and ${ADDRESSES} addresses on kube-ipvs0`);
  row('', 'rest ms/s', 'coming, CPU ms', 'rest with them', 'going, CPU ms', 'rest after', 'MiB before', 'MiB after', 'heap before', 'heap after'); // biome-ignore format: one line
  for (const { contender, rest, coming, going, memory, heap } of await crowd(starts)) {
    row(contender, rest[0]!, coming, rest[1]!, going, rest[2]!, ...memory, ...heap);
  }
}

await main();
