// The answer of another program as JSON.

import { inNamespace, run } from '../../../topologies/commands.ts';
import type { Machine } from '../stage.ts';

/** Undefined while the program does not answer, or has nothing to say. */
// biome-ignore lint/suspicious/noExplicitAny: JSON of another program, of which a few fields are read
export async function answerOf(machine: Machine, argv: readonly string[]): Promise<any> {
  const { status, stdout } = await run(inNamespace(machine.namespace, argv));
  if (status !== 0 || stdout.trim() === '') return undefined;
  try {
    return JSON.parse(stdout);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // in words, then: there is no such route
    throw error;
  }
}
