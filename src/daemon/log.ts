// The log: facts of the router and events of the daemon as lines of JSON (pino) on standard error. Levels as in
// `--log-level`. Never a password, never a whole resource.

import { type Logger, pino } from 'pino';
import type { KernelProblem } from '../kernel/troubles.ts';
import type { Fact } from '../speaker/index.ts';
import { factLine } from '../status/facts.ts';

export type { Logger };

export function makeLogger(level: string, node: string): Logger {
  return pino(
    {
      level,
      base: { node },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

export function logFact(logger: Logger, fact: Fact): void {
  const { level, message, fields } = factLine(fact);
  logger[level](fields, message);
}

/** What is wrong with a kernel route or the tunnel; `GET /status` says whether it still is. */
export function logKernelProblem(logger: Logger, problem: KernelProblem): void {
  if (problem.type === 'tunnel') logger.warn({ kernel: problem.type }, problem.text);
  else {
    const { type, prefix, text } = problem;
    logger.warn({ kernel: type, prefix }, `kernel route ${prefix}: ${text}`);
  }
}
