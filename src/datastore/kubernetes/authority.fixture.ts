// A certificate authority for tests, made by the program openssl.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** It and what it signs, in files. */
export class Authority {
  readonly #folder = mkdtempSync(join(tmpdir(), `caracal-ca-${process.pid}-`));

  constructor() {
    this.#openssl(
      'req',
      '-x509',
      ...NEW_KEY,
      '-keyout',
      'ca.key',
      '-out',
      'ca.crt',
      '-subj',
      '/CN=test ca',
      '-days',
      '2',
    );
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  read(name: string): Buffer {
    return readFileSync(this.path(name));
  }

  /** For a server of that name, on loopback, or a client. */
  certificate(name: string): { cert: Buffer; key: Buffer } {
    writeFileSync(this.path(`${name}.ext`), `subjectAltName=DNS:${name},IP:127.0.0.1`);
    this.#openssl('req', ...NEW_KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    this.#openssl(
      ...['x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'],
      ...['-out', `${name}.crt`, '-days', '2', '-extfile', `${name}.ext`],
    );
    return { cert: this.read(`${name}.crt`), key: this.read(`${name}.key`) };
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #openssl(...words: readonly string[]): void {
    execFileSync('openssl', words, { cwd: this.#folder, stdio: 'ignore' });
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export function whyNoOpenssl(): string | undefined {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return 'needs the program openssl (Debian package openssl)';
    throw error;
  }
}

/** For the name of what is skipped. */
export function skipped(reason: string | undefined): string {
  return reason === undefined ? '' : ` [skipped: ${reason}]`;
}
