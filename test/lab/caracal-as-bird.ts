// Caracal in BIRD's clothes on a machine of a lab whose own daemon is none: `bird` of bird-compat with a configuration in
// BIRD's language. It ends with the lab.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { environment, inNamespace } from '../../topologies/commands.ts';
import { HOME } from '../../topologies/daemons.ts';
import type { Lab } from '../../topologies/lab.ts';
import { LAB_MARK } from '../../topologies/lab-state.ts';

export class CaracalAsBird {
  readonly #lab: Lab;
  readonly #machine: string;
  #process: ChildProcess | undefined;

  constructor(lab: Lab, machine: string) {
    this.#lab = lab;
    this.#machine = machine;
  }

  start(configuration: string): void {
    const { directory } = this.#lab;
    const path = (ending: string) => join(directory, `${this.#machine}.${ending}`);
    writeFileSync(path('conf'), configuration);
    const argv = [join(HOME, 'bird-compat/bin/bird'), '-f', '-c', path('conf'), '-s', path('ctl')];
    const [program = '', ...args] = inNamespace(this.#lab.namespace(this.#machine), argv);
    const log = openSync(path('log'), 'a');
    const env = environment({ [LAB_MARK]: directory });
    this.#process = spawn(program, args, { cwd: directory, detached: true, env, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#process.unref();
  }

  /** Its sudden death. */
  async kill(): Promise<void> {
    if (this.#process === undefined) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
    this.#process = undefined;
  }
}
