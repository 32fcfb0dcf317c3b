// The clients of Debian's BIRD 1.6 and BIRD 2 drive our control socket: they expand abbreviations, know the end of an
// answer by its codes, and leave the codes out.

import { execFile } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lab, SECOND, type Served, serve, targetOf, withoutTimes } from '../../bird-compat/control/control.fixture.ts';
import { block, node } from '../../src/speaker/resources.fixture.ts';
import { BIRD1, describeWith } from '../requirements.ts';

const TIMEOUT = 30_000;

let served: Served;

beforeAll(async () => {
  const lab = new Lab([1, 2].map((n) => node(n) + block(n)).join(''));
  lab.start();
  lab.converge();
  lab.run(5 * SECOND);
  served = await serve(targetOf(lab.router('node-1'), lab));
});
afterAll(() => served.close());

/** What the client prints behind the greeting. The server answers in this process: nothing may wait for the client. */
function ask(client: string, ...words: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(client, ['-s', served.path, ...words], { encoding: 'utf8', timeout: TIMEOUT }, (error, stdout) => {
      // BIRD 2's client ends with 1 where the answer is an error.
      if (error !== null && error.code !== 1) reject(error);
      else resolve(withoutTimes(stdout));
    });
  });
}

const GREETING = 'BIRD v1.0.0+birdv1.6.8 ready.\n';

const PROTOCOLS = `name     proto    table    state  since       info
static1  Static   master   up     HH:MM:SS    
kernel1  Kernel   master   up     HH:MM:SS    
device1  Device   master   up     HH:MM:SS    
direct1  Direct   master   up     HH:MM:SS    
Mesh_10_0_0_2 BGP      master   up     HH:MM:SS    Established   
`;

const STATUS = `BIRD v1.0.0+birdv1.6.8
Router ID is 10.0.0.1
Current server time is YYYY-MM-DD HH:MM:SS
Last reboot on YYYY-MM-DD HH:MM:SS
Last reconfiguration on YYYY-MM-DD HH:MM:SS
Daemon is up and running
`;

const ROUTES = `10.0.0.0/24        dev eth0 [direct1 HH:MM:SS] * (240)
10.65.1.0/26       blackhole [static1 HH:MM:SS] * (200)
10.65.2.0/26       via 10.0.0.2 on eth0 [Mesh_10_0_0_2 HH:MM:SS] * (100/0) [i]
`;

/** Both birdc and birdcl: the words, what is printed. */
const SCRIPTS: readonly (readonly [words: string, printed: string])[] = [
  ['show status', STATUS],
  ['s p', PROTOCOLS],
  ['show route', ROUTES],
  ['sh ro count', '3 of 3 routes for 3 networks\n'],
  ['show route for 10.65.2.9', ROUTES.split('\n')[2]!.concat('\n')],
  ['show route 10.9.0.0/16', 'Network not in table\n'],
  ['show protocols nosuch', 'nosuch is not a protocol\n'],
  ['show symbols table', 'master  \trouting table\n'],
  ['eval 40 + 2', '42\n'],
  ['configure check', 'Reading configuration from /etc/calico/confd/config/bird.cfg\nConfiguration OK\n'],
  ['reload Mesh_10_0_0_2', 'Mesh_10_0_0_2: reloading\n'],
];

describeWith(['bird1'], "BIRD 1.6's birdc", () => {
  test.each(SCRIPTS)('%s', async (words, printed) => {
    expect(await ask(BIRD1.birdc, ...words.split(' '))).toBe(GREETING + printed);
  });

  test('with -v shows the codes', async () => {
    expect(await ask(BIRD1.birdc, '-v', 'show', 'symbols', 'table')).toBe(
      `0001 ${GREETING}1010-master  \trouting table\n`,
    );
  });

  test('with -r may look and not touch', async () => {
    expect(await ask(BIRD1.birdc, '-r', 'disable', 'Mesh_10_0_0_2')).toBe(
      `${GREETING}Access restricted\nAccess denied\n`,
    );
  });
});

describeWith(['birdc'], "BIRD 2's clients", () => {
  describe.each(['birdc', 'birdcl'])('%s', (client) => {
    test.each(SCRIPTS)('%s', async (words, printed) => {
      expect(await ask(client, ...words.split(' '))).toBe(GREETING + printed);
    });
  });
});
