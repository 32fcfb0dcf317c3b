// The command `npm run simulate`: reads the command line, runs one simulation after the other, prints tables or lines of JSON,
// or writes docs/scale.md.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fillDocument, plots } from './document.ts';
import { type Options, readOptions, type Task, USAGE, UsageError } from './options.ts';
import { type Result, simulate } from './run.ts';
import { duration, resultText } from './table.ts';

const DOCS = new URL('../../docs/', import.meta.url);
const LONGEST_OUTPUT = 2 ** 26;

/** The exit code. */
export function main(args: readonly string[]): number {
  let options: Options;
  try {
    options = readOptions(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return 2;
  }
  if (options.writeDocs) writeDocs(options.tasks);
  else for (const task of options.tasks) run(task, options.json);
  return 0;
}

function run(task: Task, json: boolean): void {
  const result = simulate(task, ({ event, routes }) => {
    if (!json) console.error(`${task.topology}: ${event}, ${duration(routes)}`);
  });
  console.log(json ? JSON.stringify(result) : `\n${resultText(result)}\n`);
}

function writeDocs(tasks: readonly Task[]): void {
  const results = tasks.map((task) => {
    console.error(`${task.topology} of ${task.cluster.nodes}`);
    return runApart(task);
  });
  const page = new URL('scale.md', DOCS);
  writeFileSync(page, fillDocument(readFileSync(page, 'utf8'), results));
  const folder = new URL('scale/', DOCS);
  mkdirSync(folder, { recursive: true });
  for (const [name, picture] of plots(results)) writeFileSync(new URL(name, folder), picture);
}

/** In a process of its own: no simulation pays for what an earlier one has left behind. */
function runApart({ topology, cluster, whole, restarts, delay, cpu, seed }: Task): Result {
  const reflectors = topology === 'mesh' ? {} : { reflectors: cluster.reflectors };
  const { nodes, blocks } = cluster;
  const values = { topology, nodes, blocks, ...reflectors, whole, restarts, delay, cpu, seed };
  const words = Object.entries(values).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const program = new URL('../simulate.ts', import.meta.url).pathname;
  const { status, stdout } = spawnSync(process.execPath, [...process.execArgv, program, ...words, '--json'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: LONGEST_OUTPUT,
  });
  if (status !== 0) throw new Error(`the simulation of ${topology} with ${nodes} nodes failed`);
  return JSON.parse(stdout) as Result;
}
