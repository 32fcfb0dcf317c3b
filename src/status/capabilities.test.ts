import type { Capability } from 'node-bgp';
import { expect, test } from 'vitest';
import { capabilityText } from './capabilities.ts';

const CASES: readonly [Capability, string][] = [
  [{ type: 'multiprotocol', afi: 1, safi: 1 }, 'IPv4 unicast'],
  [{ type: 'multiprotocol', afi: 2, safi: 128 }, 'IPv6 VPN'],
  [{ type: 'multiprotocol', afi: 25, safi: 70 }, 'AFI 25 SAFI 70'],
  [{ type: 'routeRefresh' }, 'route refresh'],
  [{ type: 'enhancedRouteRefresh' }, 'enhanced route refresh'],
  [{ type: 'extendedMessage' }, 'extended messages'],
  [
    { type: 'extendedNextHop', entries: [{ afi: 1, safi: 1, nextHopAfi: 2 }] },
    'extended next hop (IPv4 unicast over IPv6)',
  ],
  [{ type: 'role', role: 4 }, 'role peer'],
  [{ type: 'role', role: 9 }, 'role 9'],
  [{ type: 'fourOctetAs', asn: 4200000001 }, '4-octet AS 4200000001'],
  [
    {
      type: 'addPath',
      families: [
        { afi: 1, safi: 1, mode: 3 },
        { afi: 2, safi: 1, mode: 2 },
      ],
    },
    'ADD-PATH (IPv4 unicast receive and send, IPv6 unicast send)',
  ],
  [
    { type: 'gracefulRestart', restarted: false, notification: false, restartTime: 120, families: [] },
    'graceful restart 120 s',
  ],
  [
    {
      type: 'gracefulRestart',
      restarted: true,
      notification: true,
      restartTime: 120,
      families: [{ afi: 1, safi: 1, forwarding: true }],
    },
    'graceful restart 120 s, restarted, also after a NOTIFICATION (IPv4 unicast forwarding kept)',
  ],
  [
    { type: 'longLivedGracefulRestart', families: [{ afi: 2, safi: 1, forwarding: false, staleTime: 3600 }] },
    'long-lived graceful restart (IPv6 unicast 3600 s)',
  ],
  [{ type: 'unknown', code: 73, value: new Uint8Array([6, 110]) }, 'capability 73 (066e)'],
  [{ type: 'unknown', code: 128, value: new Uint8Array() }, 'capability 128'],
];

test.each(CASES)('capability %j', (capability, expected) => {
  expect(capabilityText(capability)).toBe(expected);
});
