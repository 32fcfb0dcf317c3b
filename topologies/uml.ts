// A command in a user-mode Linux: a kernel of its own as an ordinary process, for what the machine's kernel cannot do (no
// module ipip) and for what nobody wants to do to it. It sees the machine's files, read only, and has a network of its own;
// one boot takes about three seconds. From the command line: node topologies/uml.ts COMMAND ...
// Inside runs uml-init.sh.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CommandResult, run } from './commands.ts';
import { LabError } from './lab-file.ts';

export interface UmlOptions {
  /** Where the command runs; default: here. */
  readonly cwd?: string;
  /** Megabytes; taken from the machine as they are used. */
  readonly memory?: number;
  /** Seconds until it is ended by force. */
  readonly limit?: number;
}

const INIT = join(import.meta.dirname, 'uml-init.sh');
/** Node keeps what it has compiled, from one boot to the next: a daemon starts in half the time. */
export const UML_CODE_CACHE = join(import.meta.dirname, '../node_modules/.cache/caracal');
/** Its memory is a file that must be executable; where this folder is missing it looks for another one itself. */
const MEMORY_FOLDER = '/dev/shm';

/** Whether this machine's kernel has the tunnel already, and needs no other. */
export async function hasIpip(): Promise<boolean> {
  const name = `caracal-ipip-${process.pid}`;
  const { status } = await run(['sh', '-c', `ip netns add ${name} && ip -n ${name} link add probe type ipip remote 192.0.2.1; status=$?; ip netns del ${name}; exit $status`]); // biome-ignore format: one line
  return status === 0;
}

/**
 * Runs a command as root and waits for its end. Output comes when all is over. Throws LabError where the kernel did not
 * get as far as the command, or not to its end.
 */
export async function runInUml(argv: readonly string[], options: UmlOptions = {}): Promise<CommandResult> {
  const { cwd = process.cwd(), memory = 1_024, limit = 120 } = options;
  const job = mkdtempSync(join(tmpdir(), 'caracal-uml-'));
  try {
    for (const path of [INIT, cwd, job, UML_CODE_CACHE]) {
      if (/[\s",]/.test(path)) throw new LabError(`user-mode Linux cannot use a path with blanks or commas: ${path}`);
    }
    const machine = join(job, 'machine');
    mkdirSync(machine);
    mkdirSync(UML_CODE_CACHE, { recursive: true });
    // Node as it runs here comes first, as it does for programs started by npm.
    const path = `export PATH=${quote(dirname(process.execPath))}${delimiter}"$PATH"`;
    writeFileSync(join(job, 'command'), `${path}\n${argv.map(quote).join(' ')}\n`);
    const kernel = [
      ...['linux.uml', `mem=${memory}M`, 'root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro'],
      ...[`uml_dir=${machine}`, `init=${INIT}`, `UML_JOB=${job}`, `UML_CACHE=${UML_CODE_CACHE}`, `UML_WORK=${cwd}`],
      ...['con=null', 'con0=null,fd:1', 'quiet', 'loglevel=3', 'panic=-1'],
    ];
    const folder = existsSync(MEMORY_FOLDER) ? ['env', `TMPDIR=${MEMORY_FOLDER}`] : [];
    const console = await run([...folder, 'timeout', '-k', '5', String(limit), ...kernel]);
    if (!existsSync(join(job, 'status'))) {
      const said = (console.stdout + console.stderr).trimEnd().split('\n').slice(-20).join('\n');
      const what = console.status === 124 ? `did not end within ${limit} s` : 'did not come up';
      throw new LabError(`user-mode Linux ${what}: ${said || 'it said nothing'}`);
    }
    const read = (name: string) => readFileSync(join(job, name), 'utf8');
    return { status: Number(read('status')), stdout: read('stdout'), stderr: read('stderr') };
  } finally {
    rmSync(job, { recursive: true, force: true });
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { status, stdout, stderr } = await runInUml(process.argv.slice(2));
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = status;
}
