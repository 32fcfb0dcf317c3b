// A flood of pings that goes on until it is stopped, and the account of every packet.

import { spawn } from 'node:child_process';
import { environment, inNamespace } from '../../topologies/commands.ts';
import type { Lab } from '../../topologies/lab.ts';
import { LAB_MARK } from '../../topologies/lab-state.ts';

export interface Account {
  /** Answered packets. */
  readonly answered: number;
  /** Numbers of packets that were never answered although later ones were. */
  readonly lost: readonly number[];
}

const INTERVAL_SECONDS = '0.005';

/** Two hundred packets a second from a machine or pod; `stop` gives the account. Ends with the lab at the latest. */
export function flood(lab: Lab, from: string, to: string): { stop(): Promise<Account> } {
  const [file = '', ...args] = inNamespace(lab.namespace(from), ['ping', '-n', '-i', INTERVAL_SECONDS, to]);
  const child = spawn(file, args, {
    env: environment({ [LAB_MARK]: lab.directory }),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => resolve());
  });
  return {
    stop: async () => {
      child.kill('SIGINT');
      await ended;
      return accountOf(text);
    },
  };
}

function accountOf(text: string): Account {
  const answered = new Set([...text.matchAll(/ icmp_seq=(\d+) ttl=/g)].map(([, number]) => Number(number)));
  const last = Math.max(0, ...answered);
  const lost = Array.from({ length: last }, (_, i) => i + 1).filter((number) => !answered.has(number));
  return { answered: answered.size, lost };
}
