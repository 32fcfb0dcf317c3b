// What both ends of a session say, brought together: why there is none, and in which direction. The rules are a list; the
// first one that has something to say is right. Pure.

import { CEASE, ERROR, OPEN_ERROR } from 'node-bgp';
import { FAMILY_NAME } from '../peer-report.ts';
import type { LastErrorReport } from '../types.ts';
import type { Cause, SessionReport, SessionsReport } from './types.ts';

/** One end that is not as it should be, or at which there is nothing. */
export interface End {
  /** A node by name, anybody else by address. */
  readonly node: string;
  /** Absent: it was not asked, or gave no answer. */
  readonly report?: SessionsReport;
  readonly said: 'none' | 'up' | 'unknown' | SessionReport;
}

export interface Verdict {
  readonly cause: Cause;
  /** Absent: it concerns both directions. */
  readonly oneWay?: { readonly from: string; readonly to: string };
  /** The session is there all the same. */
  readonly isUp?: boolean;
  readonly text: string;
  readonly help?: string;
}

/** Looks from one end at the other. */
type Rule = (end: Told, other: End) => Verdict | undefined;

/** An end that says what is the matter. */
interface Told extends End {
  readonly said: SessionReport;
}

/** Undefined: there is nothing wrong. */
export function verdictOf(a: End, b: End): Verdict | undefined {
  const told = [a, b].filter(isTold).sort((one, two) => errorTime(two) - errorTime(one));
  if (told.length === 0) return undefined;
  for (const rule of RULES) {
    for (const end of told) {
      const verdict = rule(end, end.node === a.node ? b : a);
      if (verdict !== undefined) return verdict;
    }
  }
  return undefined;
}

function isTold(end: End): end is Told {
  return typeof end.said === 'object';
}

/** What was said last is nearest to the truth: an end that waits to be called may have an old story. */
function errorTime({ said }: Told): number {
  return said.lastError === undefined ? 0 : Date.parse(said.lastError.at);
}

const RULES: readonly Rule[] = [
  unconfigured,
  withoutFamily,
  disagreement,
  wrongPassword,
  halfOpen,
  notification,
  halfUp,
  failure,
  away,
  pending,
];

function unconfigured({ node, said }: Told, other: End): Verdict | undefined {
  if (other.said !== 'none') return undefined;
  const { synced = true, detail } = other.report?.datastore ?? {};
  const stale = synced ? '' : `; it does not see its datastore${detail === undefined ? '' : ` (${detail})`}`;
  const name = `${node}${said.sourceAddress === undefined ? '' : ` (${said.sourceAddress})`}`;
  const help = `caracal status on ${other.node} shows its problems; ${node} has the session${byText(said)}`;
  return {
    ...oneWay('unconfigured', node, other.node),
    text: `${other.node} has no session with ${name}${stale}`,
    help,
  };
}

function withoutFamily({ node, said }: Told, other: End): Verdict | undefined {
  if (said.missing.length === 0) return undefined;
  const names = said.missing.map((family) => FAMILY_NAME[family]).join(' and ');
  const text = `the session is up without ${names}: ${node} wants it, ${other.node} does not offer it`;
  return { cause: 'family', isUp: true, text, help: `switch ${names} on at ${other.node}, or off at ${node}` };
}

/** Where both ends say how they are set, their errors need not be asked. */
function disagreement({ node, said, report }: Told, other: End): Verdict | undefined {
  const { said: theirs } = other;
  if (typeof theirs !== 'object' || said.state === 'Established' || theirs.state === 'Established') return undefined;
  const { asNumber } = said;
  if (asNumber !== 0 && asNumber !== theirs.localASNumber) {
    const text = `${node} expects AS ${asNumber} of ${other.node}, which is AS ${theirs.localASNumber} towards it`;
    return { cause: 'as', text, help: `change one of them${byText(said)}` };
  }
  if (said.password && !theirs.password) {
    const text = `${node} has a password for this session, and ${other.node} has none`;
    return { cause: 'password', text, help: `set it at both ends, or at none${byText(said)}` };
  }
  if (report?.routerID !== undefined && report.routerID === other.report?.routerID) {
    const text = `${node} and ${other.node} have one router ID, ${report.routerID}`;
    return { cause: 'routerID', text, help: 'give one of them another (CALICO_ROUTER_ID)' };
  }
  return undefined;
}

/** Which resources say so. */
function byText({ origin }: SessionReport): string {
  return origin.length === 0 ? '' : ` (by ${origin.join(', ')})`;
}

const OPEN_CAUSES: Readonly<Record<number, Cause>> = {
  [OPEN_ERROR.UNSUPPORTED_VERSION_NUMBER]: 'version',
  [OPEN_ERROR.BAD_PEER_AS]: 'as',
  [OPEN_ERROR.BAD_BGP_IDENTIFIER]: 'routerID',
  [OPEN_ERROR.UNSUPPORTED_CAPABILITY]: 'family',
  [OPEN_ERROR.ROLE_MISMATCH]: 'role',
};

const CEASE_CAUSES: Readonly<Record<number, Cause>> = {
  [CEASE.MAXIMUM_NUMBER_OF_PREFIXES_REACHED]: 'limit',
  [CEASE.ADMINISTRATIVE_SHUTDOWN]: 'shutdown',
  [CEASE.PEER_DE_CONFIGURED]: 'unconfigured',
  [CEASE.CONNECTION_REJECTED]: 'unconfigured',
};

/** The last word that went between them. */
function notification({ node, said }: Told, other: End): Verdict | undefined {
  const { lastError } = said;
  if (said.state === 'Established' || lastError?.code === undefined) return undefined;
  const since = typeof other.said === 'object' && isNewer(other.said, said) ? other.said.lastError : undefined;
  const isSilence = lastError.code === ERROR.HOLD_TIMER_EXPIRED && (since?.failure ?? 'unanswered') === 'unanswered';
  if (isSilence) return fellSilent(node, other, lastError);
  if (since !== undefined) return undefined;
  const [speaker, hearer] = lastError.direction === 'sent' ? [node, other.node] : [other.node, node];
  const cause = causeOf(lastError);
  const text = `${node} ${lastError.text}`;
  return {
    ...(cause === 'unconfigured' ? oneWay(cause, hearer, speaker) : { cause }),
    ...{ text, ...(lastError.help !== undefined && { help: lastError.help }) },
  };
}

function causeOf({ code, subcode = 0 }: LastErrorReport): Cause {
  if (code === ERROR.OPEN) return OPEN_CAUSES[subcode] ?? 'other';
  return (code === ERROR.CEASE ? CEASE_CAUSES[subcode] : undefined) ?? 'other';
}

/** Something has happened to the other end since. */
function isNewer({ lastError: theirs }: SessionReport, { lastError: ours }: SessionReport): boolean {
  return theirs !== undefined && ours !== undefined && Date.parse(theirs.at) > Date.parse(ours.at);
}

/** Whoever sent that its hold timer expired did not hear the other one; where that arrived, the way back was open. */
function fellSilent(node: string, other: End, { direction }: LastErrorReport): Verdict {
  const [deaf, mute] = direction === 'sent' ? [node, other.node] : [other.node, node];
  const theirs = typeof other.said === 'object' ? other.said.lastError : undefined;
  const bothSent = direction === 'sent' && theirs?.code === ERROR.HOLD_TIMER_EXPIRED && theirs.direction === 'sent';
  if (bothSent) {
    const text = `${node} and ${other.node} do not hear each other any more (hold timer)`;
    return { cause: 'firewall', text, help: WAYS };
  }
  const text = `${deaf} has not heard ${mute} any more (hold timer), so packets from ${mute} to ${deaf} get lost`;
  return { ...oneWay('firewall', mute, deaf), text, help: FIREWALL };
}

const FIREWALL = 'look for a firewall that stops packets in this direction, and for long packets that get lost (MTU)';
const WAYS = 'look for a firewall between them (TCP port 179), and for the way itself';

/** One hears the other knock, and the other does not hear the answer. */
function halfOpen({ node, said }: Told, other: End): Verdict | undefined {
  if (!said.halfOpen) return undefined;
  const text = `${node} hears ${other.node} connect, and ${other.node} does not hear the answer`;
  return { ...oneWay('firewall', node, other.node), text, help: FIREWALL };
}

/** How far connections came. */
function failure({ node, said }: Told, other: End): Verdict | undefined {
  const { lastError, port, peerIP } = said;
  const words = lastError?.text;
  if (said.state === 'Established' || lastError === undefined) return undefined;
  const help = lastError.help === undefined ? {} : { help: lastError.help };
  const text = `${node} says of ${other.node}: ${words}`;
  switch (lastError.failure) {
    case 'unanswered':
      return unanswered(node, said, other);
    case 'refused': {
      const why =
        other.report === undefined ? '' : `: ${other.node} runs, so it listens elsewhere, or a firewall refuses`;
      return { ...oneWay('refused', node, other.node), text: `${at(peerIP, port)} refuses ${node}${why}`, ...help };
    }
    case 'unreachable':
    case 'noRoute':
    case 'noSourceAddress':
      return { ...oneWay('unroutable', node, other.node), text, ...help };
    case 'closedAtOnce':
      return { ...oneWay('closed', node, other.node), text, ...help };
    case 'broken':
      return { cause: 'lost', text, ...help };
    default:
      return { cause: 'other', text, ...help };
  }
}

/** TCP says nothing of it; the kernel that drops such packets counts them, though not whose they are. */
function wrongPassword(end: Told, other: End): Verdict | undefined {
  const { said } = end;
  const drops = [end, other].filter(({ report }) => (report?.md5Drops?.wrong ?? 0) > 0).map(({ node }) => node);
  if (!said.password || said.lastError?.failure !== 'unanswered' || drops.length === 0) return undefined;
  const text = `the passwords seem to differ: the kernel of ${drops.join(' and of ')} drops packets that are signed with another one`;
  return { cause: 'password', text, help: `compare it at both ends${byText(said)}` };
}

function unanswered(node: string, said: SessionReport, other: End): Verdict {
  const { password, peerIP, port } = said;
  const text = `${other.node} does not answer ${node} at ${at(peerIP, port)}`;
  const doubt = password ? '; a wrong password looks the same' : '';
  const help = `look for a firewall between them that drops packets from ${node} to port ${port}${doubt}`;
  return { ...oneWay('firewall', node, other.node), text, help };
}

function at(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function halfUp({ node, said }: Told, other: End): Verdict | undefined {
  const isUp = other.said === 'up' || (typeof other.said === 'object' && other.said.state === 'Established');
  if (said.state === 'Established' || !isUp) return undefined;
  const text = `${other.node} says Established, ${node} says ${said.info}`;
  return { cause: 'halfUp', text, help: 'look again: one of them has not noticed yet' };
}

function away({ said }: Told): Verdict | undefined {
  return said.absent === undefined ? undefined : { cause: 'away', text: said.absent };
}

function pending({ node, said }: Told): Verdict | undefined {
  return said.state === 'Established' ? undefined : { cause: 'pending', text: `${node} says ${said.info}` };
}

function oneWay(cause: Cause, from: string, to: string): Pick<Verdict, 'cause' | 'oneWay'> {
  return { cause, oneWay: { from, to } };
}
