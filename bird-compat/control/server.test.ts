import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { block, node } from '../../src/speaker/resources.fixture.ts';
import { Client, greeted, Lab, SECOND, type Served, serve, targetOf } from './control.fixture.ts';
import { ControlServer, ControlSocketError } from './index.ts';

const lab = new Lab([1, 2].map((n) => node(n) + block(n)).join(''));
lab.start();
lab.converge();
const target = (more = {}) => targetOf(lab.router('node-1'), lab, more);

const GREETING = '0001 BIRD v1.0.0+birdv1.6.8 ready.';
const MASTER = '1010-master  \trouting table\n0000 ';

describe('a connection', () => {
  let served: Served;
  const clients: Client[] = [];
  const open = () => {
    const client = new Client(served.path);
    clients.push(client);
    return client;
  };

  beforeEach(async () => {
    served = await serve(target());
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await served.close();
    expect(served.errors).toEqual([]);
  });

  test('is greeted before it says anything', async () => {
    expect(await open().line()).toBe(GREETING);
  });

  test('is answered in order, however commands are split and joined', async () => {
    const client = open();
    await client.answer();
    client.socket.write('show symb');
    client.socket.write('ols table\r\neval 1+');
    client.socket.write('1\neval 2+2\nfoo\n');
    expect(await client.answer()).toBe(MASTER);
    expect([await client.answer(), await client.answer(), await client.answer()]).toEqual([
      '0023 2',
      '0023 4',
      '9001 syntax error',
    ]);
  });

  test('has no repeated code, not even across answers, until another one was said', async () => {
    const client = open();
    await client.answer();
    expect(await client.ask('show symbols device1')).toBe('1010 device1 \tprotocol');
    expect(await client.ask('show symbols table')).toBe(' master  \trouting table\n0000 ');
    expect(await client.ask('show symbols table')).toBe(MASTER);
  });

  test('may send thousands of commands at once', async () => {
    const client = open();
    await client.answer();
    client.socket.write('eval 7\n'.repeat(5000));
    for (let i = 0; i < 5000; i++) expect(await client.answer()).toBe('0023 7');
  });

  test('that sends a line without end is told so, and goes on', async () => {
    const client = open();
    await client.answer();
    for (let i = 0; i < 100; i++) client.socket.write('x'.repeat(1000));
    client.socket.write('\neval 1\n');
    expect(await client.answer()).toBe('9000 Command too long');
    expect(await client.answer()).toBe('0023 1');
    expect(await client.ask(`eval ${'1+'.repeat(100)}1`)).toBe('0023 101');
  });

  test('that is closed on one side is answered; half a line is not', async () => {
    const client = open();
    await client.answer();
    client.socket.end('eval 1+2\neval 3');
    expect(await client.rest()).toBe('0023 3\n');
  });

  test('that is restricted may look and not touch, and others are not concerned', async () => {
    const [one, two] = [open(), open()];
    await Promise.all([one.answer(), two.answer()]);
    expect(await one.ask('restrict')).toBe('0016 Access restricted');
    for (const command of [
      'down',
      'configure',
      'disable all',
      'enable all',
      'restart all',
      'reload all',
      'debug all off',
    ]) {
      expect(await one.ask(command)).toBe('8007 Access denied');
    }
    expect(await one.ask('eval 1')).toBe('0023 1');
    expect(await two.ask('configure')).toContain('0003 Reconfigured');
  });

  test('hears messages of the classes that it asked for', async () => {
    const [one, two] = [open(), open()];
    await Promise.all([one.answer(), two.answer()]);
    await one.ask('echo { info, remote }');
    served.server.log('info', 'Reconfigured');
    served.server.log('warning', 'nobody asked');
    served.server.log('remote', 'b1: Received: Cease');
    expect([await one.line(), await one.line()]).toEqual(['+Reconfigured', '+b1: Received: Cease']);
    await one.ask('echo off');
    served.server.log('info', 'Reconfigured');
    expect(await one.ask('eval 1')).toBe('0023 1');
    expect(await two.ask('eval 1')).toBe('0023 1');
  });

  test('gets a line that is too long as what it is', async () => {
    const client = open();
    await client.answer();
    const long = Array.from({ length: 100 }, (_, i) => `(${i}, ${i}, ${i})`).join(', ');
    expect(await client.ask(`eval [${long}]`)).toBe('8000 <line overflow>');
  });

  test('whose reader is gone harms nobody', async () => {
    const client = open();
    await client.answer();
    client.socket.write('show route all\n'.repeat(2000));
    client.close();
    const other = open();
    await other.answer();
    expect(await other.ask('eval 1')).toBe('0023 1');
  });
});

describe('a reconfiguration with a time', () => {
  test('is undone when nobody confirms it, and whoever asked for it is told', async () => {
    let undone = 0;
    const served = await serve(
      target({
        undo: async () => {
          undone++;
          return { type: 'reconfigured' as const };
        },
      }),
    );
    const client = await greeted(served.path);
    expect(await client.ask('configure timeout 0')).toContain('0022-Undo scheduled in 0 s\n0003 Reconfigured');
    expect(await client.line()).toBe('+Config timeout expired, starting undo');
    expect(undone).toBe(1);
    expect(await client.ask('configure timeout')).toContain('0022-Undo scheduled in 300 s\n');
    expect(await client.ask('configure confirm')).toBe('0018 Reconfiguration confirmed');
    expect(await client.ask('configure confirm')).toBe('0019 Nothing to do');
    expect(await client.ask('configure undo')).toBe('0021-Undo requested\n0003 Reconfigured');
    client.close();
    await served.close();
  });

  test.each([
    [{ type: 'error', text: 'bird.cfg:3:8 syntax error' }, '8002 bird.cfg:3:8 syntax error'],
    [{ type: 'inProgress' }, '0004 Reconfiguration in progress'],
    [{ type: 'queued' }, '0005 Reconfiguration already in progress, queueing new config'],
    [{ type: 'shuttingDown' }, '0006 Reconfiguration ignored, shutting down'],
  ] as const)('answers %o', async (result, line) => {
    const served = await serve(target({ configure: async () => result }));
    const client = await greeted(served.path);
    expect((await client.ask('configure')).split('\n').at(-1)).toBe(line);
    client.close();
    await served.close();
  });
});

describe('the socket', () => {
  let folder: string;
  let path: string;
  const servers: ControlServer[] = [];
  const server = (where = path) => {
    const made = new ControlServer({ path: where, onError: () => {} });
    servers.push(made);
    return made;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'caracal-control-'));
    path = join(folder, 'bird.ctl');
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((each) => each.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  test('is for owner and group, takes the place of a leftover, and goes with the server', async () => {
    writeFileSync(path, '');
    chmodSync(path, 0o777);
    const one = server();
    await one.open();
    expect(statSync(path).mode & 0o777).toBe(0o660);
    await one.stop();
    expect(existsSync(path)).toBe(false);
  });

  test('cannot be had twice', async () => {
    await server().open();
    await expect(server().open()).rejects.toThrow(new ControlSocketError('I found another BIRD running.'));
  });

  test('says why it cannot be made', async () => {
    const where = join(folder, 'nowhere', 'x.ctl');
    await expect(server(where).open()).rejects.toThrow(
      new ControlSocketError(`Cannot create control socket ${where}: No such file or directory`),
    );
  });

  test('keeps those who come before there is anything to serve', async () => {
    const one = server();
    await one.open();
    const client = new Client(path);
    await new Promise((resolve) => connect(path).once('connect', resolve));
    one.serve(target());
    expect(await client.line()).toBe(GREETING);
    client.close();
  });

  test('answers that the daemon ends until it does', async () => {
    const ends: string[] = [];
    const one = server();
    await one.open();
    one.serve(target({ shutdown: (how: string) => ends.push(how), state: () => 'shuttingDown' }));
    const client = await greeted(path);
    expect(await client.ask('down')).toBe('0007 Shutdown requested');
    expect(await client.ask('show status')).toContain('0013 Shutdown in progress');
    expect(ends).toEqual(['down']);
    await one.stop();
    expect(await client.rest()).toBe('');
  });
});

test('a large table is told in portions, and others are answered meanwhile', { timeout: 60_000 }, async () => {
  const big = new Lab([1, 2].map((n) => node(n)).join('') + manyBlocks(2, 3000));
  big.start();
  big.converge();
  big.run(5 * SECOND);
  const served = await serve(targetOf(big.router('node-1'), big));
  const [reader, other] = [await greeted(served.path), await greeted(served.path)];
  reader.socket.write('show route all\n');
  await reader.line();
  expect(await other.ask('eval 1')).toBe('0023 1');
  const answer = await reader.answer();
  expect(answer.split('\n').filter((line) => line.includes('[Mesh_10_0_0_2 ')).length).toBeGreaterThanOrEqual(2999);
  reader.close();
  other.close();
  await served.close();
});

function manyBlocks(n: number, count: number): string {
  return Array.from({ length: count }, (_, i) =>
    block(n, 'ipv4', `10.${66 + (i >> 10)}.${(i >> 2) & 255}.${(i & 3) * 64}/26`),
  ).join('');
}
