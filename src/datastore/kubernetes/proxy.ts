// Which proxy leads to a server, by the environment variables that Kubernetes' own programs follow. Pure.

import { BlockList, isIP, isIPv6 } from 'node:net';

export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

/** The URL of the proxy; undefined: none, the way is direct. */
export function proxyFor(server: URL, env: ProxyEnvironment): string | undefined {
  const scheme = server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const proxy = variable(env, scheme);
  if (proxy === undefined || isDirect(server, variable(env, 'NO_PROXY') ?? '')) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function variable(env: ProxyEnvironment, name: string): string | undefined {
  return env[name] || env[name.toLowerCase()] || undefined;
}

/** Loopback never goes through a proxy; NO_PROXY lists addresses, CIDRs, names, and domains with all that is below. */
function isDirect(server: URL, noProxy: string): boolean {
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = server.port || (server.protocol === 'https:' ? '443' : '80');
  if (host === 'localhost' || isInside(host, '127.0.0.0/8') || isInside(host, '::1/128')) return true;
  return noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => matches(entry, host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '') return false;
  if (entry === '*') return true;
  if (entry.includes('/')) return isInside(host, entry);
  const [, name = entry, wantedPort] = isIPv6(entry) ? [] : (/^\[?([^\]]*?)\]?(?::(\d+))?$/.exec(entry) ?? []);
  if (wantedPort !== undefined && wantedPort !== port) return false;
  if (isIP(name) !== 0) return isInside(host, `${name}/${isIPv6(name) ? 128 : 32}`);
  const domain = name.replace(/^\*?\./, '');
  return host.endsWith(`.${domain}`) || (domain === name && host === domain);
}

function isInside(host: string, cidr: string): boolean {
  const [network = '', length = ''] = cidr.split('/');
  const family = isIP(host);
  if (family === 0 || isIP(network) !== family || !/^\d{1,3}$/.test(length)) return false;
  if (Number(length) > (family === 6 ? 128 : 32)) return false;
  const type = family === 6 ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(network, Number(length), type);
  return list.check(host, type);
}
