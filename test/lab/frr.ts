// The real FRR (zebra and bgpd) on a machine of a lab whose own daemon is none. Its processes end with the lab.

import { spawn } from 'node:child_process';
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment, inNamespace, run } from '../../topologies/commands.ts';
import type { Lab } from '../../topologies/lab.ts';
import { LAB_MARK } from '../../topologies/lab-state.ts';

const PROGRAMS = '/usr/lib/frr';

export class Frr {
  readonly #lab: Lab;
  readonly #machine: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'caracal-frr-'));

  /** @param configuration of bgpd */
  constructor(lab: Lab, machine: string, configuration: string) {
    this.#lab = lab;
    this.#machine = machine;
    // Both daemons give up root for a user of their own, who writes here.
    chmodSync(this.#folder, 0o777);
    writeFileSync(join(this.#folder, 'zebra.conf'), '');
    writeFileSync(join(this.#folder, 'bgpd.conf'), configuration);
  }

  start(): void {
    for (const program of ['zebra', 'bgpd']) this.#start(program);
  }

  /** What bgpd answers; undefined while it does not. */
  async ask(...commands: readonly string[]): Promise<string | undefined> {
    const asked = commands.flatMap((command) => ['-c', command]);
    const { status, stdout } = await run(['vtysh', '--vty_socket', this.#folder, '-d', 'bgpd', ...asked]);
    return status === 0 ? stdout : undefined;
  }

  /** To be called when the lab is down. */
  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #start(program: string): void {
    const folder = this.#folder;
    const own = ['-f', join(folder, `${program}.conf`), '-i', join(folder, `${program}.pid`)];
    const shared = ['--vty_socket', folder, '-P', '0', '-z', join(folder, 'zserv.api'), '--log', 'stdout'];
    const argv = [join(PROGRAMS, program), ...own, ...shared];
    const [file = '', ...args] = inNamespace(this.#lab.namespace(this.#machine), argv);
    const log = openSync(join(folder, `${program}.log`), 'a');
    const child = spawn(file, args, {
      cwd: folder,
      detached: true,
      env: environment({ [LAB_MARK]: this.#lab.directory }),
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    child.unref();
  }
}
