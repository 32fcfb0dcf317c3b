// `birdcl` drives a real BIRD 1.6, and says what BIRD's own client says.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitFor } from '../../topologies/wait-for.ts';
import { BIRD1, describeWith } from '../requirements.ts';
import { BIRD_PROGRAMS } from './programs.ts';

const TIMEOUT_MS = 30_000;
const folder = mkdtempSync(join(tmpdir(), 'caracal-birdcl-'));
const socket = join(folder, 'bird.ctl');

const CONFIGURATION = `
log stderr { fatal };
router id 10.0.0.1;
protocol device { scan time 5; }
protocol static holes { route 10.1.0.0/16 blackhole; route 10.2.0.0/16 unreachable; }
protocol bgp node1 { local as 64512; neighbor 10.9.9.9 as 64512; passive; }
function twice(int x) { return 2 * x; }
`;

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function ask(program: string, args: readonly string[], input = ''): Outcome {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: TIMEOUT_MS, input });
  return { code: status, stdout: stdout.replaceAll(/\d\d:\d\d:\d\d/g, 'TIME'), stderr };
}

const birdcl = (...args: string[]) => ask(BIRD_PROGRAMS.birdcl, ['-s', socket, ...args]);

/** Not only that it is installed: Debian's bird2 brings it along. */
describeWith(['namespaces', 'bird1', 'birdc'], 'birdcl and a real BIRD 1.6', () => {
  let bird: ChildProcess;

  beforeAll(async () => {
    writeFileSync(join(folder, 'bird.conf'), CONFIGURATION);
    bird = spawn('unshare', ['--net', BIRD1.bird, '-f', '-c', join(folder, 'bird.conf'), '-s', socket], {
      stdio: 'ignore',
    });
    if (!(await waitFor(() => existsSync(socket), TIMEOUT_MS))) throw new Error('BIRD 1.6 does not start');
  }, TIMEOUT_MS);

  afterAll(async () => {
    if (bird.exitCode === null) {
      bird.kill('SIGTERM');
      await new Promise((resolve) => bird.once('exit', resolve));
    }
    rmSync(folder, { recursive: true, force: true });
  });

  test.each([
    'show status',
    's p',
    'sh p all node1',
    'show route all',
    'sh ro 10.2.0.0/16',
    'eval twice(21)',
    'show static holes',
    'configure check',
    '-v show protocols',
    '-v -r configure',
    'show route protocol nosuch',
    'disable nosuch',
  ])('%s', (line) => {
    const words = line.split(' ');
    const [theirs, ours] = [ask('birdc', ['-s', socket, ...words]), birdcl(...words)];
    // BIRD 1.6's client, unlike that of BIRD 2, ends with 0 whatever the daemon said.
    expect(ours).toEqual({ ...theirs, code: 0 });
  });

  test('commands from a pipe are shown with their answers', () => {
    const input = 'eval 1+1\nfoo\n\nexit\n';
    const said = ask(BIRD_PROGRAMS.birdcl, ['-s', socket], input);
    expect(said).toEqual({
      code: 0,
      stdout:
        "BIRD 1.6.8 ready.\nbird> eval 1+1\n2\nbird> foo\nNo such command. Press `?' for help.\nbird> \nbird> exit\n",
      stderr: '',
    });
  });

  test('a daemon that is not there is what an exit code tells of', () => {
    expect(ask(BIRD_PROGRAMS.birdcl, ['-s', '/nonexistent', 'show', 'status'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Unable to connect to server control socket (/nonexistent): No such file or directory\n',
    });
    expect(ask(BIRD_PROGRAMS.birdcl, ['-x'])).toEqual({
      code: 1,
      stdout: '',
      stderr: "birdcl: invalid option -- 'x'\nUsage: birdcl [-s <control-socket>] [-v] [-r] [-l]\n",
    });
  });
});
