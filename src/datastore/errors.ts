// What the world refuses to a datastore driver. What is wrong in a resource is a ResourceProblem, never an error.

export class DatastoreError extends Error {
  override readonly name = 'DatastoreError';
  /** For programs: the system's code (`ENOENT`, `ECONNREFUSED` ...) or a word of the driver. */
  readonly code: string;
  /** Whether trying again can help without anybody changing something. */
  readonly retryable: boolean;

  constructor(message: string, options: { code: string; retryable: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.code = options.code;
    this.retryable = options.retryable;
  }
}

const SENTENCES: Readonly<Record<string, (path: string) => string>> = {
  ENOENT: (path) => `${path} does not exist`,
  EACCES: (path) => `${path} cannot be read: permission denied`,
  EPERM: (path) => `${path} cannot be read: permission denied`,
  ENOTDIR: (path) => `${path} cannot be read: a part of the path is not a folder`,
  ELOOP: (path) => `${path} cannot be read: symbolic links go round in circles`,
};

export function isSystemError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'syscall' in error;
}

/** A failed call of the file system as one sentence; anything else is not ours to explain and is thrown again. */
export function fileError(path: string, error: unknown): DatastoreError {
  if (!isSystemError(error)) throw error;
  const message = SENTENCES[error.code]?.(path) ?? `${path} cannot be read (${error.code})`;
  return new DatastoreError(message, { code: error.code, retryable: error.code !== 'ELOOP', cause: error });
}
