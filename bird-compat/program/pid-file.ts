// The file with the process id of `-P`.

import { closeSync, ftruncateSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { reasonOf } from '../files.ts';

export class PidFile {
  readonly #path: string;
  readonly #file: number;

  /** Throws a sentence where there can be no such file. */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#file = openSync(path, 'a', 0o664);
    } catch (error) {
      throw new PidFileError(`Cannot create PID file ${path}: ${reasonOf(error)}`);
    }
  }

  write(pid: number): void {
    ftruncateSync(this.#file, 0);
    writeSync(this.#file, `${pid}\n`);
  }

  remove(): void {
    closeSync(this.#file);
    try {
      unlinkSync(this.#path);
    } catch (error) {
      reasonOf(error); // somebody was faster, or it is not ours any more
    }
  }
}

export class PidFileError extends Error {
  constructor(text: string) {
    super(text);
    this.name = 'PidFileError';
  }
}
