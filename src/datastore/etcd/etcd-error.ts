// What comes instead of an answer from etcd, each as one sentence for people and one word for programs.

import { connectionText } from '../errors.ts';

export type EtcdErrorCode =
  /** No connection, or it broke, or there is no quorum. */
  | 'unreachable'
  /** The user or the password is wrong, or none is given where one is needed. */
  | 'credentials'
  /** The token is not, or no longer, known. */
  | 'unauthenticated'
  | 'forbidden'
  /** The revision that is asked for is compacted. */
  | 'compacted'
  /** Authentication is asked for where it is not enabled. */
  | 'withoutUsers'
  /** This is another etcd than before, or one that was set back to a backup. */
  | 'replaced'
  /** Any other answer that is none. */
  | 'refused'
  /** What came cannot be understood. */
  | 'garbage'
  /** A file of ours or DNS does not say how to go on. */
  | 'access';

export class EtcdError extends Error {
  override readonly name = 'EtcdError';
  readonly code: EtcdErrorCode;

  constructor(code: EtcdErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
  }
}

/** What a request is for. */
export interface Purpose {
  /** `read bgppeers`. */
  readonly text: string;
  /** Absent: nobody in particular. */
  readonly user?: string;
}

/** Codes of gRPC as far as they tell something. */
const INVALID_ARGUMENT = 3;
const PERMISSION_DENIED = 7;
const FAILED_PRECONDITION = 9;
const OUT_OF_RANGE = 11;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

const LONGEST_QUOTE = 200;

/** An answer other than success. @param code of gRPC; undefined where the answer was not etcd's */
export function refusal(host: string, code: number | undefined, message: string, purpose: Purpose): EtcdError {
  const quote = message.length > LONGEST_QUOTE ? `${message.slice(0, LONGEST_QUOTE)}...` : message;
  switch (code) {
    case UNAUTHENTICATED:
      return new EtcdError('unauthenticated', `${host} no longer knows our token: ${quote}`);
    case PERMISSION_DENIED:
      return new EtcdError('forbidden', forbiddenText(host, purpose));
    case OUT_OF_RANGE:
      return compactedError(host);
    case UNAVAILABLE:
      return new EtcdError('unreachable', `${host} cannot answer now: ${quote}`);
    case FAILED_PRECONDITION:
      if (purpose === AUTHENTICATION) return new EtcdError('withoutUsers', `${host} has no users`);
      break;
    case INVALID_ARGUMENT:
      if (purpose === AUTHENTICATION) return new EtcdError('credentials', WRONG_PASSWORD);
      if (purpose.user === undefined) return new EtcdError('credentials', `${NO_USER} (${host}: ${quote})`);
  }
  return new EtcdError('refused', `${host} refuses to ${purpose.text}${quote === '' ? '' : `: ${quote}`}`);
}

export const AUTHENTICATION: Purpose = { text: 'authenticate' };

const WRONG_PASSWORD =
  'etcd does not accept user and password: ETCD_USERNAME or ETCD_PASSWORD is wrong, or there is no such user';
const NO_USER = 'etcd does not answer without a user: set ETCD_USERNAME and ETCD_PASSWORD';

function forbiddenText(host: string, { text, user }: Purpose): string {
  const grant = 'etcdctl role grant-permission ROLE read --prefix /calico/';
  if (user === undefined) return `${host} does not allow us to ${text}; a role needs: ${grant}`;
  return `${host} does not allow ${user} to ${text}; a role of ${user} needs: ${grant}`;
}

export function compactedError(host: string): EtcdError {
  return new EtcdError('compacted', `${host} no longer has the revision that we know (compacted)`);
}

/** A connection that could not be made or broke; anything that is no such thing is thrown again. */
export function connectionError(host: string, error: unknown): EtcdError {
  if (error instanceof EtcdError) return error;
  return new EtcdError('unreachable', connectionText(host, error), { cause: error });
}
