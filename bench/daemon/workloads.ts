// The workloads as the load generator runs them against a daemon that listens: load (reflector, feed, memory), churn, herd.

import { announce, announcement, withdraw } from './messages.ts';
import { busyTime, cpuOfAll, type Figures, figuresOf } from './process-figures.ts';
import { Rig } from './rig.ts';
import { describeFailures, type RunResult, type Task } from './run-result.ts';
import { randomizer } from './statistics.ts';

/** Milliseconds without an octet after which a daemon is at rest. */
const QUIET = 300;
const LONGEST_SETTLING = 15_000;
/** The machine counts in steps of 10 ms: of less than this it cannot say what others used. */
const LEAST_TO_TELL_OTHERS = 100;
/** Between two changes of churn: at rest again, and in step with no timer of the daemon. */
const SHORTEST_PAUSE = 5;
const PAUSE_SPREAD = 20;

export function runTask(task: Task): RunResult {
  const rig = new Rig(task.plan);
  const bytes = rig.clients.map((client) => announcement(task.plan, client.plan));
  if (task.workload === 'herd') return herd(task, rig, bytes);
  const began = performance.now();
  if (!rig.establishAll(task.timeout)) return unfinished(task, rig, 'not all sessions are Established');
  const establishing = performance.now() - began;
  rig.untilQuiet(QUIET, LONGEST_SETTLING);
  return task.workload === 'churn' ? churn(task, rig, bytes, establishing) : load(task, rig, bytes, establishing);
}

/** From the moment that all begin to send until every client holds every prefix of the others. */
function load(task: Task, rig: Rig, bytes: readonly Uint8Array[], establishing: number): RunResult {
  const phase = new Phase(task, rig);
  const hasAll = phase.measure(() => {
    sendAll(rig, bytes);
    return rig.until(() => rig.incomplete === 0, task.timeout);
  });
  if (!hasAll) return unfinished(task, rig, 'not all prefixes arrived');
  const figures = phase.end();
  return { ...figures, ...checksOf(task, rig), establishing, converging: phase.elapsed };
}

/** One prefix goes and comes, again and again; each time until all others know. */
function churn(task: Task, rig: Rig, bytes: readonly Uint8Array[], establishing: number): RunResult {
  sendAll(rig, bytes);
  if (!rig.until(() => rig.incomplete === 0, task.timeout)) return unfinished(task, rig, 'not all prefixes arrived');
  rig.untilQuiet(QUIET, LONGEST_SETTLING);
  const sender = rig.clients[0]!;
  const { first } = sender.plan;
  const changes = [
    { bytes: withdraw(task.plan, first, 1), goal: -1 },
    { bytes: announce(task.plan, sender.plan, first, 1), goal: 1 },
  ];
  const random = randomizer(task.changes);
  const latencies: number[] = [];
  const phase = new Phase(task, rig);
  for (let round = 0; round < task.changes; round++) {
    const { bytes: change, goal } = changes[round % 2]!;
    for (const client of rig.clients) if (client !== sender) client.goal += goal;
    rig.recount();
    const before = phase.elapsed;
    const arrived = phase.measure(() => {
      sender.send(change, performance.now());
      return rig.until(() => rig.incomplete === 0, task.timeout);
    });
    if (!arrived) return unfinished(task, rig, 'a change did not arrive');
    latencies.push(phase.elapsed - before);
    rig.run(SHORTEST_PAUSE + random(PAUSE_SPREAD));
  }
  const figures = phase.end();
  return { ...figures, ...checksOf(task, rig), establishing, converging: Number.NaN, latencies };
}

/** All dial at the same moment, and each announces as soon as it is Established. */
function herd(task: Task, rig: Rig, bytes: readonly Uint8Array[]): RunResult {
  for (const [index, client] of rig.clients.entries()) client.greeting = bytes[index]!;
  const phase = new Phase(task, rig);
  let establishing = Number.NaN;
  const cameUp = phase.measure(() => {
    const began = performance.now();
    for (const client of rig.clients) client.dial();
    const isOver = () => {
      if (rig.allEstablished && Number.isNaN(establishing)) establishing = performance.now() - began;
      return rig.allEstablished && rig.incomplete === 0;
    };
    return rig.until(isOver, task.timeout);
  });
  if (!cameUp) return { ...unfinished(task, rig, 'not all came up and converged'), establishing };
  const figures = phase.end();
  return { ...figures, ...checksOf(task, rig), establishing, converging: phase.elapsed };
}

function sendAll(rig: Rig, bytes: readonly Uint8Array[]): void {
  const now = performance.now();
  for (const [index, client] of rig.clients.entries()) if (bytes[index]!.length > 0) client.send(bytes[index]!, now);
}

/** What daemon and generator spend between here and the daemon's next rest. */
class Phase {
  readonly #task: Task;
  readonly #rig: Rig;
  readonly #before: Figures;
  readonly #clock = process.hrtime.bigint();
  /** Milliseconds of what was measured, and how much of it the generator waited, worked, and others worked. */
  elapsed = 0;
  #waited = 0;
  #generator = 0;
  #reads = 0;
  #others = 0;

  constructor(task: Task, rig: Rig) {
    this.#task = task;
    this.#rig = rig;
    this.#before = figuresOf(task.processes);
  }

  /** The clock runs during the work; pauses between two pieces of work do not count. */
  measure(work: () => boolean): boolean {
    const { epoll } = this.#rig;
    const { processes } = this.#task;
    const reads = readsOf(this.#rig);
    const before = { waited: epoll.waited, own: process.cpuUsage(), daemon: cpuOfAll(processes), machine: busyTime() };
    const began = performance.now();
    const done = work();
    this.elapsed += performance.now() - began;
    const { user, system } = process.cpuUsage(before.own);
    const own = (user + system) / 1000;
    this.#waited += epoll.waited - before.waited;
    this.#generator += own;
    this.#reads += readsOf(this.#rig) - reads;
    this.#others += busyTime() - before.machine - own - (cpuOfAll(processes) - before.daemon);
    return done;
  }

  /** Waits until the daemon rests, so that work it has put off counts too. */
  end(): Pick<RunResult, 'daemon' | 'generator' | 'others' | 'window'> {
    this.#rig.untilQuiet(QUIET, LONGEST_SETTLING);
    this.#rig.run(this.#task.rest);
    const after = figuresOf(this.#task.processes);
    return {
      daemon: { cpu: after.cpu - this.#before.cpu, before: this.#before.memory, after: after.memory },
      generator: { cpu: this.#generator, waited: this.#waited / this.elapsed, reads: this.#reads },
      others: this.elapsed < LEAST_TO_TELL_OTHERS ? Number.NaN : Math.max(0, this.#others) / this.elapsed,
      window: { from: Number(this.#clock / 1000n), to: Number(process.hrtime.bigint() / 1000n) },
    };
  }
}

function readsOf(rig: Rig): number {
  return rig.clients.reduce((total, { reads }) => total + reads, 0);
}

function checksOf(
  task: Task,
  rig: Rig,
): Pick<RunResult, 'checks' | 'keepalives' | 'established'> & { failure?: string } {
  const sum = (figure: (client: Rig['clients'][number]) => number) =>
    rig.clients.reduce((total, client) => total + figure(client), 0);
  const now = performance.now();
  for (const client of rig.clients) client.tick(now);
  const failures = describeFailures(rig.clients);
  return {
    established: rig.established,
    checks: {
      repeated: sum(({ receiver }) => receiver.repeated),
      echoed: sum(({ receiver }) => receiver.echoed),
      unheld: sum(({ receiver }) => receiver.unheld),
      foreign: sum(({ receiver }) => receiver.foreign),
      secondTries: sum(({ attempts }) => Math.max(0, attempts - 1)),
    },
    keepalives: {
      count: sum(({ keepalives }) => keepalives),
      latest: task.plan.holdTime === 0 ? Number.NaN : Math.max(...rig.clients.map(({ latest }) => latest)),
    },
    ...(rig.incomplete > 0 ? { failure: 'prefixes changed after all had arrived' } : {}),
    ...(failures === '' ? {} : { remarks: failures }),
  };
}

function unfinished(task: Task, rig: Rig, what: string): RunResult {
  const figures = figuresOf(task.processes);
  const missing = rig.clients.length - rig.established;
  const failure = `${what} after ${task.timeout / 1000} s: ${missing} of ${rig.clients.length} sessions down, ${rig.incomplete} clients incomplete`;
  return {
    ...checksOf(task, rig),
    establishing: Number.NaN,
    converging: Number.NaN,
    daemon: { cpu: Number.NaN, before: figures.memory, after: figures.memory },
    generator: { cpu: Number.NaN, waited: Number.NaN, reads: Number.NaN },
    others: Number.NaN,
    window: { from: 0, to: 0 },
    failure,
  };
}
