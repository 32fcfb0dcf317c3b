import { describe, expect, test } from 'vitest';
import { proxyFor } from './proxy.ts';

const PROXY = 'http://proxy.example:3128';

describe('the way to a server', () => {
  test.each([
    ['no variable', 'https://10.96.0.1', {}, undefined],
    ['a proxy for https', 'https://10.96.0.1', { HTTPS_PROXY: PROXY }, PROXY],
    ['the variable in small letters', 'https://10.96.0.1', { https_proxy: PROXY }, PROXY],
    ['a proxy without scheme', 'https://10.96.0.1', { HTTPS_PROXY: 'proxy.example:3128' }, PROXY],
    ['a proxy for http only', 'https://10.96.0.1', { HTTP_PROXY: PROXY }, undefined],
    ['a proxy for http', 'http://10.96.0.1', { HTTP_PROXY: PROXY }, PROXY],
    ['an empty variable', 'https://10.96.0.1', { HTTPS_PROXY: '' }, undefined],
    ['loopback', 'https://127.0.0.1:6443', { HTTPS_PROXY: PROXY }, undefined],
    ['loopback in IPv6', 'https://[::1]:6443', { HTTPS_PROXY: PROXY }, undefined],
    ['localhost', 'https://localhost:6443', { HTTPS_PROXY: PROXY }, undefined],
  ])('with %s', (_, server, env, proxy) => {
    expect(proxyFor(new URL(server), env)).toBe(proxy);
  });

  test.each([
    ['*', 'https://api.example', true],
    ['api.example', 'https://api.example', true],
    ['example', 'https://api.example', true],
    ['.example', 'https://api.example', true],
    ['*.example', 'https://api.example', true],
    ['.example', 'https://example', false],
    ['pi.example', 'https://api.example', false],
    ['other, API.example ,x', 'https://api.example', true],
    ['api.example:443', 'https://api.example', true],
    ['api.example:6443', 'https://api.example', false],
    ['api.example:6443', 'https://api.example:6443', true],
    ['10.96.0.1', 'https://10.96.0.1', true],
    ['10.96.0.1:443', 'https://10.96.0.1', true],
    ['10.96.0.0/12', 'https://10.96.0.1', true],
    ['10.0.0.0/16', 'https://10.96.0.1', false],
    ['10.96.0.0/33', 'https://10.96.0.1', false],
    ['10.96.0.0/', 'https://10.96.0.1', false],
    ['fd00::/8', 'https://[fd00::1]', true],
    ['fd00::1', 'https://[fd00::1]', true],
    ['[fd00::1]:443', 'https://[fd00::1]', true],
    ['fd00::/8', 'https://10.96.0.1', false],
    ['', 'https://api.example', false],
    [',,', 'https://api.example', false],
  ])('NO_PROXY=%s for %s: direct is %s', (NO_PROXY, server, isDirect) => {
    expect(proxyFor(new URL(server), { HTTPS_PROXY: PROXY, NO_PROXY }) === undefined).toBe(isDirect);
  });
});
