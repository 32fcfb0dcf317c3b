// Where status is served: `ADDR:PORT` or `unix:PATH`, as text and as a value. Shared by the server and its clients.

import { isIP } from 'node:net';

export type HttpEndpoint =
  | {
      readonly type: 'tcp';
      readonly address: string;
      readonly port: number;
      /** File with the token that requests need; absent: they need none. */
      readonly tokenFile?: string;
    }
  | { readonly type: 'unix'; readonly path: string };

/** Where the daemon serves status, and where `caracal status` looks for it, unless told otherwise. */
export const DEFAULT_HTTP = 'unix:/var/run/caracal/caracal.sock';

/** Brings the token where Authorization does not arrive. */
export const TOKEN_HEADER = 'x-caracal-token';

const LOOPBACK = '127.0.0.1';

/** Room for a path in sockaddr_un, without its final zero. */
const UNIX_PATH_MAX = 107;

export type Parsed<T> = { readonly value: T } | { readonly problem: string };

/** Without an address (`:9180`) it is loopback: nobody is let in from outside by omission. */
export function parseHttpEndpoint(text: string): Parsed<HttpEndpoint> {
  if (text.startsWith('unix:')) return parseUnixPath(text.slice('unix:'.length));
  const parsed = parseSocketAddress(text);
  if ('problem' in parsed) return { problem: `${parsed.problem}; expected ADDR:PORT or unix:PATH` };
  return { value: { type: 'tcp', address: parsed.value.address ?? LOOPBACK, port: parsed.value.port } };
}

function parseUnixPath(path: string): Parsed<HttpEndpoint> {
  if (!path.startsWith('/')) return { problem: `"unix:${path}" needs an absolute path after unix:` };
  if (new TextEncoder().encode(path).length > UNIX_PATH_MAX) {
    return { problem: `"${path}" is longer than the ${UNIX_PATH_MAX} bytes that a unix socket's path may have` };
  }
  return { value: { type: 'unix', path } };
}

/** `10.0.0.1:179`, `[fd00::1]:179`, `:179` (no address). */
export function parseSocketAddress(text: string): Parsed<{ readonly address?: string; readonly port: number }> {
  const match = /^(?:\[([^[\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  if (!match) return { problem: `"${text}" is not an address and a port` };
  const [, ipv6, ipv4 = '', digits] = match;
  const port = Number(digits);
  if (port > 65535) return { problem: `"${text}": port ${port} is greater than 65535` };
  if (ipv6 !== undefined) {
    if (isIP(ipv6) !== 6) return { problem: `"${text}": ${ipv6 || 'nothing'} is not an IPv6 address` };
    return { value: { address: ipv6, port } };
  }
  if (ipv4 === '') return { value: { port } };
  const address = ipv4 === 'localhost' ? LOOPBACK : ipv4;
  if (isIP(address) !== 4) return { problem: `"${text}": ${ipv4} is not an IP address` };
  return { value: { address, port } };
}

export function formatHttpEndpoint(endpoint: HttpEndpoint): string {
  if (endpoint.type === 'unix') return `unix:${endpoint.path}`;
  return endpoint.address.includes(':')
    ? `[${endpoint.address}]:${endpoint.port}`
    : `${endpoint.address}:${endpoint.port}`;
}
