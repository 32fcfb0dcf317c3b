// Time and change notifications as the file drivers use them; tests bring their own.

import { type FSWatcher, watch } from 'node:fs';
import { isSystemError } from '../errors.ts';

export interface Clock {
  /** Milliseconds. */
  now(): number;
  /** Calls once, after so many milliseconds; the answer cancels it. */
  after(milliseconds: number, call: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (milliseconds, call) => {
    const timer = setTimeout(call, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** Calls `changed` when something happens in a folder. `lost` is called once when no more calls will come. */
export type WatchFolder = (
  folder: string,
  changed: () => void,
  lost: (code: string) => void,
) => Watch | { code: string };

export interface Watch {
  close(): void;
}

/** inotify by way of Node. Where the system has no room for another watch, the answer says so. */
export const watchFolder: WatchFolder = (folder, changed, lost) => {
  let watcher: FSWatcher;
  try {
    watcher = watch(folder, () => changed());
  } catch (error) {
    if (isSystemError(error)) return { code: error.code };
    throw error;
  }
  watcher.on('error', (error) => {
    watcher.close();
    lost(isSystemError(error) ? error.code : error.message);
  });
  return watcher;
};
