import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { statusReport } from './report.ts';
import { routesReport } from './routes.ts';
import { bfdFixture, environmentFixture, NEGOTIATED, NOW, peerFixture, snapshotFixture } from './snapshot.fixture.ts';

const DOCUMENT = readFileSync(new URL('../../docs/status.md', import.meta.url), 'utf8');

function fieldNames(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(fieldNames);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...fieldNames(inner)]);
}

test('docs/status.md names every field of the answers', () => {
  const complaint = { prefix: '10.65.0.0/26', text: 'a' };
  const family = { family: 'ipv4', forwarding: true } as const;
  const peer = peerFixture({
    description: 'a',
    localAddress: '10.0.0.1',
    lastError: {
      ...{ at: NOW, text: 'a', direction: 'sent', code: 6, subcode: 2, help: 'a', message: 'ff' },
      failure: 'refused',
    },
    state: 'Active',
    hasPassword: true,
    absent: 'a',
    retryAt: NOW,
    sendQueue: { octets: 1, since: NOW },
    limits: [{ kind: 'import', family: 'ipv4', limit: { count: 1, action: 'warn' }, count: 2, isExceeded: true }],
    endpoints: { local: '10.0.0.1', localPort: 1, remote: '10.0.0.2', remotePort: 179 },
    negotiated: {
      ...NEGOTIATED,
      gracefulRestart: { restartTime: 120, restarted: true, notification: true, families: [family] },
      longLivedGracefulRestart: [{ ...family, staleTime: 1 }],
    },
  });
  const watch = { name: 'a', state: 'failing', resources: 1, contactAge: 1, lists: 1, failuresInARow: 1 } as const;
  const contact = { server: 'a', apiGroup: 'a', contactAge: 1, watches: [{ ...watch, detail: 'a' }] };
  const status = statusReport(
    snapshotFixture({
      peers: [peer],
      clusterId: '244.0.0.1',
      refusals: [{ remote: '10.0.0.9', text: 'a', count: 1, at: NOW }],
      addresses: { ipv4: '10.0.0.1', ipv6: 'fd00::1' },
      problems: [{ kind: 'a', name: 'a', path: 'a', text: 'a', place: 'a' }],
    }),
    environmentFixture({
      reconfiguredAt: NOW,
      halfOpen: new Set(['10.0.0.2']),
      md5Drops: { unsigned: 1, unexpected: 1, wrong: 1 },
      bfd: [bfdFixture({ local: '10.0.0.1', interface: 'eth0', diagnostic: 1, trouble: 'a' })],
      datastore: { type: 'kubernetes', synced: true, detail: 'a', lastEventAt: NOW, contact },
      kernel: {
        type: 'linux',
        wanted: 1,
        installed: 1,
        refused: [complaint],
        conflicts: [complaint],
        waiting: [complaint],
        fights: [complaint],
      },
    }),
  );
  const route = {
    prefix: '10.65.1.0/26',
    protocol: 'Mesh_10_0_0_2',
    best: true,
    decidedBy: 'a',
    nextHop: '10.0.0.2',
    localPref: 100,
    med: 1,
    asPath: '',
    origin: 'IGP',
    communities: [],
  } as const;
  const routes = routesReport({ family: 'ipv4', limit: 1 }, [route], 'next', [peer]);
  const missing = new Set(fieldNames([status, routes])).difference(namesIn(DOCUMENT));
  expect([...missing]).toEqual([]);
});

/** All names between backticks, paths split at their dots; headings name the parts of the report. */
function namesIn(markdown: string): Set<string> {
  const quoted = [...markdown.matchAll(/`([\w.]+)`/g)].flatMap(([, name = '']) => name.split('.'));
  const headings = [...markdown.matchAll(/^### (.+)$/gm)].flatMap(([, title = '']) => title.split(/[^\w]+/));
  return new Set([...quoted, ...headings]);
}
