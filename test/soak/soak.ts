// `npm run soak [minutes] [seed]`: two reflectors and four clients as real processes in namespaces, and every few seconds
// something that happens to one of them. Once a minute all is mended: then every session has to be there, and every route
// everywhere. At the end every lost session must be explained by a fault, and memory must be flat.
//
// `npm run soak -- simulated [hours] [seed]`: twenty routers in simulated time (src/speaker/random.test.ts), 24 hours.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { waitFor } from '../../topologies/wait-for.ts';
import type { Machine } from '../interop/stage.ts';
import { below, mulberry32, pick, type Random } from '../mutations.ts';
import { missing } from '../requirements.ts';
import { HOLD_TIME, SoakNetwork } from './network.ts';
import { endNoise, makeNoise, type NoiseMaker, noiseMaker } from './noise.ts';

const MINUTE = 60_000;
const DEFAULT_MINUTES = 10;
const DEFAULT_HOURS = 24;
/** Milliseconds of faults between two looks at the whole. */
const ROUGH = 40_000;
const MENDED = 60_000;
/** Milliseconds after a fault in which the loss of a session is its doing. */
const AFTERMATH = (HOLD_TIME + 5) * 1000;
const GROWTH_KIB = 40 * 1024;

interface Fault {
  readonly from: number;
  until: number;
  readonly machine: Machine;
  readonly what: string;
  /** Sessions may be lost by it. */
  readonly isGrave: boolean;
}

export interface SoakReport {
  readonly minutes: number;
  readonly maker: NoiseMaker;
  /** By what they were. */
  readonly faults: ReadonlyMap<string, number>;
  readonly lost: number;
  readonly looks: number;
  /** Resident KiB of each process of Caracal, at each look. */
  readonly memory: readonly (readonly number[])[];
}

export class Soak {
  readonly #network = new SoakNetwork();
  readonly #random: Random;
  readonly #faults: Fault[] = [];
  /** By process id. */
  readonly #memory = new Map<number, number[]>();
  #maker: NoiseMaker = 'none';
  #looks = 0;

  constructor(seed: number) {
    this.#random = mulberry32(seed);
  }

  /** Throws where something is not as it has to be. */
  async run(minutes: number, tell: (text: string) => void): Promise<SoakReport> {
    const end = Date.now() + minutes * MINUTE;
    try {
      await this.#network.open();
      this.#maker = await noiseMaker(this.#network.clients[0]!);
      tell(`packets are lost and delayed by: ${this.#maker}`);
      await this.#look(tell);
      while (Date.now() < end) {
        const until = Math.min(end, Date.now() + ROUGH);
        while (Date.now() < until) await this.#happen(tell);
        await this.#look(tell);
      }
      return this.#report(minutes);
    } finally {
      await this.#network.close();
    }
  }

  async #happen(tell: (text: string) => void): Promise<void> {
    const machine = pick(this.#network.machines, this.#random);
    const [what, isGrave, play] = pick(this.#possibilities(machine), this.#random);
    tell(`${machine.name}: ${what}`);
    const fault: Fault = { from: Date.now(), until: Number.POSITIVE_INFINITY, machine, what, isGrave };
    this.#faults.push(fault);
    await play();
    fault.until = Date.now();
    await pause(below(1_500, this.#random));
  }

  #possibilities(machine: Machine): readonly (readonly [what: string, isGrave: boolean, play: () => Promise<void>])[] {
    const network = this.#network;
    const restart = async (end: () => Promise<void>) => {
      await end();
      await pause(500 + below(2_000, this.#random));
      network.start(machine, true);
    };
    const cut = async (milliseconds: number) => {
      await machine.cut();
      await pause(milliseconds);
      await machine.plug();
    };
    const noise = async () => {
      await makeNoise(this.#maker, machine, { loss: 1 + below(10, this.#random), delay: 1 + below(60, this.#random) });
      await pause(8_000);
      await endNoise(this.#maker, machine);
    };
    const churn = async () => {
      const client = pick(network.clients, this.#random);
      await network.birdc(client, 'disable own');
      await pause(below(2_000, this.#random));
      await network.birdc(client, 'enable own');
    };
    return [
      ['packets are lost and late', false, noise],
      ['packets are lost and late', false, noise],
      ['routes come and go', false, churn],
      ['the cable is cut for a moment', false, () => cut((HOLD_TIME * 1000) / 3)],
      ['the cable is cut', true, () => cut((HOLD_TIME + 4) * 1000)],
      ['the process is killed', true, () => restart(() => machine.kill())],
      ['the process is restarted', true, () => restart(() => machine.stop())],
    ];
  }

  /** All is mended: it has to become well, and is measured. */
  async #look(tell: (text: string) => void): Promise<void> {
    let faults: readonly string[] = [];
    const isWell = async () => {
      faults = await this.#network.faults();
      return faults.length === 0;
    };
    const began = Date.now();
    if (!(await waitFor(isWell, MENDED))) throw new Error(`mended for a minute, and yet:\n${faults.join('\n')}`);
    this.#looks++;
    const sizes = this.#network.hubs.map((hub) => {
      const { pid } = hub.programs[0]!.child;
      const kib = Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
      this.#memory.set(pid!, [...(this.#memory.get(pid!) ?? []), kib]);
      return `${hub.name} ${Math.round(kib / 1024)} MiB`;
    });
    tell(`all is well ${((Date.now() - began) / 1000).toFixed(1)} s after the last fault; ${sizes.join(', ')}`);
  }

  #report(minutes: number): SoakReport {
    const losses = this.#network.hubs.flatMap((hub) => lossesOf(hub));
    for (const { at, hub, peer, text } of losses) {
      const ends = [hub, this.#network.machine(peer)];
      const cause = this.#faults.find(
        ({ from, until, machine, isGrave }) =>
          isGrave && ends.includes(machine) && at >= from && at <= until + AFTERMATH,
      );
      if (cause === undefined) throw new Error(`no fault explains this, at ${new Date(at).toISOString()}: ${text}`);
    }
    for (const [pid, sizes] of this.#memory) {
      const growth = sizes.at(-1)! - sizes[0]!;
      if (growth > GROWTH_KIB) throw new Error(`process ${pid} has grown: ${sizes.join(', ')} KiB`);
    }
    const faults = new Map<string, number>();
    for (const { what } of this.#faults) faults.set(what, (faults.get(what) ?? 0) + 1);
    const memory = [...this.#memory.values()];
    return { minutes, maker: this.#maker, faults, lost: losses.length, looks: this.#looks, memory };
  }
}

interface Loss {
  readonly at: number;
  readonly hub: Machine;
  readonly peer: string;
  readonly text: string;
}

/** Sessions that a reflector lost, by its log. */
function lossesOf(hub: Machine): readonly Loss[] {
  const file = join(hub.folder, 'log');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{'));
  return lines
    .map((line) => JSON.parse(line))
    .filter(({ fact, wasEstablished }) => fact === 'peerDown' && wasEstablished === true)
    .map(({ time, peer, msg }) => ({ at: Date.parse(time), hub, peer, text: `${hub.name}: ${msg}` }));
}

/** The tests of simulated clusters, for so long. */
function simulated(hours: number, seed: number): Promise<number> {
  const vitest = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs');
  const words = [
    'run',
    '--configLoader=native',
    'src/speaker/random.test.ts',
    '-t',
    'twenty',
    '--disable-console-intercept',
  ];
  const env = { ...process.env, CARACAL_SIMULATION_HOURS: String(hours), CARACAL_SIMULATION_SEED: String(seed) };
  const child = spawn(process.execPath, [vitest, ...words], { env, stdio: 'inherit' });
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
}

async function real(minutes: number, seed: number): Promise<number> {
  const reason = missing('namespaces', 'ip', 'bird', 'birdc');
  if (reason !== undefined) {
    console.error(`a soak ${reason}`);
    return 1;
  }
  console.log(`${minutes} minutes, seed ${seed}`);
  const began = Date.now();
  const tell = (text: string) => console.log(`${((Date.now() - began) / 1000).toFixed(0).padStart(5)} s  ${text}`);
  const { faults, lost, looks, memory } = await new Soak(seed).run(minutes, tell);
  console.log(`all was well ${looks} times; ${lost} sessions lost, each by a fault`);
  console.log([...faults].map(([what, times]) => `${what}: ${times}`).join('\n'));
  console.log(
    `memory of each process (MiB): ${memory.map((sizes) => sizes.map((kib) => Math.round(kib / 1024)).join(' ')).join('; ')}`,
  );
  return 0;
}

if (import.meta.main) {
  const [first, second, third] = process.argv.slice(2);
  const fresh = Date.now() % 0x1_0000_0000;
  process.exitCode =
    first === 'simulated'
      ? await simulated(Number(second ?? DEFAULT_HOURS), Number(third ?? 1))
      : await real(Number(first ?? DEFAULT_MINUTES), Number(second ?? fresh));
}
