// Caracal's kernel room alone, as a process in the namespace of the benchmark: no BGP, no fib, routes straight from a loop.
// A line of JSON a command on standard input, a line an answer; when the kernel has it all is not said here, but seen there.

import { createInterface } from 'node:readline';
import type { KernelWish } from '../../src/fib/types.ts';
import { LinuxKernel } from '../../src/kernel/kernel.ts';
import { GATEWAY, METRIC, prefixOf } from './routes.ts';
import { type Turns, TurnWatch } from './turns.ts';

export type Command =
  /** Makes wishes: routes 0 to `count` are to be there, or not. */
  | { readonly type: 'prepare'; readonly wish: 'route' | 'none'; readonly count: number }
  /** Hands them to the kernel room, and looks at the turns of the event loop from then on if asked to. */
  | { readonly type: 'go'; readonly watch: boolean }
  | { readonly type: 'look' };

export interface Look {
  /** Since `go`; undefined where nobody looked. */
  readonly turns?: Turns;
  /** Octets of heap after a collection. */
  readonly heap: number;
}

const nextHops = [{ gateway: GATEWAY, device: 'eth0' }];
const kernel = new LinuxKernel();
let prepared: KernelWish[] = [];
let watch: TurnWatch | undefined;

function carryOut(command: Command): Look | null {
  switch (command.type) {
    case 'prepare':
      prepared = Array.from({ length: command.count }, (_, i) => wishOf(command.wish, prefixOf(i)));
      globalThis.gc?.();
      return null;
    case 'go':
      if (command.watch) watch = new TurnWatch();
      kernel.program(prepared);
      prepared = [];
      return null;
    case 'look': {
      const turns = watch?.stop();
      watch = undefined;
      globalThis.gc?.();
      return { heap: process.memoryUsage().heapUsed, ...(turns === undefined ? {} : { turns }) };
    }
  }
}

function wishOf(type: 'route' | 'none', prefix: string): KernelWish {
  return type === 'none' ? { type, prefix } : { type, route: { prefix, type: 'unicast', metric: METRIC, nextHops } };
}

await kernel.start(() => {});
kernel.sweep();
console.log('null');
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(carryOut(JSON.parse(line) as Command)));
}
await kernel.stop();
