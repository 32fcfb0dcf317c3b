// What comes instead of an answer from the API server, each as one sentence for people and one word for programs.

import { connectionText, isSystemError } from '../errors.ts';

export type ApiErrorCode =
  /** No connection, or it broke. */
  | 'unreachable'
  /** No token or certificate could be had, so nothing was sent. */
  | 'credentials'
  | 'unauthorized'
  | 'forbidden'
  /** There is no such API, or no such object. */
  | 'absent'
  /** What is asked for is too old: 410. */
  | 'gone'
  /** Somebody else has changed or made it in between: 409. */
  | 'conflict'
  /** Any other answer that is none. */
  | 'refused'
  /** What came cannot be understood. */
  | 'garbage';

export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;
  /** Of HTTP, where there was an answer. */
  readonly status: number | undefined;
  /** Milliseconds that the server asks to wait. */
  readonly retryAfter: number | undefined;

  constructor(
    code: ApiErrorCode,
    message: string,
    options: { cause?: unknown; status?: number; retryAfter?: number } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.status = options.status;
    this.retryAfter = options.retryAfter;
  }
}

/** What a request wants, in the words of RBAC. */
export interface Target {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch';
  /** A plural, or plural/subresource; '' for discovery. */
  readonly resource: string;
  /** '' for the core group. */
  readonly group: string;
  readonly namespace?: string;
}

export function targetText({ verb, resource, group, namespace }: Target): string {
  const what = resource === '' ? 'ask for the API groups' : `${verb} ${resource}`;
  return `${what}${group === '' ? '' : ` of ${group}`}${namespace === undefined ? '' : ` in namespace ${namespace}`}`;
}

const CODES: Readonly<Record<number, ApiErrorCode>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'absent',
  409: 'conflict',
  410: 'gone',
};

export interface Refusal {
  readonly status: number;
  /** What the server says about it. */
  readonly message: string;
  readonly retryAfter?: number;
}

/** An answer other than success. */
export function refusal({ status, message, retryAfter }: Refusal, target: Target): ApiError {
  const code = CODES[status] ?? 'refused';
  const text = refusalText(code, status, message, target);
  return new ApiError(code, text, { status, ...(retryAfter === undefined ? {} : { retryAfter }) });
}

const LONGEST_QUOTE = 200;

function refusalText(code: ApiErrorCode, status: number, message: string, target: Target): string {
  switch (code) {
    case 'unauthorized':
      return 'the API server does not accept the credentials (401): the token is wrong, revoked or expired';
    case 'forbidden':
      return forbiddenText(message, target);
    case 'gone':
      return `the API server no longer has what is needed to ${targetText(target)} (410)`;
    default: {
      const quote = message.length > LONGEST_QUOTE ? `${message.slice(0, LONGEST_QUOTE)}...` : message;
      return `the API server answers ${status} to ${targetText(target)}${quote === '' ? '' : `: ${quote}`}`;
    }
  }
}

const READ = ['get', 'list', 'watch'];

/** Says which rule is missing, ready to be copied. */
function forbiddenText(message: string, target: Target): string {
  const user = /User "([^"]*)"/.exec(message)?.[1];
  const role = target.namespace === undefined ? 'ClusterRole' : `Role in namespace ${target.namespace}`;
  const verbs = READ.includes(target.verb) ? READ : [target.verb];
  const rule = { apiGroups: [target.group], resources: [target.resource], verbs };
  const who = user === undefined ? 'this user' : user;
  return `${who} may not ${targetText(target)}: its ${role} needs the rule ${JSON.stringify(rule)}`;
}

/** A connection that could not be made or broke; anything that is no such thing is thrown again. */
export function connectionError(host: string, error: unknown): ApiError {
  return new ApiError('unreachable', connectionText(host, error), { cause: error });
}

/** A token, certificate or exec plug-in that could not be had. What a plug-in prints may be secret and is not repeated. */
export function credentialsError(error: Error): ApiError {
  const why = isSystemError(error) ? systemText(error) : 'the program that makes them has failed';
  return new ApiError('credentials', `there are no credentials for the API server: ${why}`, { cause: error });
}

function systemText(error: Error & { code: string; path?: unknown }): string {
  return `${typeof error.path === 'string' ? error.path : 'a program or file'}: ${error.code}`;
}
