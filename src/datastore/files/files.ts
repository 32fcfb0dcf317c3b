// The datastore of files: a folder of YAML and JSON files, or one file, kept in step while it runs. What a file said last
// stays in force while it cannot be read or parsed. Not here: reading files, when to read them, what resources mean.

import { isDeepStrictEqual } from 'node:util';
import { diffResources, type ResourceMap } from '../diff.ts';
import { DatastoreError } from '../errors.ts';
import type { ReadOptions } from '../resources/read-resource.ts';
import type { Resource } from '../resources/types.ts';
import type { Datastore, DatastoreEvent, ResourceProblem } from '../types.ts';
import { type Clock, systemClock, type WatchFolder, watchFolder } from './clock.ts';
import { readDocuments } from './documents.ts';
import { type FileReading, FolderReader, type FolderReading } from './folder.ts';
import { EMPTY_FILE, type FileState, type MergedState, mergeFiles, nextFileState } from './merge.ts';
import { Pacer } from './pacer.ts';

export interface FilesOptions extends Pick<ReadOptions, 'usePodCIDR'> {
  /** A folder, of which `*.yaml`, `*.yml` and `*.json` are read (no hidden files, no folders inside), or a file. */
  readonly path: string;
  /** Milliseconds between a change and reading it (50). */
  readonly settle?: number;
  /** Milliseconds between two looks at everything without a reason (2000). */
  readonly recheck?: number;
  readonly clock?: Clock;
  readonly watch?: WatchFolder;
}

/** The driver. `start` rejects with a DatastoreError whose message is one sentence where the path cannot be read. */
export function filesDatastore(options: FilesOptions): Datastore {
  return new FilesDatastore(options);
}

/** Reads everything once, as `start` would. Rejects like `start`. */
export async function checkFiles(
  path: string,
  options: Pick<ReadOptions, 'usePodCIDR'> = {},
): Promise<{ resources: readonly Resource[]; problems: readonly ResourceProblem[] }> {
  const loader = new FilesLoader(folderReader({ path }), options);
  const { resources, problems } = loader.take(await loader.read());
  return { resources: [...resources.values()], problems };
}

function folderReader({ path, clock = systemClock }: FilesOptions): FolderReader {
  return new FolderReader({ path, accepts: isResourceFile, looksUnfinished, clock });
}

function isResourceFile(name: string): boolean {
  return !name.startsWith('.') && /\.(yaml|yml|json)$/.test(name);
}

/** The beginning of a YAML text is nearly always YAML again; that of a JSON text never is, unless nothing is there yet. */
function looksUnfinished(name: string, text: string): boolean {
  return name.endsWith('.json') ? text.trim() === '' : !text.endsWith('\n');
}

/** What all files together say, from one reading to the next. */
class FilesLoader {
  readonly #reader: FolderReader;
  readonly #options: ReadOptions;
  #files = new Map<string, FileState>();
  #texts = new Map<string, string>();

  constructor(reader: FolderReader, options: ReadOptions) {
    this.#reader = reader;
    this.#options = options;
  }

  read(): Promise<FolderReading> {
    return this.#reader.read();
  }

  take(reading: FolderReading): MergedState {
    const files = new Map<string, FileState>();
    const texts = new Map<string, string>();
    const unread: ResourceProblem[] = [];
    for (const file of reading.files.values()) {
      if (file.text !== undefined) texts.set(file.path, file.text);
      files.set(file.path, this.#stateOf(file));
      if (file.error !== undefined) unread.push(unreadProblem(file.path, file.error));
    }
    this.#files = files;
    this.#texts = texts;
    const { resources, problems } = mergeFiles(files);
    return { resources, problems: [...unread, ...problems] };
  }

  /** A text that was seen already, good or bad, is not parsed again. */
  #stateOf({ path, text }: FileReading): FileState {
    const previous = this.#files.get(path) ?? EMPTY_FILE;
    if (text === undefined || text === this.#texts.get(path)) return previous;
    const documents = readDocuments(path, text, this.#options);
    if (documents.ok) return nextFileState(path, documents.results, previous);
    return { resources: previous.resources, problems: [documents.problem] };
  }
}

function unreadProblem(path: string, error: DatastoreError): ResourceProblem {
  return { kind: 'File', name: path, path: '', text: error.message, place: path };
}

class FilesDatastore implements Datastore {
  readonly #path: string;
  readonly #loader: FilesLoader;
  readonly #pacer: Pacer;
  #deliver: ((events: readonly DatastoreEvent[]) => void) | undefined;
  #resources: ResourceMap = new Map();
  #problems: readonly ResourceProblem[] = [];
  /** What the last reading said; absent before the first. */
  #merged: MergedState | undefined;
  #failure: DatastoreError | undefined;
  #synced = false;

  constructor(options: FilesOptions) {
    const { path, settle = 50, recheck = 2_000, clock = systemClock, watch = watchFolder } = options;
    this.#path = path;
    this.#loader = new FilesLoader(folderReader(options), options);
    this.#pacer = new Pacer({ path, settle, recheck, clock, watch, look: () => this.#look() });
  }

  async start(deliver: (events: readonly DatastoreEvent[]) => void): Promise<void> {
    this.#deliver = deliver;
    await this.#pacer.start();
    if (this.#merged !== undefined || this.#failure === undefined) return;
    await this.stop();
    throw this.#failure;
  }

  async stop(): Promise<void> {
    this.#deliver = undefined;
    await this.#pacer.stop();
  }

  async #look(): Promise<number | undefined> {
    const reading = await this.#read();
    if (reading !== undefined) this.#merged = this.#loader.take(reading);
    if (this.#merged !== undefined) this.#report(this.#merged);
    return reading?.againAfter;
  }

  async #read(): Promise<FolderReading | undefined> {
    try {
      const reading = await this.#loader.read();
      this.#failure = undefined;
      return reading;
    } catch (error) {
      if (!(error instanceof DatastoreError)) throw error;
      this.#failure = error;
      return undefined;
    }
  }

  /** One batch with all that is new. */
  #report({ resources, problems: said }: MergedState): void {
    const problems = [...this.#ownProblems(), ...said];
    const events = diffResources(this.#resources, resources);
    if (!isDeepStrictEqual(problems, this.#problems)) events.push({ type: 'problems', problems });
    const synced = this.#failure === undefined;
    if (synced !== this.#synced) {
      events.push({
        type: 'synced',
        synced,
        ...(this.#failure === undefined ? {} : { detail: this.#failure.message }),
      });
    }
    this.#resources = resources;
    this.#problems = problems;
    this.#synced = synced;
    if (events.length > 0) this.#deliver?.(events);
  }

  #ownProblems(): ResourceProblem[] {
    const problems: ResourceProblem[] = [];
    if (this.#failure !== undefined) problems.push(unreadProblem(this.#path, this.#failure));
    const { watchError } = this.#pacer;
    if (watchError !== undefined) {
      const text = `changes cannot be watched (${watchError}); they are noticed a little later by looking again`;
      problems.push({ kind: 'File', name: this.#path, path: '', text, place: this.#path, severity: 'warning' });
    }
    return problems;
  }
}
