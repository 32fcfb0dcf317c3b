// When to look at a folder: soon after something happened in it, and every now and then in any case, because a watch can
// be refused, lose events, or be bound to a folder that has been replaced. One look at a time.

import { stat } from 'node:fs/promises';
import { isSystemError } from '../errors.ts';
import type { Clock, Watch, WatchFolder } from './clock.ts';
import { folderToWatch } from './folder.ts';

export interface PacerOptions {
  /** A folder, or a file, whose folder is watched then. */
  readonly path: string;
  /** Milliseconds between something happening and the look at it: editors and copies take several steps. */
  readonly settle: number;
  /** Milliseconds between two looks without any reason. */
  readonly recheck: number;
  readonly clock: Clock;
  readonly watch: WatchFolder;
  /** Looks; answers in how many milliseconds it wants to look again, if it does. Must not throw. */
  readonly look: () => Promise<number | undefined>;
}

export class Pacer {
  readonly #options: PacerOptions;
  #soon: { readonly due: number; readonly cancel: () => void } | undefined;
  #cancelRecheck: (() => void) | undefined;
  #watch: Watch | undefined;
  #watchedFolder = '';
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #stopped = false;
  /** Why changes are noticed by re-checks only; undefined while the watch works. */
  watchError: string | undefined;

  constructor(options: PacerOptions) {
    this.#options = options;
  }

  /** Watches, then looks for the first time: nothing that happens after this call goes unnoticed. */
  async start(): Promise<void> {
    this.#begin();
    await this.#looking;
    this.#scheduleRecheck();
  }

  /** Idempotent. No look begins afterwards, and none is under way when it is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#soon?.cancel();
    this.#cancelRecheck?.();
    this.#closeWatch();
    await this.#looking;
  }

  #closeWatch(): void {
    this.#watch?.close();
    this.#watch = undefined;
    this.#watchedFolder = '';
  }

  /** Looks after so many milliseconds, or earlier where an earlier look is due. */
  #lookAfter(milliseconds: number): void {
    const { clock } = this.#options;
    const due = clock.now() + milliseconds;
    if (this.#stopped || (this.#soon !== undefined && this.#soon.due <= due)) return;
    this.#soon?.cancel();
    const cancel = clock.after(milliseconds, () => {
      this.#soon = undefined;
      this.#begin();
    });
    this.#soon = { due, cancel };
  }

  #scheduleRecheck(): void {
    if (this.#stopped) return;
    this.#cancelRecheck = this.#options.clock.after(this.#options.recheck, () => {
      this.#begin();
      this.#scheduleRecheck();
    });
  }

  #begin(): void {
    if (this.#stopped) return;
    if (this.#looking !== undefined) {
      this.#lookAgain = true;
      return;
    }
    this.#looking = this.#look().finally(() => {
      this.#looking = undefined;
      if (this.#lookAgain) this.#lookAfter(this.#options.settle);
      this.#lookAgain = false;
    });
  }

  async #look(): Promise<void> {
    await this.#keepWatch();
    if (this.#stopped) return;
    const again = await this.#options.look();
    if (again !== undefined) this.#lookAfter(again);
  }

  /** A watch belongs to an inode: where the path leads to another one now, the watch moves. */
  async #keepWatch(): Promise<void> {
    const { path, watch, settle } = this.#options;
    const folder = await folderToWatch(path);
    const identity = folder === undefined ? '' : await identityOf(folder);
    if (this.#stopped || (this.#watch !== undefined && identity === this.#watchedFolder)) return;
    this.#closeWatch();
    if (folder === undefined || identity === '') return;
    const opened = watch(
      folder,
      () => this.#lookAfter(settle),
      (code) => this.#lost(code),
    );
    this.watchError = 'code' in opened ? opened.code : undefined;
    if ('code' in opened) return;
    this.#watch = opened;
    this.#watchedFolder = identity;
  }

  #lost(code: string): void {
    this.#watch = undefined;
    this.#watchedFolder = '';
    this.watchError = code;
  }
}

async function identityOf(folder: string): Promise<string> {
  try {
    const { dev, ino } = await stat(folder);
    return `${folder} ${dev} ${ino}`;
  } catch (error) {
    if (isSystemError(error)) return '';
    throw error;
  }
}
