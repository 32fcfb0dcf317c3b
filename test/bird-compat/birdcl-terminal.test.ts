// `birdcl` at a terminal: a prompt, lines that can be edited and called back, long answers page by page.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { waitFor } from '../../topologies/wait-for.ts';
import { describeWith } from '../requirements.ts';
import { BIRD_PROGRAMS } from './programs.ts';

const TIMEOUT_MS = 60_000;
const PATIENCE = { timeout: 20_000, interval: 20 };
const ROWS = 6;
const UP = '\u001b[A';

const folder = mkdtempSync(join(tmpdir(), 'caracal-terminal-'));
const socket = join(folder, 'bird.ctl');
const CONSTANTS = Array.from({ length: 12 }, (_, n) => `define C${n} = ${n};\n`).join('');

/** A terminal of so many rows for a program; what is typed comes from standard input. */
const TERMINAL = `
import fcntl, os, pty, struct, sys, termios
pid, master = pty.fork()
if pid == 0: os.execv(sys.argv[2], sys.argv[2:])
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack('HHHH', int(sys.argv[1]), 80, 0, 0))
pty._copy(master)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

class Terminal {
  readonly #child: ChildProcess;
  readonly end: Promise<number | null>;
  #shown = '';

  constructor(...args: readonly string[]) {
    this.#child = spawn('python3', ['-c', TERMINAL, String(ROWS), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#shown += text;
    });
    this.end = new Promise((resolve) => this.#child.on('close', resolve));
  }

  type(keys: string): void {
    this.#child.stdin!.write(keys);
  }

  /** What came until this text is there, without what moves the cursor and what is erased again. */
  async shows(end: string): Promise<string> {
    await expect.poll(() => plain(this.#shown), PATIENCE).toContain(end);
    const shown = plain(this.#shown);
    const at = shown.indexOf(end) + end.length;
    this.#shown = shown.slice(at);
    return shown.slice(0, at);
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }
}

const plain = (text: string) =>
  text
    .replaceAll('\r\n', '\n')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what terminals are told begins with ESC
    .replaceAll(/\u001b\[[\d;?]*[A-Za-z]/g, '')
    .replaceAll('\r', '');

describeWith(['namespaces', 'python3'], 'birdcl at a terminal', () => {
  let bird: ChildProcess;
  let terminal: Terminal;

  beforeAll(async () => {
    const file = join(folder, 'bird.conf');
    writeFileSync(file, `log stderr { fatal };\nrouter id 10.0.0.1;\nprotocol device { }\n${CONSTANTS}`);
    bird = spawn('unshare', ['--net', BIRD_PROGRAMS.bird, '-f', '-c', file, '-s', socket], { stdio: 'ignore' });
    const answers = () => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const client = spawn(BIRD_PROGRAMS.birdcl, ['-s', socket, 'show', 'status'], { stdio: 'ignore' });
      client.on('close', (code) => resolve(code === 0));
      return promise;
    };
    if (!(await waitFor(answers, TIMEOUT_MS))) throw new Error('bird does not start');
  }, TIMEOUT_MS);

  afterAll(async () => {
    bird.kill('SIGTERM');
    await new Promise((resolve) => bird.once('exit', resolve));
    rmSync(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    terminal = new Terminal(BIRD_PROGRAMS.birdcl, '-s', socket);
    await terminal.shows('bird> ');
  }, TIMEOUT_MS);

  afterEach(() => terminal.close());

  test('answers line by line, and brings lines back', { timeout: TIMEOUT_MS }, async () => {
    terminal.type('eval 6*7\r');
    expect(await terminal.shows('bird> ')).toBe('eval 6*7\n42\nbird> ');
    terminal.type(`${UP}+1\r`);
    expect(await terminal.shows('43\nbird> ')).toContain('eval 6*7+1\n43\nbird> ');
    terminal.type('exit\r');
    expect(await terminal.end).toBe(0);
  });

  test('shows long answers page by page: space, Enter, and q for no more', { timeout: TIMEOUT_MS }, async () => {
    const symbols = (text: string) => text.match(/\t/g);
    terminal.type('show symbols\r');
    expect(symbols(await terminal.shows('--More--'))).toHaveLength(ROWS - 1);
    terminal.type(' ');
    expect(symbols(await terminal.shows('--More--'))).toHaveLength(ROWS - 1);
    terminal.type('\r');
    expect(symbols(await terminal.shows('--More--'))).toHaveLength(1);
    terminal.type('q');
    expect(symbols(await terminal.shows('bird> '))).toBeNull();
    terminal.type('eval 1\r');
    await terminal.shows('1\nbird> ');
  });

  test('ends with the end of its input', { timeout: TIMEOUT_MS }, async () => {
    terminal.type('\u0004');
    expect(await terminal.end).toBe(0);
  });
});
