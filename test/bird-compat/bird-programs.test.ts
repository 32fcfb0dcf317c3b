// The programs `bird` and `bird6` as processes: what they say and how they end, beside the real BIRD 1.6 where it is at
// hand; signals, the log, the process's name, the background.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BIRD1, describeWith, missing } from '../requirements.ts';
import { BIRD_PROGRAMS } from './programs.ts';

const TIMEOUT_MS = 30_000;
const PATIENCE = { timeout: 20_000, interval: 20 };
const folder = mkdtempSync(join(tmpdir(), 'caracal-bird-programs-'));
const path = (name: string) => join(folder, name);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const GOOD = 'router id 10.0.0.1;\nprotocol device { }\n';
const FILES: Readonly<Record<string, string>> = {
  'good.conf': GOOD,
  'syntax.conf': 'router id 10.0.0.1;\nprotocol device { }\n}\n',
  'neighbor.conf': `${GOOD}protocol bgp x { local as 1; }\n`,
  'filter.conf': `${GOOD}protocol bgp x { local as 1; neighbor 10.0.0.2 as 1; export filter nosuch; }\n`,
  'include.conf': 'include "nope.conf";\n',
  'comment.conf': 'router id 10.0.0.1; /* never\n',
  'log.conf': `log "/nonexistent/folder/bird.log" all;\n${GOOD}`,
};

beforeAll(() => {
  for (const [name, text] of Object.entries(FILES)) writeFileSync(path(name), text);
});

function run(program: string, args: readonly string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8', timeout: TIMEOUT_MS });
  // getopt names the program by its path.
  return { code: status, stdout, stderr: stderr.replaceAll(/^.*\/bird6?: /gm, 'bird: ').trimEnd() };
}

describeWith(['bird1'], 'bird says what BIRD 1.6 says, and ends as it does', () => {
  test.each<readonly [string, ...string[]]>([
    ['a good configuration', '-p', '-c', 'good.conf'],
    ['glued and grouped options', '-pcgood.conf'],
    ['a file that is not there', '-p', '-c', 'nofile.conf'],
    ['a syntax error', '-p', '-c', 'syntax.conf'],
    ['no neighbour', '-p', '-c', 'neighbor.conf'],
    ['no such filter', '-p', '-c', 'filter.conf'],
    ['no such include', '-p', '-c', 'include.conf'],
    ['a comment without end', '-p', '-c', 'comment.conf'],
    ['a log that cannot be written', '-p', '-c', 'log.conf'],
    ['an unknown option', '-v'],
    ['an unknown long option', '--config'],
    ['an option without value', '-c'],
    ['an argument too many', 'good.conf'],
    ['--version with another', '--version', '-f'],
    ['an unknown user', '-p', '-u', 'nosuchuser', '-c', 'good.conf'],
    ['an unknown group', '-p', '-g', 'nosuchgroup', '-c', 'good.conf'],
    ['a socket that cannot be', '-f', '-c', 'good.conf', '-s', '/nonexistent/bird.ctl'],
    ['a PID file that cannot be', '-f', '-c', 'good.conf', '-s', 'pid.ctl', '-P', '/nonexistent/pid'],
    ['a bad configuration in the foreground', '-f', '-c', 'syntax.conf', '-s', 'bad.ctl'],
    ['a bad configuration in the background', '-c', 'syntax.conf', '-s', 'bad.ctl'],
  ])('%s', (_name, ...args) => {
    expect(run(BIRD_PROGRAMS.bird, args)).toEqual(run(BIRD1.bird, args));
  });

  test('bird6, too', () => {
    const args = ['-p', '-c', 'nofile.conf'];
    expect(run(BIRD_PROGRAMS.bird6, args)).toEqual(run(BIRD1.bird6, args));
  });
});

test('--version and --help are told on standard error', () => {
  const version = run(BIRD_PROGRAMS.bird, ['--version']);
  const help = run(BIRD_PROGRAMS.bird6, ['--help']);
  expect([version.code, version.stdout, help.code, help.stdout]).toEqual([0, '', 0, '']);
  expect(version.stderr).toMatch(/^BIRD version v\d+\.\d+\.\d+\+birdv1\.6\.8$/);
  expect(help.stderr).toMatch(/^Usage: bird6 /);
  for (const flag of ['-c', '-d', '-D', '-f', '-g', '-h', '-l', '-p', '-P', '-R', '-s', '-u', '--bird2', '--version']) {
    expect(help.stderr).toContain(`\n  ${flag}`);
  }
});

const reason = missing('namespaces', 'ip');

describe.skipIf(reason !== undefined)(`bird runs${reason === undefined ? '' : ` [skipped: ${reason}]`}`, () => {
  const running: Running[] = [];

  afterEach(async () => {
    for (const daemon of running.splice(0)) await daemon.kill();
  });

  /** In a network namespace of its own. */
  function start(args: readonly string[], program = BIRD_PROGRAMS.bird): Running {
    const daemon = new Running(['unshare', '--net', program, ...args], folder);
    running.push(daemon);
    return daemon;
  }

  const startGood = (...args: string[]) =>
    start(['-d', '-c', 'good.conf', '-s', 'bird.ctl', '-P', 'bird.pid', ...args]);
  const pidOf = (name = 'bird.pid') => Number(readFileSync(path(name), 'utf8'));
  const started = async (daemon: Running) => expect.poll(() => daemon.stderr, PATIENCE).toContain('Started\n');

  test('with -d, -s and -P, under the name that calicoctl looks for, until SIGTERM', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const daemon = startGood();
    await started(daemon);
    const pid = pidOf();
    const [name] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    expect([name, readFileSync(`/proc/${pid}/comm`, 'utf8')]).toEqual(['bird', 'bird\n']);
    expect(statSync(path('bird.ctl')).mode & 0o777).toBe(0o660);
    process.kill(pid, 'SIGTERM');
    expect(await daemon.end).toBe(0);
    expect(daemon.stderr).toBe('bird: Started\nbird: Shutting down\nbird: Shutdown completed\n');
    expect([existsSync(path('bird.ctl')), existsSync(path('bird.pid'))]).toEqual([false, false]);
  });

  test('bird6 is called bird6', { timeout: TIMEOUT_MS }, async () => {
    const daemon = start(['-d', '-c', 'good.conf', '-s', 'bird6.ctl', '-P', 'bird6.pid'], BIRD_PROGRAMS.bird6);
    await started(daemon);
    expect(readFileSync(`/proc/${pidOf('bird6.pid')}/comm`, 'utf8')).toBe('bird6\n');
  });

  test('only once for each socket', { timeout: TIMEOUT_MS }, async () => {
    await started(startGood());
    const { code, stderr } = run(BIRD_PROGRAMS.bird, ['-f', '-c', 'good.conf', '-s', 'bird.ctl']);
    expect([code, stderr]).toEqual([1, 'bird: I found another BIRD running.']);
  });

  test('SIGHUP reads the configuration again, and a bad one changes nothing', { timeout: TIMEOUT_MS }, async () => {
    const peer = 'protocol bgp node1 { local as 64512; neighbor 10.9.9.9 as 64512; passive; }\n';
    writeFileSync(path('changing.conf'), GOOD);
    const daemon = start(['-d', '-c', 'changing.conf', '-s', 'bird.ctl', '-P', 'bird.pid']);
    await started(daemon);
    writeFileSync(path('changing.conf'), GOOD + peer);
    process.kill(pidOf(), 'SIGHUP');
    await expect.poll(() => daemon.stderr, PATIENCE).toContain('Reconfigured\n');
    writeFileSync(path('changing.conf'), 'protocol foo { }\n');
    process.kill(pidOf(), 'SIGHUP');
    await expect.poll(() => daemon.stderr, PATIENCE).toContain('syntax error');
    expect(daemon.stderr.split('\n')).toEqual([
      'bird: Started',
      'bird: Reconfiguration requested by SIGHUP',
      'bird: Reconfiguring',
      'bird: Adding protocol node1',
      'bird: Reconfigured',
      'bird: Reconfiguration requested by SIGHUP',
      'bird: changing.conf:1:10 syntax error',
      '',
    ]);
    const shown = run(BIRD_PROGRAMS.birdcl, ['-s', 'bird.ctl', 'show', 'protocols', 'node1']).stdout;
    expect(shown).toContain('node1    BGP      master   start');
  });

  test('SIGUSR1 dumps to the file of -D', { timeout: TIMEOUT_MS }, async () => {
    const daemon = startGood('-D', 'dump.txt');
    await started(daemon);
    process.kill(pidOf(), 'SIGUSR1');
    await expect
      .poll(() => existsSync(path('dump.txt')) && readFileSync(path('dump.txt'), 'utf8'), PATIENCE)
      .toMatch(/^INTERNAL STATE DUMP\n/);
  });

  test('logs where the configuration says, in BIRD’s format', { timeout: TIMEOUT_MS }, async () => {
    writeFileSync(path('logging.conf'), `log stderr { fatal, info };\nlog "${path('all.log')}" all;\n${GOOD}`);
    const daemon = start(['-f', '-c', 'logging.conf', '-s', 'bird.ctl', '-P', 'bird.pid']);
    await started(daemon);
    process.kill(pidOf(), 'SIGTERM');
    await daemon.end;
    const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`;
    const lines = ['<INFO> Started', '<INFO> Shutting down', '<FATAL> Shutdown completed'];
    const expected = new RegExp(`^${lines.map((line) => `${time} ${line}\n`).join('')}$`);
    expect(daemon.stderr).toMatch(expected);
    expect(readFileSync(path('all.log'), 'utf8')).toMatch(expected);
  });

  test.skipIf(missing('python3') !== undefined)(
    'logs to the system’s log, as BIRD names itself there',
    {
      timeout: TIMEOUT_MS,
    },
    async () => {
      const receiver = new Running(['python3', '-c', SYSTEM_LOG, path('log')], folder);
      running.push(receiver);
      await expect.poll(() => receiver.stderr, PATIENCE).toBe('ready\n');
      writeFileSync(path('syslog.conf'), `log syslog { info, fatal };\n${GOOD}`);
      const command = `${OWN_DEV} && exec "$0" -f -c syslog.conf -s bird.ctl -P bird.pid`;
      const args = ['unshare', '--net', '--mount', 'sh', '-ec', command, BIRD_PROGRAMS.bird];
      const daemon = new Running(args, folder);
      running.push(daemon);
      await expect.poll(() => receiver.stderr, PATIENCE).toContain('Started\n');
      const pid = pidOf();
      process.kill(pid, 'SIGTERM');
      await daemon.end;
      await expect.poll(() => receiver.stderr, PATIENCE).toContain('Shutdown completed\n');
      const told = receiver.stderr.split('\n').map((line) => line.replace(/>.{15} /, '> '));
      expect(told.slice(1, -1)).toEqual([
        `<30> bird[${pid}]: Started`,
        `<30> bird[${pid}]: Shutting down`,
        `<26> bird[${pid}]: Shutdown completed`,
      ]);
      expect(daemon.stderr).toBe('');
    },
  );

  test('goes to the background when its configuration is good', { timeout: TIMEOUT_MS }, async () => {
    const daemon = start(['-c', 'logging.conf', '-s', 'bird.ctl', '-P', 'background.pid']);
    expect(await daemon.end).toBe(0);
    const pid = pidOf('background.pid');
    try {
      await expect
        .poll(() => run(BIRD_PROGRAMS.birdcl, ['-s', 'bird.ctl', 'show', 'status']).stdout, PATIENCE)
        .toContain('Daemon is up and running');
      expect(readFileSync(`/proc/${pid}/comm`, 'utf8')).toBe('bird\n');
    } finally {
      process.kill(pid, 'SIGTERM');
    }
    await expect.poll(() => existsSync(path('bird.ctl')), PATIENCE).toBe(false);
  });

  test.each([
    { persist: '', staying: '' },
    { persist: 'persist;', staying: 'blackhole 10.77.0.0/16' },
  ])('ends with its routes in the kernel as told: $staying', { timeout: TIMEOUT_MS }, async ({ persist, staying }) => {
    const namespace = `caracal-bird-${process.pid}`;
    const ip = (...args: string[]) => run('ip', args).stdout.trim();
    ip('netns', 'add', namespace);
    try {
      const kernel = `protocol kernel { ${persist} export all; }\nprotocol static { route 10.77.0.0/16 blackhole; }\n`;
      writeFileSync(path('kernel.conf'), GOOD + kernel);
      const args = ['-d', '-c', 'kernel.conf', '-s', 'bird.ctl', '-P', 'bird.pid'];
      const daemon = new Running(['ip', 'netns', 'exec', namespace, BIRD_PROGRAMS.bird, ...args], folder);
      running.push(daemon);
      const programmed = () => ip('-n', namespace, 'route', 'show', 'proto', 'bird');
      await expect.poll(programmed, PATIENCE).toBe('blackhole 10.77.0.0/16');
      // As after a crash: the next one finds the route and keeps it.
      process.kill(pidOf(), 'SIGKILL');
      await daemon.end;
      const next = new Running(['ip', 'netns', 'exec', namespace, BIRD_PROGRAMS.bird, '-R', ...args], folder);
      running.push(next);
      await expect.poll(() => next.stderr, PATIENCE).toContain('Graceful restart done\n');
      expect(programmed()).toBe('blackhole 10.77.0.0/16');
      process.kill(pidOf(), 'SIGTERM');
      expect(await next.end).toBe(0);
      expect(programmed()).toBe(staying);
    } finally {
      ip('netns', 'del', namespace);
    }
  });

  test('runs as another user, who owns the socket', { timeout: TIMEOUT_MS }, async () => {
    chmodSync(folder, 0o777);
    const daemon = startGood('-u', '65534', '-g', '65533');
    await started(daemon);
    expect(readFileSync(`/proc/${pidOf()}/status`, 'utf8')).toMatch(/^Uid:\t65534\t/m);
    const { uid, gid } = statSync(path('bird.ctl'));
    expect([uid, gid]).toEqual([65534, 65533]);
  });
});

/** Takes the place of the system's log: what it is sent, a line each. */
const SYSTEM_LOG = `
import socket, sys
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind(sys.argv[1])
print('ready', file=sys.stderr, flush=True)
while True: print(log.recv(65536).decode(), file=sys.stderr, flush=True)
`;

/** For a shell in a mount namespace: a /dev of its own, where the system's log is the socket `log` of this folder. */
const OWN_DEV = [
  'mkdir dev',
  'mount -t tmpfs none dev',
  'cp -a /dev/null /dev/zero /dev/random /dev/urandom dev',
  'ln -s "$PWD/log" dev/log',
  'mount --bind dev /dev',
].join(' && ');

/** A process of ours and what it said on standard error. */
class Running {
  readonly #child: ChildProcess;
  readonly end: Promise<number | null>;
  stderr = '';

  constructor([file = '', ...args]: readonly string[], cwd: string) {
    this.#child = spawn(file, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.end = new Promise((resolve) => this.#child.on('close', resolve));
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.end;
  }
}
