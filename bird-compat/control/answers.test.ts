import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { block, calico, node } from '../../src/speaker/resources.fixture.ts';
import {
  type Client,
  greeted,
  Lab,
  MINUTE,
  SECOND,
  type Served,
  serve,
  targetOf,
  withoutTimes,
} from './control.fixture.ts';

const RESOURCES = [
  ...[1, 2, 3].map((n) => node(n) + block(n)),
  calico('BGPConfiguration', 'default', { nodeToNodeMeshEnabled: true }),
  calico('BGPPeer', 'tor', { node: 'node-1', peerIP: '10.0.0.9:1790', asNumber: 65009 }),
].join('');

let lab: Lab;
let served: Served;
let client: Client;

beforeAll(async () => {
  lab = new Lab(RESOURCES);
  lab.start('node-1', 'node-2');
  lab.run(5 * SECOND);
  served = await serve(targetOf(lab.router('node-1'), lab));
  client = await greeted(served.path);
});

afterAll(async () => {
  client.close();
  await served.close();
  expect(served.errors).toEqual([]);
});

const STATUS = `1000-BIRD v1.0.0+birdv1.6.8
1011-Router ID is 10.0.0.1
 Current server time is YYYY-MM-DD HH:MM:SS
 Last reboot on YYYY-MM-DD HH:MM:SS
 Last reconfiguration on YYYY-MM-DD HH:MM:SS
0013 Daemon is up and running`;

const PROTOCOLS = `2002-name     proto    table    state  since       info
1002-static1  Static   master   up     HH:MM:SS    
 kernel1  Kernel   master   up     HH:MM:SS    
 device1  Device   master   up     HH:MM:SS    
 direct1  Direct   master   up     HH:MM:SS    
 Mesh_10_0_0_2 BGP      master   up     HH:MM:SS    Established   
 Mesh_10_0_0_3 BGP      master   start  HH:MM:SS    Passive       
 Node_10_0_0_9_port_1790 BGP      master   start  HH:MM:SS    Active        Socket: No route to host
0000 `;

const MESH = `2002-name     proto    table    state  since       info
1002-Mesh_10_0_0_2 BGP      master   up     HH:MM:SS    Established   
1006-  Description:    node-to-node mesh with node node-2
   Preference:     100
   Input filter:   (unnamed)
   Output filter:  (unnamed)
   Routes:         1 imported, 1 exported, 1 preferred
   Route change stats:     received   rejected   filtered    ignored   accepted
     Import updates:              1          0          0          0          1
     Import withdraws:            0          0        ---          0          0
     Export updates:              1          0          0        ---          1
     Export withdraws:            0        ---        ---        ---          0
   BGP state:          Established
     Neighbor address: 10.0.0.2
     Neighbor AS:      64512
     Neighbor ID:      10.0.0.2
     Neighbor caps:    refresh enhanced-refresh restart-able llgr-aware AS4 add-path-rx add-path-tx
     Session:          internal multihop AS4 add-path-rx add-path-tx
     Source address:   10.0.0.1
     Hold timer:       235/240
     Keepalive timer:  N/80
 
0000 `;

const INTERFACES = `1001-lo up (index=1)
1004-\tMultiAccess AdminUp LinkUp Loopback Ignored MTU=65536
1003-\t127.0.0.1/8 (Primary, scope host)
1001-eth0 up (index=2)
1004-\tMultiAccess Broadcast Multicast AdminUp LinkUp MTU=1500
1003-\t10.9.0.1/24 (Primary, scope site)
1001-cali1 DOWN (index=4 master=br0)
1004-\tMultiAccess Broadcast Multicast AdminUp LinkUp MTU=1500
1001-ptp0 up (index=5)
1004-\tPtP AdminUp LinkDown MTU=1400
1003-\t203.0.113.1/31 (Primary, opposite 203.0.113.0, scope univ)
0000 `;

const ROUTE_TO_2 = '10.65.2.0/26       via 10.0.0.2 on eth0 [Mesh_10_0_0_2 HH:MM:SS] * (100/0) [i]';
const OWN_BLOCK = '10.65.1.0/26       blackhole [static1 HH:MM:SS] * (200)';

const ROUTES = `1007-10.0.0.0/24        dev eth0 [direct1 HH:MM:SS] * (240)
 ${OWN_BLOCK}
 ${ROUTE_TO_2}
0000 `;

const ALL_OF_2 = `1007-${ROUTE_TO_2}
1008-\tType: BGP unicast univ
1012-\tBGP.origin: IGP
 \tBGP.as_path: 
 \tBGP.next_hop: 10.0.0.2
 \tBGP.local_pref: 2147482623
0000 `;

const EXPORTED = `1007-${OWN_BLOCK}
1008-\tType: static unicast univ
1012-\tBGP.origin: IGP
 \tBGP.as_path: 
 \tBGP.next_hop: 10.0.0.1
 \tBGP.local_pref: 2147482623
0000 `;

const READING = '0002-Reading configuration from /etc/calico/confd/config/bird.cfg\n';

const ANSWERS: readonly (readonly [command: string, answer: string])[] = [
  ['show status', STATUS],
  ['show protocols', PROTOCOLS],
  ['show protocols all Mesh_10_0_0_2', MESH],
  ['show protocols nosuch', '9002 nosuch is not a protocol'],
  ['show protocols "X*"', '8003 No protocols match'],
  ['show interfaces', INTERFACES],
  [
    'show interfaces summary',
    `2005-interface state address
1005-lo        up    127.0.0.1/8
 eth0      up    10.9.0.1/24
 cali1     DOWN  
 ptp0      up    203.0.113.1/31
0000 `,
  ],
  ['show route', ROUTES],
  ['show route count', '0014 3 of 3 routes for 3 networks'],
  ['show route stats protocol static1', `1007-${OWN_BLOCK}\n0014 1 of 3 routes for 3 networks`],
  ['show route for 10.65.2.3', `1007-${ROUTE_TO_2}\n0000 `],
  ['show route 10.65.2.0/26 all', ALL_OF_2],
  ['show route 10.65.2.0/26 count', '0000 '],
  ['show route 10.65.2.0/26 where false', '0000 '],
  ['show route 10.65.2.0/24', '8001 Network not in table'],
  ['show route for 10.66.0.1', '8001 Network not in table'],
  ['show route where net ~ 10.65.0.0/16 && source = RTS_BGP', `1007-${ROUTE_TO_2}\n0000 `],
  ['show route filter { if proto ~ "Mesh*" then accept; reject; } primary', `1007-${ROUTE_TO_2}\n0000 `],
  ['show route where bgp_path.len > 0', '0000 '],
  ['show route where nosuchattr = 1', '9001 nosuchattr: variable expected.'],
  ['show route filter nosuch', '9001 No such filter.'],
  ['show route all export Mesh_10_0_0_2', EXPORTED],
  ['show route preexport Mesh_10_0_0_2 count', '0014 2 of 3 routes for 3 networks'],
  ['show route noexport Mesh_10_0_0_2', '1007-10.0.0.0/24        dev eth0 [direct1 HH:MM:SS] * (240)\n0000 '],
  ['show route export Mesh_10_0_0_3', '8005 Protocol is down'],
  ['show route export device1', '0000 '],
  ['show route filtered', '0000 '],
  ['show route 10.0.0.0/8 10.0.0.0/8', '9001 Only one prefix expected'],
  ['show route where true where true', '9001 Filter specified twice'],
  ['show route protocol static1 protocol static1', '9001 Protocol specified twice'],
  ['show route protocol nosuch', '9001 nosuch is not a protocol'],
  ['show route table nosuch', '9001 nosuch is not a table'],
  ['show route 10.0.0.1/8', '9001 Invalid network prefix: 10.0.0.1/8.'],
  ['show route fd00::/8', '9001 This is an IPv4 router, therefore IPv6 addresses are not supported'],
  ['show static', '1009-10.65.1.0/26 blackhole\n0000 '],
  ['show static kernel1', '9001 kernel1: Not a Static protocol'],
  ['show bfd sessions', '9001 There is no BFD protocol running'],
  ['show roa', '9001 No ROA table defined'],
  ['show symbols table', '1010-master  \trouting table\n0000 '],
  ['show symbols nosuch', '1010 nosuch  \tundefined'],
  ['show ospf', '9001 syntax error'],
  ['show', '9001 syntax error'],
  ['help', '9001 syntax error'],
  ['', '9001 syntax error'],
  ['# comment', '9001 syntax error'],
  ['sh st', '9001 syntax error'],
  ['SHOW STATUS', '9001 syntax error'],
  ['show status now', '9001 syntax error'],
  ['show \u0001', '9001 Unknown character'],
  ['show route 4294967296', '9001 Number out of range'],
  ['eval 1+1', '0023 2'],
  ['eval (64512, 1)', '0023 (64512,1)'],
  ['eval 1/0', '8008 runtime error'],
  ['configure', `${READING}0003 Reconfigured`],
  ['configure check', `${READING}0020 Configuration OK`],
  ['configure soft "other.cfg"', '0002-Reading configuration from other.cfg\n0003 Reconfigured'],
  ['configure undo', '0019 Nothing to do'],
  ['configure confirm', '0019 Nothing to do'],
  ['configure status', '9001 syntax error'],
  ['echo all buffer 255', '9001 Invalid log buffer size'],
  ['echo { info, warning } buffer 512', '0000 '],
  ['echo off', '0000 '],
  ['debug all { states, routes }', '0000 '],
  ['debug all { nonsense }', '9001 syntax error'],
  ['mrtdump "Mesh*" all', '0000 '],
  ['dump routes', '0000 '],
  ['graceful restart', '9001 syntax error'],
  ['enable Mesh_10_0_0_2', '0010-Mesh_10_0_0_2: already enabled\n0000 '],
  [
    'reload all',
    `8006-static1: reload failed
0015-kernel1: reloading
8006-device1: reload failed
 direct1: reload failed
0015-Mesh_10_0_0_2: reloading
0000 `,
  ],
  ['reload in "Mesh*"', '0015-Mesh_10_0_0_2: reloading\n0000 '],
  ['reload out Mesh_10_0_0_3', '0000 '],
];

test.each(ANSWERS)('%s', async (command, answer) => {
  const text = withoutTimes(await client.ask(command)).replace(/Keepalive timer: {2}\d+/, 'Keepalive timer:  N');
  expect(text).toBe(answer);
});

describe('sessions, restarts and tunnels', () => {
  test('`disable` ends a session with Cease/2, and peers forget its routes', async () => {
    const [one, two] = ['node-1', 'node-2'].map((name) => lab.router(name));
    expect(withoutTimes(await client.ask('disable "Mesh_*" "maintenance"'))).toBe(
      '0009-Mesh_10_0_0_2: disabled\n Mesh_10_0_0_3: disabled\n0000 ',
    );
    lab.run(SECOND);
    expect(two!.page('10.65.1.0/26')).toEqual([]);
    expect(two!.peer('Mesh_10_0_0_1').lastError?.text).toContain('Cease/Administrative Shutdown: "maintenance"');
    const shown = withoutTimes(await client.ask('show protocols all Mesh_10_0_0_2'));
    expect(shown).toContain('1002-Mesh_10_0_0_2 BGP      master   down   HH:MM:SS    \n');
    expect(shown).toContain('   Message:        maintenance\n');
    expect(shown).toContain('   BGP state:          Down\n');
    const theirs = await serve(targetOf(two!, lab));
    const asked = await greeted(theirs.path);
    const seen = await asked.ask('show protocols all Mesh_10_0_0_1');
    expect(seen).toContain('Received: Administrative shutdown\n');
    expect(seen).toContain('   Message:        maintenance\n');
    asked.close();
    await theirs.close();
    expect(await client.ask('disable Mesh_10_0_0_2')).toBe('0008-Mesh_10_0_0_2: already disabled\n0000 ');
    expect(await client.ask('restart Mesh_10_0_0_2')).toBe('0008-Mesh_10_0_0_2: already disabled\n0000 ');
    expect(await client.ask('reload Mesh_10_0_0_2')).toBe('0008-Mesh_10_0_0_2: already disabled\n0000 ');
    lab.run(MINUTE);
    expect(one!.states()).toMatchObject({ Mesh_10_0_0_2: 'Idle' });
    expect(await client.ask('enable "Mesh_*"')).toBe('0011-Mesh_10_0_0_2: enabled\n Mesh_10_0_0_3: enabled\n0000 ');
    lab.runUntil(() => one!.states().Mesh_10_0_0_2 === 'Established', MINUTE);
    lab.run(SECOND);
    expect(two!.page('10.65.1.0/26')).toHaveLength(1);
  });

  test('while sessions come back the kernel protocol waits, and the status says for whom', async () => {
    const one = lab.router('node-1');
    one.kill();
    one.start();
    const its = await serve(targetOf(one, lab));
    const asked = await greeted(its.path);
    const recovering = `0024-Graceful restart recovery in progress
   Waiting for 3 protocols to recover
   Wait timer is 120/120
0013 Daemon is up and running`;
    expect((await asked.ask('show status')).split('\n').slice(5).join('\n')).toBe(recovering);
    expect(await asked.ask('show protocols kernel1')).toContain('1002-kernel1  Kernel   master   wait ');
    expect(await asked.ask('show protocols all kernel1')).toContain('\n   GR recovery:    \n');
    expect(await asked.ask('show protocols all Mesh_10_0_0_2')).toContain('\n   GR recovery:    pending\n');
    lab.run(3 * MINUTE);
    expect(
      withoutTimes(await asked.ask('show status'))
        .split('\n')
        .slice(5),
    ).toEqual(['0013 Daemon is up and running']);
    expect(await asked.ask('show protocols kernel1')).toContain('1002-kernel1  Kernel   master   up ');
    asked.close();
    await its.close();
  });

  test('a tunnel is shown as what BIRD has no text for', async () => {
    const pool = calico('IPPool', 'pods', { cidr: '10.65.0.0/16', ipipMode: 'Always' });
    const configuration = calico('BGPConfiguration', 'default', { programClusterRoutes: 'Enabled' });
    const tunnelled = new Lab([1, 2].map((n) => node(n) + block(n)).join('') + pool + configuration);
    tunnelled.start();
    tunnelled.converge();
    const its = await serve(targetOf(tunnelled.router('node-1'), tunnelled));
    const asked = await greeted(its.path);
    const told = await asked.ask('show route export kernel1 10.65.2.0/26 all');
    expect(told.split('\n').slice(-3)).toEqual([' \tKernel.metric: 1024', ' \tKernel.tunnel: <type 43>', '0000 ']);
    asked.close();
    await its.close();
  });

  test('`restart` begins a new session with Cease/4', async () => {
    const two = lab.router('node-2');
    const its = await serve(targetOf(lab.router('node-1'), lab));
    const asked = await greeted(its.path);
    expect(await asked.ask('restart Mesh_10_0_0_2 "new cable"')).toBe('0012-Mesh_10_0_0_2: restarted\n0000 ');
    lab.run(SECOND / 10);
    expect(two.peer('Mesh_10_0_0_1').lastError?.text).toContain('Cease/Administrative Reset: "new cable"');
    lab.runUntil(() => two.states().Mesh_10_0_0_1 === 'Established', MINUTE);
    asked.close();
    await its.close();
  });
});
