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

const FILE_SENTENCES: Readonly<Record<string, (path: string) => string>> = {
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
  const message = FILE_SENTENCES[error.code]?.(path) ?? `${path} cannot be read (${error.code})`;
  return new DatastoreError(message, { code: error.code, retryable: error.code !== 'ELOOP', cause: error });
}

const CONNECTION_SENTENCES: Readonly<Record<string, (host: string) => string>> = {
  ECONNREFUSED: (host) => `${host} refuses connections`,
  ECONNRESET: (host) => `${host} has closed the connection`,
  EPIPE: (host) => `${host} has closed the connection`,
  ENOTFOUND: (host) => `${host} has no address in DNS`,
  EAI_AGAIN: (host) => `the address of ${host} cannot be looked up in DNS now`,
  CERT_HAS_EXPIRED: (host) => `the certificate of ${host} has expired`,
  ERR_TLS_CERT_ALTNAME_INVALID: (host) => `the certificate of ${host} is for another name`,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  ERR_SSL_WRONG_VERSION_NUMBER: (host) => `${host} does not speak TLS; its URL begins with http:`,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: (host) => `${host} does not speak TLS; its URL begins with http:`,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: unknownToServer,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: unknownToServer,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: unknownToServer,
  'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE': unknownToServer,
  'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN': unknownToServer,
  HPE_INVALID_CONSTANT: (host) => `${host} does not speak HTTP; if it speaks TLS, its URL begins with https:`,
};

function untrusted(host: string): string {
  return `the certificate of ${host} is not signed by the CA that was given`;
}

/** Some servers say the same where there is none and where it is not a good one. */
function unknownToServer(host: string): string {
  return `${host} wants a client certificate that it knows`;
}

/** Why a connection could not be made, or broke, as one sentence; anything that is no such thing is thrown again. */
export function connectionText(host: string, error: unknown): string {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) throw error;
  return CONNECTION_SENTENCES[error.code]?.(host) ?? `${host} cannot be reached (${error.code})`;
}
