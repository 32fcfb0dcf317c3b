// The load generator's process: a task in as the name of a file with JSON, a result out as JSON on the standard output.

import { readFileSync } from 'node:fs';
import type { Task } from './run-result.ts';
import { runTask } from './workloads.ts';

const task: Task = JSON.parse(readFileSync(process.argv[2] ?? '/dev/stdin', 'utf8'));
process.stdout.write(`${JSON.stringify(runTask(task))}\n`);
