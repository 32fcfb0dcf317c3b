import { expect, test } from 'vitest';
import { formatHttpEndpoint, parseHttpEndpoint, parseSocketAddress } from './endpoint.ts';

test.each([
  ['127.0.0.1:9180', { type: 'tcp', address: '127.0.0.1', port: 9180 }, '127.0.0.1:9180'],
  ['localhost:9180', { type: 'tcp', address: '127.0.0.1', port: 9180 }, '127.0.0.1:9180'],
  [':9180', { type: 'tcp', address: '127.0.0.1', port: 9180 }, '127.0.0.1:9180'],
  ['[::1]:0', { type: 'tcp', address: '::1', port: 0 }, '[::1]:0'],
  ['unix:/run/a.sock', { type: 'unix', path: '/run/a.sock' }, 'unix:/run/a.sock'],
])('endpoint %s', (text, value, formatted) => {
  const parsed = parseHttpEndpoint(text);
  expect(parsed).toEqual({ value });
  expect('value' in parsed && formatHttpEndpoint(parsed.value)).toBe(formatted);
});

test.each([
  ['', '"" is not an address and a port; expected ADDR:PORT or unix:PATH'],
  ['9180', '"9180" is not an address and a port; expected ADDR:PORT or unix:PATH'],
  ['::1:80', '"::1:80" is not an address and a port; expected ADDR:PORT or unix:PATH'],
  ['10.0.0.1:65536', '"10.0.0.1:65536": port 65536 is greater than 65535; expected ADDR:PORT or unix:PATH'],
  ['10.0.0.256:80', '"10.0.0.256:80": 10.0.0.256 is not an IP address; expected ADDR:PORT or unix:PATH'],
  ['[fd00::x]:80', '"[fd00::x]:80": fd00::x is not an IPv6 address; expected ADDR:PORT or unix:PATH'],
  ['unix:a.sock', '"unix:a.sock" needs an absolute path after unix:'],
  [`unix:/${'a'.repeat(107)}`, `"/${'a'.repeat(107)}" is longer than the 107 bytes that a unix socket's path may have`],
])('endpoint %s is refused', (text, problem) => {
  expect(parseHttpEndpoint(text)).toEqual({ problem });
});

test('a socket address may leave the address open', () => {
  expect(parseSocketAddress(':179')).toEqual({ value: { port: 179 } });
  expect(parseSocketAddress('[fd00::1]:179')).toEqual({ value: { address: 'fd00::1', port: 179 } });
});
