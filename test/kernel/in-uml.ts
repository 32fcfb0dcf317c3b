// Scenarios as tests: one boot of a user-mode Linux for each file, one test for each step. Where user-mode Linux cannot be
// had and the machine's own kernel has ipip, the scenario runs here; where neither is there it is skipped and says why.

import { join, relative } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type CommandResult, run, runOrThrow } from '../../topologies/commands.ts';
import { HOME } from '../../topologies/daemons.ts';
import { hasIpip, runInUml, UML_CODE_CACHE } from '../../topologies/uml.ts';
import { missing } from '../requirements.ts';
import type { Outcome, Scenario } from './scenario.ts';

/** Seconds that a scenario may take on a busy machine. */
const LIMIT = 240;

/** @param file of the scenario, in this folder */
export function testScenario(name: string, file: string, scenario: Scenario): void {
  const noUml = missing('ip', 'ping', 'linux.uml', 'modprobe');
  const cannotRunHere = missing('ip', 'ping', 'namespaces');
  const reason = noUml === undefined || cannotRunHere === undefined ? undefined : noUml;
  const define = reason === undefined ? describe : describe.skip;
  define(reason === undefined ? name : `${name} [skipped: ${reason}]`, () => {
    const outcomes = new Map<string, Outcome>();
    let absent: string | undefined;
    beforeAll(
      async () => {
        if (noUml !== undefined && !(await hasIpip())) {
          absent = `${noUml}, as this kernel has no ipip`;
          return;
        }
        const { status, stdout, stderr } = await playScenario(file, noUml === undefined);
        const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
        for (const outcome of lines.map((line) => JSON.parse(line) as Outcome)) outcomes.set(outcome.step, outcome);
        if (outcomes.size === 0) throw new Error(`the scenario ended with ${status}: ${stdout}${stderr}`);
      },
      (LIMIT + 10) * 1000,
    );
    for (const step of Object.keys(scenario.steps)) {
      test(step, (context) => {
        if (absent !== undefined) context.skip(absent);
        const outcome = outcomes.get(step) ?? { error: 'the scenario did not come to this step' };
        expect(outcome.error).toBeUndefined();
      });
    }
  });
}

async function playScenario(file: string, inUml: boolean): Promise<CommandResult> {
  const command = [process.execPath, relative(HOME, join(import.meta.dirname, 'play.ts')), join(import.meta.dirname, file)]; // biome-ignore format: one line
  if (!inUml) return run(command);
  await compileDaemon();
  return runInUml(command, { cwd: HOME, limit: LIMIT });
}

/** Here there are more processors, and it is done once for all daemons inside. */
async function compileDaemon(): Promise<void> {
  const daemon = join(HOME, 'src/daemon/run.ts');
  const program = `await import(${JSON.stringify(daemon)}); process.exit();`;
  const node = [process.execPath, '--input-type=module', '--eval', program];
  await runOrThrow(['env', `NODE_COMPILE_CACHE=${UML_CODE_CACHE}`, ...node]);
}
