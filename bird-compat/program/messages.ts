// What the router has to tell, in the words of BIRD's log. What happens to sessions now and then is told always; each step
// of a protocol only where the configuration or `debug` asks for it.

import type { DownReason } from 'node-bgp';
import type { Fact } from '../../src/speaker/index.ts';
import { factLine } from '../../src/status/facts.ts';
import type { LogClass } from '../control/index.ts';
import type { DebugFlags } from '../intent/index.ts';
import { notificationText } from '../notification-text.ts';

export interface Message {
  readonly logClass: LogClass;
  readonly text: string;
}

const LEVELS: Readonly<Record<ReturnType<typeof factLine>['level'], LogClass>> = {
  debug: 'debug',
  info: 'info',
  warn: 'warning',
  error: 'error',
};

/** @param flagsOf what is to be told of a protocol */
export function messagesOf(fact: Fact, flagsOf: (protocol: string) => DebugFlags): readonly Message[] {
  const traced = (protocol: string, flag: string, text: string): readonly Message[] =>
    has(flagsOf(protocol), flag) ? [{ logClass: 'trace', text: `${protocol}: ${text}` }] : [];
  switch (fact.type) {
    case 'peerStateChanged': {
      const { peer, from, to } = fact;
      if (to === 'Established') {
        return [...traced(peer, 'events', 'BGP session established'), ...traced(peer, 'states', 'State changed to up')];
      }
      const ends = from === 'Established' ? traced(peer, 'states', 'State changed to start') : [];
      return [...ends, ...traced(peer, 'events', `BGP state is ${to}`)];
    }
    case 'peerDown': {
      const { peer, reason } = fact;
      const text = errorText(reason);
      return isRemote(reason)
        ? [{ logClass: 'remote', text: `${peer}: ${text}` }]
        : traced(peer, 'events', text === '' ? 'Down' : text);
    }
    case 'routesTreatedAsWithdrawn':
    case 'attributeDiscarded':
      return [{ logClass: 'remote', text: `${fact.peer}: ${fact.text}` }];
    case 'connectionRefused':
      return [{ logClass: 'warning', text: `BGP: Unexpected connect from unknown address ${fact.remote}` }];
    case 'problem': {
      const { place, text } = fact.problem;
      return [{ logClass: 'warning', text: place === undefined ? text : `${place} ${text}` }];
    }
    case 'filterRemark': {
      const { kind, text, policy, place = policy } = fact.remark;
      return [
        kind === 'print' ? { logClass: 'info', text } : { logClass: 'error', text: `filters, ${place}: ${text}` },
      ];
    }
    case 'intentApplied':
      return []; // what changed is told protocol by protocol
    default: {
      const { level, message } = factLine(fact);
      return [{ logClass: LEVELS[level], text: message }];
    }
  }
}

function has(flags: DebugFlags, flag: string): boolean {
  return flags === 'all' || flags.includes(flag);
}

/** Both ends are concerned: what was sent and what came is worth a line without being asked for. */
function isRemote({ type }: DownReason): boolean {
  return type === 'notificationSent' || type === 'notificationReceived';
}

function errorText(reason: DownReason): string {
  switch (reason.type) {
    case 'notificationSent': {
      const { code, subcode, text } = reason.fault;
      return `Error: ${notificationText(code, subcode)}${text === '' ? '' : ` (${text})`}`;
    }
    case 'notificationReceived': {
      const { code, subcode } = reason.message;
      return `Received: ${notificationText(code, subcode)}`;
    }
    case 'connectionLost':
    case 'stopped':
      return reason.text;
  }
}
