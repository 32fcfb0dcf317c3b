// The text files of a folder (or one file alone), read again and again: each reading answers what every file says now.
// A file that is being written is not taken: see `FolderReader.read`. Not here: when to read, and what the text means.

import type { BigIntStats, Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type DatastoreError, fileError, isSystemError } from '../errors.ts';
import type { Clock } from './clock.ts';

export interface FileReading {
  readonly path: string;
  /** The last text that was complete; undefined where there has been none yet. */
  readonly text?: string;
  /** Why there is no newer one. */
  readonly error?: DatastoreError;
}

export interface FolderReading {
  /** By name, in the order of names. */
  readonly files: ReadonlyMap<string, FileReading>;
  /** A file was caught in a change: it is worth reading again so many milliseconds later. */
  readonly againAfter?: number;
}

export interface FolderOptions {
  readonly path: string;
  /** Whether a file of this name belongs to it. Not asked where `path` is a file. */
  readonly accepts: (name: string) => boolean;
  /** Whether a text may be the beginning of a longer one, although it can be read. */
  readonly looksUnfinished: (name: string, text: string) => boolean;
  readonly clock: Clock;
}

/** How long a text that looks unfinished must stay the same until it is believed. */
const PATIENCE = 1_000;
/** When to look again at a file that changed while it was read. */
const SOON = 50;

interface KnownFile {
  path: string;
  text: string | undefined;
  error: DatastoreError | undefined;
  /** What `stat` said when the text was read. */
  signature: string;
  /** Whether the same signature was seen with the same text twice: only then does it stand for the text. */
  trusted: boolean;
  /** A newer text that looks unfinished, and since when. */
  candidate: { readonly text: string; readonly since: number } | undefined;
  /** It was not there at the last reading. Editors rename: only a file that is missing twice is gone. */
  missing: boolean;
}

export class FolderReader {
  readonly #options: FolderOptions;
  readonly #known = new Map<string, KnownFile>();
  #isFirst = true;
  #againAfter: number | undefined;

  constructor(options: FolderOptions) {
    this.#options = options;
  }

  /**
   * One reading. A file that changes while it is read keeps its old text; so does, for a second, one whose new text
   * looks unfinished. Throws a DatastoreError where the folder (or the single file) cannot be read.
   */
  async read(): Promise<FolderReading> {
    this.#againAfter = undefined;
    const paths = await this.#list();
    for (const [name, { path, mustExist }] of paths) await this.#readFile(name, path, mustExist);
    for (const [name, known] of this.#known) if (!paths.has(name)) this.#miss(name, known);
    this.#isFirst = false;
    const names = [...this.#known.keys()].sort();
    const files = new Map(names.map((name) => [name, readingOf(this.#known.get(name)!)]));
    return { files, ...(this.#againAfter === undefined ? {} : { againAfter: this.#againAfter }) };
  }

  async #list(): Promise<Map<string, { path: string; mustExist: boolean }>> {
    const { path, accepts } = this.#options;
    let entries: Dirent[];
    try {
      // The file that an operator names must exist, as a folder must: its absence says nothing about its contents.
      if (!(await stat(path)).isDirectory()) return new Map([[basename(path), { path, mustExist: true }]]);
      entries = await readdir(path, { withFileTypes: true });
    } catch (error) {
      throw fileError(path, error);
    }
    const files = entries.filter((entry) => accepts(entry.name) && (entry.isFile() || entry.isSymbolicLink()));
    return new Map(files.map(({ name }) => [name, { path: join(path, name), mustExist: false }]));
  }

  async #readFile(name: string, path: string, mustExist: boolean): Promise<void> {
    const known = this.#known.get(name) ?? newFile(path);
    this.#known.set(name, known);
    try {
      const before = signatureOf(await stat(path, { bigint: true }));
      known.missing = false;
      if (known.trusted && known.signature === before && known.error === undefined) return;
      const text = await readFile(path, 'utf8');
      const steady = before === signatureOf(await stat(path, { bigint: true }));
      this.#take(name, known, text, steady ? before : undefined);
      known.error = undefined;
    } catch (error) {
      if (isSystemError(error) && error.code === 'ENOENT' && !mustExist) return this.#miss(name, known);
      known.error = fileError(path, error);
    }
  }

  #miss(name: string, known: KnownFile): void {
    if (known.missing || known.text === undefined) this.#known.delete(name);
    else this.#lookAgain(SOON);
    known.missing = true;
  }

  /** `signature` is undefined where the file changed meanwhile. */
  #take(name: string, known: KnownFile, text: string, signature: string | undefined): void {
    if (signature === undefined) {
      known.trusted = false;
      this.#lookAgain(SOON);
      return;
    }
    if (text === known.text) {
      known.trusted = known.signature === signature;
      known.candidate = undefined;
    } else if (this.#isFirst || this.#isBelieved(name, known, text)) {
      known.text = text;
      known.trusted = false;
      known.candidate = undefined;
    } else {
      known.trusted = false;
    }
    known.signature = signature;
  }

  #isBelieved(name: string, known: KnownFile, text: string): boolean {
    const { clock, looksUnfinished } = this.#options;
    if (!looksUnfinished(name, text)) return true;
    if (known.candidate?.text !== text) known.candidate = { text, since: clock.now() };
    const left = known.candidate.since + PATIENCE - clock.now();
    if (left > 0) this.#lookAgain(left);
    return left <= 0;
  }

  #lookAgain(after: number): void {
    this.#againAfter = Math.min(after, this.#againAfter ?? after);
  }
}

function newFile(path: string): KnownFile {
  return {
    path,
    text: undefined,
    error: undefined,
    signature: '',
    trusted: false,
    candidate: undefined,
    missing: false,
  };
}

function readingOf({ path, text, error }: KnownFile): FileReading {
  return { path, ...(text === undefined ? {} : { text }), ...(error === undefined ? {} : { error }) };
}

/** Symbolic links are followed: another target is another inode. */
function signatureOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

/** The folder in which changes of this path show: the path itself, or the folder of a file. */
export async function folderToWatch(path: string): Promise<string | undefined> {
  try {
    return (await stat(path)).isDirectory() ? path : dirname(path);
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}
