// Who programs the routes: Caracal's kernel room, and BIRD 2 with the same routes as static ones that its kernel protocol
// exports. Both are told to begin over a connection that is there already; both start anew for each run.

import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { waitFor } from '../../topologies/wait-for.ts';
import type { BenchNamespace } from './namespace.ts';
import type { Command, Look } from './programmer.ts';
import { GATEWAY, METRIC, prefixOf } from './routes.ts';

export interface Contender {
  readonly name: string;
  readonly pid: number;
  /** Gets ready for `go`, which makes the routes be there or not. */
  prepare(wish: 'route' | 'none', count: number): Promise<void>;
  /** Returns as soon as it is told. `watch`: looks at its turns meanwhile. */
  go(watch: boolean): void;
  /** Where it can say. */
  look(): Promise<Look | undefined>;
  stop(): Promise<void>;
}

export type Start = (namespace: BenchNamespace, count: number) => Promise<Contender>;

export const startCaracal: Start = async (namespace) => {
  const child = namespace.spawn([process.execPath, '--expose-gc', join(import.meta.dirname, 'programmer.ts')]);
  const answers = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const answer = async (): Promise<Look | null> => JSON.parse((await answers.next()).value ?? 'null');
  const tell = (command: Command) => child.stdin!.write(`${JSON.stringify(command)}\n`);
  await answer();
  return {
    name: 'caracal',
    pid: child.pid!,
    prepare: async (wish, count) => {
      tell({ type: 'prepare', wish, count });
      await answer();
    },
    go: (watch) => {
      tell({ type: 'go', watch });
      void answer();
    },
    look: async () => {
      tell({ type: 'look' });
      return (await answer()) ?? undefined;
    },
    stop: () => end(child),
  };
};

/** Why BIRD cannot take part; undefined: it can. */
export function birdMissing(): string | undefined {
  try {
    execFileSync('bird', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return 'bird2 is left out: it is not installed (Debian package bird2)';
  }
}

export const startBird: Start = async (namespace, count) => {
  const folder = mkdtempSync(join(tmpdir(), 'caracal-kernel-bench-'));
  const [file, socket] = [join(folder, 'bird.conf'), join(folder, 'bird.ctl')];
  writeFileSync(file, birdConfiguration(count));
  const child = namespace.spawn(['bird', '-f', '-c', file, '-s', socket], 'ignore');
  const control = await connect(socket);
  let command = '';
  return {
    name: 'bird2',
    pid: child.pid!,
    prepare: async (wish) => {
      command = wish === 'route' ? 'enable' : 'disable';
    },
    go: () => control.write(`${command} blocks\n`),
    look: async () => undefined,
    stop: async () => {
      control.destroy();
      await end(child);
      rmSync(folder, { recursive: true });
    },
  };
};

/** Protocols device, kernel and direct as confd writes them for Calico. */
function birdConfiguration(count: number): string {
  const routes = Array.from({ length: count }, (_, i) => `    route ${prefixOf(i)} via ${GATEWAY};\n`).join('');
  return `router id 192.0.2.1;
protocol device { scan time 2; }
protocol direct { ipv4; interface -"cali*", -"kube-ipvs*", "*"; }
protocol kernel {
  learn;
  persist;
  scan time 2;
  ipv4 { import all; export filter { if source != RTS_STATIC then reject; krt_metric = ${METRIC}; accept; }; };
}
protocol static blocks {
  disabled;
  ipv4;
${routes}}
`;
}

async function connect(path: string): Promise<Socket> {
  let socket: Socket | undefined;
  const attempt = async () => {
    const candidate = createConnection(path);
    const connected = await new Promise<boolean>((resolve) => {
      candidate.once('connect', () => resolve(true)).on('error', () => resolve(false));
    });
    if (connected) socket = candidate;
    return connected;
  };
  if (!(await waitFor(attempt, 30_000))) throw new Error('BIRD does not open its control socket');
  socket!.resume();
  return socket!;
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  if (child.stdin === null) child.kill('SIGTERM');
  else child.stdin.end();
  await exited;
}
