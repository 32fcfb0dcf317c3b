// What the world can do to the status server, as an error whose message is a sentence for the operator.

import { formatHttpEndpoint, type HttpEndpoint } from './endpoint.ts';

export interface ErrorWithCode extends Error {
  readonly code: string;
}

export function isErrorWithCode(error: unknown): error is ErrorWithCode {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}

export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code: string;
  readonly retryable = false;

  constructor(message: string, options: { readonly code: string; readonly cause?: unknown }) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = options.code;
  }

  static inUse(endpoint: HttpEndpoint, cause?: unknown): ListenError {
    const message = `${formatHttpEndpoint(endpoint)} is in use: another Caracal seems to run on this node; stop it, or give another place with --http`;
    return new ListenError(message, { code: 'EADDRINUSE', cause });
  }

  static noToken(file: string): ListenError {
    return new ListenError(`there is no token in ${file}, or the file cannot be read (--http-token-file)`, {
      code: 'ENOTOKEN',
    });
  }

  static of(endpoint: HttpEndpoint, cause: Error): ListenError {
    const code = isErrorWithCode(cause) ? cause.code : 'UNKNOWN';
    if (code === 'EADDRINUSE') return ListenError.inUse(endpoint, cause);
    const reason = REASON[code] ?? `${cause.message}`;
    return new ListenError(`status cannot be served at ${formatHttpEndpoint(endpoint)}: ${reason}`, { code, cause });
  }
}

const REASON: Readonly<Record<string, string>> = {
  EACCES: 'permission denied; give another place with --http',
  EPERM: 'permission denied; give another place with --http',
  EADDRNOTAVAIL: 'this node does not have that address',
  EROFS: 'the file system is read-only; give another place with --http',
  ENOTDIR: 'a part of the path is not a folder',
};
