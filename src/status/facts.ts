// What the router has to tell, as sentences: one line of the log for each fact. Which lines are written, and where to,
// is the log's business. Facts hold no secrets, and nothing is added here.

import type { DownReason } from 'node-bgp';
import { describeNotification } from 'node-bgp';
import type { Fact } from '../speaker/types.ts';
import { problemText } from './text.ts';

export interface FactLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  /** The same for machines: peer, address, code ... */
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

export function factLine(fact: Fact): FactLine {
  switch (fact.type) {
    case 'peerStateChanged':
      return stateLine(fact);
    case 'peerDown':
      return downLine(fact);
    case 'routesTreatedAsWithdrawn':
      return peerLine(fact, `peer ${fact.peer} sent routes that count as withdrawn: ${fact.text}`);
    case 'attributeDiscarded':
      return peerLine(fact, `peer ${fact.peer} sent an attribute that is ignored: ${fact.text}`);
    case 'bfdStateChanged':
      return bfdLine(fact);
    case 'bfdTrouble':
      return peerLine(fact, `BFD for peer ${fact.peer} does not work: ${fact.text}`);
    case 'routeLimitExceeded': {
      const { type, peer, text, action } = fact;
      return { level: 'warn', message: `peer ${peer}: ${text}`, fields: { fact: type, peer, action } };
    }
    case 'connectionRefused':
      return {
        level: 'warn',
        message: `connection from ${fact.remote} refused: ${fact.text}`,
        fields: { fact: fact.type, address: fact.remote },
      };
    case 'intentApplied':
      return intentLine(fact);
    case 'problem': {
      const { kind, name, path } = fact.problem;
      return { level: 'warn', message: problemText(fact.problem), fields: { fact: fact.type, kind, name, path } };
    }
    case 'nextHopUnresolved':
      return {
        level: 'warn',
        message: `nothing resolves the next hop ${fact.nextHop}; its routes are not used`,
        fields: { fact: fact.type, nextHop: fact.nextHop },
      };
    case 'filterRemark':
      return filterLine(fact);
  }
}

type FactOf<Type extends Fact['type']> = Extract<Fact, { readonly type: Type }>;

function filterLine({ type, remark: { kind, policy, text, place, count } }: FactOf<'filterRemark'>): FactLine {
  const fields = { fact: type, policy, count, ...(place === undefined ? {} : { place }) };
  if (kind === 'print') return { level: 'info', message: `filter ${policy} prints: ${text}`, fields };
  const where = place === undefined ? '' : ` at ${place}`;
  const often = count === 1 ? 'rejected a route' : `rejected routes ${count} times`;
  return { level: 'warn', message: `filter ${policy} failed${where} and ${often}: ${text}`, fields };
}

function stateLine({ type, peer, address, from, to }: FactOf<'peerStateChanged'>): FactLine {
  const fields = { fact: type, peer, address, from, to };
  if (to === 'Established') return { level: 'info', message: `peer ${peer} (${address}) is Established`, fields };
  return { level: 'debug', message: `peer ${peer} (${address}) went from ${from} to ${to}`, fields };
}

function bfdLine({ type, peer, address, from, to, text }: FactOf<'bfdStateChanged'>): FactLine {
  const why = text === undefined ? '' : `: ${text}`;
  return {
    level: from === 'Up' ? 'warn' : to === 'Up' ? 'info' : 'debug',
    message: `BFD for peer ${peer} (${address}) went from ${from} to ${to}${why}`,
    fields: { fact: type, peer, address, from, to },
  };
}

/** A session lost is a warning, a failed attempt only if the peer objects: what refuses to connect is tried again. */
function downLine({ type, peer, address, reason, wasEstablished, ...more }: FactOf<'peerDown'>): FactLine {
  const lost = wasEstablished !== false;
  const { text, fields } = downText(reason);
  const what = lost ? 'went down' : 'did not come up';
  const { help, message } = more;
  const expected = reason.type === 'stopped' || (!lost && reason.type === 'connectionLost');
  return {
    level: expected ? 'info' : 'warn',
    message: `peer ${peer} (${address}) ${what}: ${text || 'stopped'}${help === undefined ? '' : `; ${help}`}`,
    fields: {
      ...{ fact: type, peer, address, wasEstablished: lost, reason: reason.type, ...fields },
      ...(help !== undefined && { help }),
      // Not `message`, which is the line itself to many who read logs.
      ...(message !== undefined && { received: message }),
    },
  };
}

/** The reason of an end in words, and the NOTIFICATION in numbers where there was one. */
export function downText(reason: DownReason): {
  readonly text: string;
  readonly fields: { readonly code?: number; readonly subcode?: number };
} {
  switch (reason.type) {
    case 'notificationSent': {
      const { code, subcode, data, text } = reason.fault;
      const description = describeNotification(code, subcode, data);
      return { text: `sent ${description}${text === '' ? '' : ` (${text})`}`, fields: { code, subcode } };
    }
    case 'notificationReceived': {
      const { code, subcode, data } = reason.message;
      return { text: `received ${describeNotification(code, subcode, data)}`, fields: { code, subcode } };
    }
    case 'connectionLost':
    case 'stopped':
      return { text: reason.text, fields: {} };
  }
}

function intentLine({ type, added, removed, restarted, refiltered }: FactOf<'intentApplied'>): FactLine {
  const counts = { added, removed, restarted, refiltered };
  const changes = Object.entries(counts).filter(([, count]) => count > 0);
  const text = changes.length === 0 ? 'no peer changed' : `peers ${changes.map(([k, n]) => `${k}: ${n}`).join(', ')}`;
  return { level: 'info', message: `configuration applied, ${text}`, fields: { fact: type, ...counts } };
}

function peerLine(
  fact: { readonly type: string; readonly peer: string; readonly text: string },
  message: string,
): FactLine {
  return { level: 'warn', message, fields: { fact: fact.type, peer: fact.peer } };
}
