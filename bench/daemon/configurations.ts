// What the peers are told, so that each does the same as Caracal: a route reflector without kernel whose clients dial. Routes
// of clients go to all clients, next hops stay, and the daemon itself announces nothing. Pure: a plan in, a text out.

import {
  type ClientPlan,
  clientPlans,
  DAEMON_HOLD_TIME,
  IDLE_PEER,
  LOCAL_AS,
  NETWORK,
  type Plan,
  ROUTER_ID,
} from './plan.ts';

/** The peers of an idle daemon. */
const NOBODY: readonly ClientPlan[] = [{ address: IDLE_PEER, asn: LOCAL_AS, identifier: 1, first: 0, count: 0 }];

/** As Calico configures it (`multihop`, `gateway recursive`), with a route to the clients' network from the interface. */
export function birdConfiguration(plan: Plan | undefined, log: string): string {
  const head = [
    `log "${log}" all;`,
    `router id ${ROUTER_ID};`,
    'protocol device { }',
    'protocol direct { ipv4; ipv6; }',
  ];
  if (plan === undefined) {
    head.push(
      'protocol kernel { ipv4 { export all; }; }',
      'protocol kernel { ipv6 { export all; }; }',
      `protocol bgp mesh { local as ${LOCAL_AS}; neighbor ${IDLE_PEER} as ${LOCAL_AS}; ipv4 { import all; export all; }; }`,
    );
    return `${head.join('\n')}\n`;
  }
  const addPath = plan.addPath ? ' add paths on;' : '';
  const common = `local ${NETWORK[plan.family].daemon} as ${LOCAL_AS}; passive on; hold time ${DAEMON_HOLD_TIME};
  ${plan.family} { import all; export where source = RTS_BGP;${addPath} };`;
  head.push(
    `template bgp inside {\n  ${common}\n  multihop; rr client; rr cluster id ${ROUTER_ID};\n}`,
    `template bgp outside {\n  ${common}\n  direct;\n}`,
  );
  const sessions = clientPlans(plan).map(
    ({ address, asn }, index) =>
      `protocol bgp c${index} from ${asn === LOCAL_AS ? 'inside' : 'outside'} { neighbor ${address} as ${asn}; }`,
  );
  return `${[...head, ...sessions].join('\n')}\n`;
}

export function frrConfiguration(plan: Plan | undefined): string {
  const clients = plan === undefined ? NOBODY : clientPlans(plan);
  const activate = (address: string, asn: number) => [
    `  neighbor ${address} activate`,
    ...(asn === LOCAL_AS ? [`  neighbor ${address} route-reflector-client`] : []),
    ...(plan?.addPath ? [`  neighbor ${address} addpath-tx-all-paths`] : []),
  ];
  return [
    `router bgp ${LOCAL_AS}`,
    ` bgp router-id ${ROUTER_ID}`,
    ` bgp cluster-id ${ROUTER_ID}`,
    ' no bgp default ipv4-unicast',
    ' no bgp ebgp-requires-policy',
    ' no bgp network import-check',
    ` timers bgp ${DAEMON_HOLD_TIME / 3} ${DAEMON_HOLD_TIME}`,
    ...clients.flatMap(({ address, asn }) => [
      ` neighbor ${address} remote-as ${asn}`,
      ` neighbor ${address} passive`,
      ` neighbor ${address} disable-connected-check`,
    ]),
    ` address-family ${plan?.family ?? 'ipv4'} unicast`,
    ...clients.flatMap(({ address, asn }) => activate(address, asn)),
    ' exit-address-family',
    '',
  ].join('\n');
}

export function gobgpConfiguration(plan: Plan | undefined): string {
  const clients = plan === undefined ? NOBODY : clientPlans(plan);
  const neighbor = ({ address, asn }: ClientPlan) => ({
    config: { 'neighbor-address': address, 'peer-as': asn },
    transport: { config: { 'passive-mode': true } },
    timers: { config: { 'hold-time': DAEMON_HOLD_TIME, 'keepalive-interval': DAEMON_HOLD_TIME / 3 } },
    ...(asn === LOCAL_AS
      ? { 'route-reflector': { config: { 'route-reflector-client': true, 'route-reflector-cluster-id': ROUTER_ID } } }
      : {}),
    'afi-safis': [
      {
        config: { 'afi-safi-name': `${plan?.family ?? 'ipv4'}-unicast` },
        ...(plan?.addPath ? { 'add-paths': { config: { receive: true, 'send-max': 255 } } } : {}),
      },
    ],
  });
  // JSON is YAML.
  return JSON.stringify({
    global: { config: { as: LOCAL_AS, 'router-id': ROUTER_ID } },
    neighbors: clients.map(neighbor),
  });
}

export function openbgpdConfiguration(plan: Plan | undefined, socket: string): string {
  const clients = plan === undefined ? NOBODY : clientPlans(plan);
  const family = plan?.family === 'ipv6' ? 'IPv6' : 'IPv4';
  return [
    `AS ${LOCAL_AS}`,
    `router-id ${ROUTER_ID}`,
    `socket "${socket}"`,
    'fib-update no',
    'nexthop qualify via default',
    `holdtime ${DAEMON_HOLD_TIME}`,
    ...clients.map(({ address, asn }) =>
      [
        `neighbor ${address} {`,
        `  remote-as ${asn}`,
        '  passive',
        '  enforce neighbor-as no',
        `  announce ${family} unicast`,
        ...(plan?.addPath ? ['  announce add-path recv yes', '  announce add-path send all'] : []),
        ...(asn === LOCAL_AS ? [`  route-reflector ${ROUTER_ID}`] : ['  multihop 64']),
        '}',
      ].join('\n'),
    ),
    'allow from any',
    'allow to any',
    '',
  ].join('\n');
}
