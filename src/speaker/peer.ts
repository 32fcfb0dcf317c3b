// One peer of the router: its intent, its state machine, and for each family of an established session the source that
// its routes have in the RIB. Holds and counts; what happens is decided in sessions.ts.

import {
  type Asn,
  type ConnectionId,
  type DownReason,
  describeNotification,
  type Endpoints,
  type Family,
  type Negotiated,
  Peer,
  type PeerDependencies,
  type PeerOutput,
  type PeerState,
  type RouterId,
  toHex,
} from 'node-bgp';
import type { PeerIntent } from '../intent/types.ts';
import type { PolicyPeer } from '../policy/index.ts';
import type { ImportPolicy, Source } from '../rib/index.ts';
import { advise } from './advice.ts';
import { type SessionCircumstances, sessionConfig } from './session-config.ts';
import type { PeerError, SessionFailure } from './types.ts';

/** A family of an established session, or of one that restarts gracefully. */
export interface PeerFamily {
  readonly source: Source;
  importPolicy: ImportPolicy;
  /** Milliseconds: when routes that are still stale go, or become the last choice; undefined: there are none. */
  staleUntil: number | undefined;
  /** Milliseconds that routes are kept as the last choice after that (RFC 9494 4.2). */
  longStaleTime: number;
  /** Milliseconds: when those go too; undefined: it has not come to that. */
  longStaleUntil: number | undefined;
  /** The peer has sent its whole table (RFC 4724 2). */
  endOfRib: boolean;
  /** The peer has been sent the table as far as it goes, and is to be told its end when that is known. */
  owedEndOfRib: boolean;
}

export interface Session {
  readonly connection: ConnectionId;
  readonly endpoints: Endpoints;
  readonly negotiated: Negotiated;
}

/** How a session, or an attempt at one, ended. */
export type End = Extract<PeerOutput, { readonly type: 'down' }>;

/** Octets of a message that are kept for those who look into it. */
const LONGEST_QUOTE = 512;

/** Milliseconds: longer than any pause between two attempts. */
const LASTING_ERROR = 60_000;

export class SpeakerPeer {
  intent: PeerIntent;
  readonly machine: Peer;
  /** Milliseconds: when the present state was entered. */
  since: number;
  /** The state before the present one. */
  cameFrom: PeerState = 'Idle';
  /** Milliseconds: when the last session began or ended, or when the peer was made or switched off or on. */
  turnedAt: number;
  /** Switched off by hand, with these words. */
  shutdown: { readonly text: string } | undefined;
  session: Session | undefined;
  lastError: PeerError | undefined;
  readonly families = new Map<Family, PeerFamily>();
  updatesIn = 0;
  updatesOut = 0;
  octetsIn = 0;
  octetsOut = 0;
  flaps = 0;
  /** Its tables of all families have come in at least once. */
  hasConverged = false;
  /** Milliseconds: when a table whose end is not marked counts as told. */
  tableExpectedUntil: number | undefined;
  /** Attempts to connect that failed since the last session. */
  failedAttempts = 0;
  /** Milliseconds: a limit of routes was exceeded, and no session is begun before; undefined: that is not so. */
  closedUntil: number | undefined;
  /** Somebody has connected, or we were connected, since this peer was made. */
  wasMet = false;
  /** `KIND FAMILY` of limits that are exceeded, which has been told. */
  readonly exceededLimits = new Set<string>();
  /** There was a session since this peer was made. */
  hadSession = false;
  circumstances: SessionCircumstances;

  constructor(
    intent: PeerIntent,
    bgpIdentifier: RouterId,
    circumstances: SessionCircumstances,
    dependencies: PeerDependencies,
    now: number,
  ) {
    this.intent = intent;
    this.circumstances = circumstances;
    this.machine = new Peer(sessionConfig(intent, bgpIdentifier, circumstances), dependencies);
    this.since = now;
    this.turnedAt = now;
  }

  /** A limit of routes keeps it closed. */
  get isClosed(): boolean {
    return this.closedUntil !== undefined;
  }

  /** Of the session: a peer of any AS has none before; 0 then. */
  get remoteAs(): Asn {
    return this.session?.negotiated.remoteAs ?? this.intent.remoteAs;
  }

  get policyPeer(): PolicyPeer {
    return policyPeerOf(this.intent, this.remoteAs);
  }

  noteDown({ reason, wasEstablished, message }: End, now: number): void {
    const error = describeDown(reason);
    if (error === undefined) return;
    const help = advise(reason, this.intent, this.cameFrom);
    const failure = failureOf(reason, this.cameFrom);
    const { lastError } = this;
    const wasSaid = lastError?.code !== undefined && now - lastError.at < LASTING_ERROR;
    // What a NOTIFICATION said is worth more than that the next attempts did not get as far.
    if (wasSaid && error.code === undefined && !wasEstablished) return;
    this.lastError = {
      at: now,
      ...error,
      ...(failure === undefined ? {} : { failure }),
      ...(help === undefined ? {} : { help }),
      ...(message === undefined ? {} : { message: toHex(message, 0, Math.min(message.length, LONGEST_QUOTE)) }),
    };
  }
}

/** The session as filters see it. */
export function policyPeerOf(peer: PeerIntent, remoteAs: Asn = peer.remoteAs): PolicyPeer {
  const { name, localAs, address } = peer;
  return { name, type: localAs === remoteAs ? 'ibgp' : 'ebgp', localAs, remoteAs, address };
}

/** @param stage how far the connection had come when it ended */
function failureOf(reason: DownReason, stage: PeerState): SessionFailure | undefined {
  if (reason.type !== 'connectionLost') return undefined;
  if (stage === 'Established') return 'broken';
  return stage === 'OpenSent' || stage === 'OpenConfirm' ? 'closedAtOnce' : reason.failure;
}

/** The end of a session, or of an attempt, in words; undefined where nobody has to be told (our own stop). */
export function describeDown(reason: DownReason): Omit<PeerError, 'at'> | undefined {
  switch (reason.type) {
    case 'notificationSent': {
      const { code, subcode, data, text } = reason.fault;
      const name = describeNotification(code, subcode, data);
      return { text: `sent ${name}${text === '' ? '' : ` (${text})`}`, direction: 'sent', code, subcode };
    }
    case 'notificationReceived': {
      const { code, subcode, data } = reason.message;
      return { text: `received ${describeNotification(code, subcode, data)}`, direction: 'received', code, subcode };
    }
    case 'connectionLost':
      return { text: reason.text };
    case 'stopped':
      return undefined;
  }
}
