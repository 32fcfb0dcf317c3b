// How to reach etcd, from what the user gave: which members there are, which one is next, and with what to log in. Files
// are read anew for every client, so that certificates may be replaced at any time.

import { resolveSrv as systemResolveSrv } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { DatastoreError, fileError, isSystemError } from '../errors.ts';
import { type Credentials, EtcdClient, type Tls } from './client.ts';
import { EtcdError } from './etcd-error.ts';

export interface EtcdAccess {
  /** URLs; none: `discoverySrv` says where they are. */
  readonly endpoints: readonly string[];
  /** A domain with SRV records of etcd. */
  readonly discoverySrv?: string;
  /** The password is a secret. */
  readonly credentials?: Credentials;
  readonly keyFile?: string;
  readonly certFile?: string;
  readonly caFile?: string;
  /** PEM in place of the files; the key is a secret. */
  readonly inline?: Tls;
}

export type ResolveSrv = (name: string) => Promise<readonly { readonly name: string; readonly port: number }[]>;

export interface MembersOptions {
  readonly access: EtcdAccess;
  /** Which member is asked first, so that not all nodes ask the same one. */
  readonly random: () => number;
  readonly patience?: number;
  readonly resolveSrv?: ResolveSrv;
}

export class Members {
  readonly #options: MembersOptions;
  #urls: readonly URL[];
  #turn: number;

  /** @throws {DatastoreError} where something cannot be an endpoint, or a file cannot be read */
  constructor(options: MembersOptions) {
    const { access, random } = options;
    this.#options = options;
    this.#urls = access.endpoints.map((text) => endpointUrl(text));
    this.#turn = Math.floor(random() * this.#urls.length);
    readTls(access);
  }

  get count(): number {
    return Math.max(1, this.#urls.length);
  }

  /** A client for the member whose turn it is. @throws {EtcdError} */
  async open(): Promise<EtcdClient> {
    const { access, patience } = this.#options;
    if (access.discoverySrv !== undefined) this.#urls = await this.#discover(access.discoverySrv);
    const { credentials } = access;
    return new EtcdClient({
      endpoint: this.#urls[this.#turn % this.#urls.length]!,
      tls: currentTls(access),
      ...(credentials && { credentials }),
      ...(patience !== undefined && { patience }),
    });
  }

  /** The one before was no good. */
  next(): void {
    this.#turn++;
  }

  /** TLS first, as etcd's own clients do. */
  async #discover(domain: string): Promise<readonly URL[]> {
    const { resolveSrv = systemResolveSrv } = this.#options;
    const services = { https: '_etcd-client-ssl._tcp', http: '_etcd-client._tcp' };
    const found: URL[] = [];
    for (const [scheme, service] of Object.entries(services)) {
      try {
        const records = await resolveSrv(`${service}.${domain}`);
        found.push(...records.map(({ name, port }) => new URL(`${scheme}://${name}:${port}`)));
      } catch (error) {
        if (!isSystemError(error)) throw error;
      }
    }
    if (found.length > 0) return found;
    throw new EtcdError(
      'access',
      `DNS has no members of etcd: no SRV record ${Object.values(services).join(' or ')} in ${domain}`,
    );
  }
}

function endpointUrl(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.host !== '') return url;
  const message = `"${text}" is not an endpoint of etcd, which is a URL such as https://10.0.0.1:2379`;
  throw new DatastoreError(message, { code: 'endpoint', retryable: false });
}

function currentTls(access: EtcdAccess): Tls {
  try {
    return readTls(access);
  } catch (error) {
    if (error instanceof DatastoreError) throw new EtcdError('access', error.message, { cause: error });
    throw error;
  }
}

function readTls({ caFile, certFile, keyFile, inline }: EtcdAccess): Tls {
  return {
    ...inline,
    ...(caFile !== undefined && { ca: readText(caFile) }),
    ...(certFile !== undefined && { cert: readText(certFile) }),
    ...(keyFile !== undefined && { key: readText(keyFile) }),
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw fileError(path, error);
  }
}
