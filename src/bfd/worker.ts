// The thread that BFD lives in: what the daemon wants goes in, what has changed comes out, and between the two nothing of
// the router's work is in the way. Its clock, its timer and its mailbox; sessions are sessions.ts's, sockets sockets.ts's.

import { parentPort } from 'node:worker_threads';
import { type BfdEffect, BfdSessions } from './sessions.ts';
import { BfdSockets } from './sockets.ts';
import type { BfdNews, BfdOrder } from './types.ts';

const LONGEST_TIMER = 2 ** 31 - 1;

/** As the daemon's clock: milliseconds since the epoch that never go back. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

const sessions = new BfdSessions(Math.random);
const sockets = new BfdSockets({
  receive: (bytes, arrival) => carryOut(sessions.receive(bytes, arrival, now())),
  trouble: (key, text) => tell({ type: 'trouble', key, text }),
  working: (key) => tell({ type: 'working', key }),
});
let timer: NodeJS.Timeout | undefined;

function tell(news: BfdNews): void {
  parentPort!.postMessage(news);
}

function carryOut(effects: readonly BfdEffect[]): void {
  for (const effect of effects) {
    switch (effect.type) {
      case 'send':
        sockets.send(effect.key, effect.bytes);
        break;
      case 'report':
        tell(effect);
        break;
      case 'gone':
        sockets.remove(effect.key);
        tell(effect);
    }
  }
  const due = sessions.nextDeadline();
  clearTimeout(timer);
  if (due === undefined) return;
  timer = setTimeout(
    () => carryOut(sessions.tick(now())),
    Math.min(LONGEST_TIMER, Math.max(0, Math.ceil(due - now()))),
  );
}

async function obey(order: BfdOrder): Promise<void> {
  if (order.type === 'sessions') {
    await sockets.add(order.sessions);
    carryOut(sessions.want(order.sessions, now()));
    return;
  }
  carryOut(sessions.want(new Map(), now()));
  clearTimeout(timer);
  await sockets.close();
  parentPort!.close();
}

let obeyed = Promise.resolve();
parentPort!.on('message', (order: BfdOrder) => {
  obeyed = obeyed.then(() => obey(order));
});
