// When is a lab up? When every session of every router is Established and every node's kernel has a route to each block
// of the others. Reports the steps on the way, and says what is missing when it takes too long.

import type { Lab } from './lab.ts';
import { LabError } from './lab-file.ts';
import { waitFor } from './wait-for.ts';

export interface Step {
  readonly machine: string;
  readonly text: string;
}

const LIMIT_MS = 30_000;

/** Each step is reported once, as soon as it is seen. */
export async function waitUntilConverged(lab: Lab, report: (step: Step) => void = () => {}): Promise<void> {
  const done = new Set<string>();
  const reportOnce = (step: Step) => {
    const key = `${step.machine} ${step.text}`;
    if (!done.has(key)) report(step);
    done.add(key);
  };
  const check = async () => {
    const failure = lab.routers.map(({ name }) => lab.failure(name)).find((text) => text !== undefined);
    if (failure !== undefined) throw new LabError(failure);
    const states = await Promise.all(lab.routers.map(({ name }) => machineState(lab, name)));
    for (const state of states) for (const step of state.reached) reportOnce(step);
    return states.every(({ missing }) => missing === undefined);
  };
  if (await waitFor(check, LIMIT_MS)) return;
  const states = await Promise.all(lab.routers.map(({ name }) => machineState(lab, name)));
  const missing = states.map((state) => state.missing).filter((text) => text !== undefined);
  const logs = lab.routers.map(({ name }) => `── ${name}\n${lab.logTail(name, 10)}`);
  throw new LabError(`not converged after ${LIMIT_MS / 1000} s: ${missing.join('; ')}\n${logs.join('\n')}`);
}

interface MachineState {
  readonly reached: readonly Step[];
  readonly missing?: string;
}

async function machineState(lab: Lab, name: string): Promise<MachineState> {
  const sessions = await lab.sessions(name);
  if (sessions === undefined) return { reached: [], missing: `${name} does not answer` };
  const { established, total } = sessions;
  if (established < total || total === 0) {
    return { reached: [], missing: `${name} has ${established} of ${total} sessions` };
  }
  const reached = [{ machine: name, text: `${total} of ${total} sessions Established` }];
  if (!lab.machine(name).isNode) return { reached };
  const usable = (await lab.kernelRoutes(name)).filter(({ type }) => type === undefined || type === 'unicast');
  const present = new Set(usable.map(({ dst }) => dst));
  const wanted = lab.foreignBlocks(name);
  const absent = wanted.filter((block) => !present.has(block));
  if (absent.length > 0) return { reached, missing: `${name} has no route to ${absent.join(', ')}` };
  if (wanted.length === 0) return { reached };
  return { reached: [...reached, { machine: name, text: `kernel routes to ${wanted.length} foreign blocks` }] };
}
