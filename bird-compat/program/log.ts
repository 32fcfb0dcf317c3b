// The log of `bird`: lines of BIRD's classes to the targets that the configuration names, in BIRD's format. Without any it
// goes to the system's log, or with -d and -D to standard error. What is told is in messages.ts.

import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { LinuxError } from '../../src/linux/libc.ts';
import { openSystemLog, SEVERITY, type Severity, writeSystemLog } from '../../src/linux/syslog.ts';
import { timeWriter } from '../control/commands/times.ts';
import type { LogClass } from '../control/index.ts';
import { reasonOf } from '../files.ts';
import { type BirdConfiguration, BirdError } from '../index.ts';
import type { LogTarget } from '../intent/index.ts';

const LABELS: Readonly<Record<LogClass, string>> = {
  debug: 'DBG',
  trace: 'TRACE',
  info: 'INFO',
  remote: 'RMT',
  warning: 'WARN',
  error: 'ERR',
  auth: 'AUTH',
  fatal: 'FATAL',
  bug: 'BUG',
};

const SEVERITIES: Readonly<Record<LogClass, Severity>> = {
  debug: SEVERITY.DEBUG,
  trace: SEVERITY.DEBUG,
  info: SEVERITY.INFO,
  remote: SEVERITY.INFO,
  warning: SEVERITY.WARNING,
  error: SEVERITY.ERROR,
  auth: SEVERITY.ERROR,
  fatal: SEVERITY.CRITICAL,
  bug: SEVERITY.CRITICAL,
};

/** Also for `bird6`. */
const SYSTEM_LOG_NAME = 'bird';
const STDERR = 2;

/** Takes lines; `close` is called once. */
interface Sink {
  readonly takes: (logClass: LogClass) => boolean;
  readonly write: (logClass: LogClass, text: string, at: number) => void;
  readonly close: () => void;
}

export type LogConfiguration = Pick<BirdConfiguration, 'logs' | 'timeFormats' | 'dialect'>;

export class BirdLog {
  readonly #toTerminal: boolean;
  readonly #now: () => number;
  #sinks: readonly Sink[];
  /** Told too: connections that asked for it. */
  echo: (logClass: LogClass, text: string) => void = () => {};

  /** @param toTerminal to standard error where the configuration names nothing */
  constructor(toTerminal: boolean, now: () => number) {
    this.#toTerminal = toTerminal;
    this.#now = now;
    this.#sinks = [this.#usual()];
  }

  write(logClass: LogClass, text: string): void {
    const at = this.#now();
    for (const sink of this.#sinks) if (sink.takes(logClass)) sink.write(logClass, text, at);
    this.echo(logClass, text);
  }

  /** From now on as this configuration says. Throws BirdError, and changes nothing, where a file cannot be opened. */
  use(configuration: LogConfiguration): void {
    const before = this.#sinks;
    this.#sinks = configuration.logs.length === 0 ? [this.#usual()] : openSinks(configuration);
    for (const sink of before) sink.close();
  }

  /** Whether the files of a configuration can be opened: as when BIRD reads it. Throws BirdError. */
  static check(configuration: LogConfiguration): void {
    for (const sink of openSinks(configuration)) sink.close();
  }

  close(): void {
    for (const sink of this.#sinks) sink.close();
    this.#sinks = [];
  }

  #usual(): Sink {
    return this.#toTerminal ? terminalSink() : systemSink(() => true, SYSTEM_LOG_NAME);
  }
}

function openSinks(configuration: LogConfiguration): readonly Sink[] {
  const sinks: Sink[] = [];
  try {
    for (const target of configuration.logs) sinks.push(openSink(target, configuration));
  } catch (error) {
    for (const sink of sinks) sink.close();
    throw error;
  }
  return sinks;
}

function openSink(target: LogTarget, configuration: LogConfiguration): Sink {
  const takes = (logClass: LogClass) => target.classes === 'all' || target.classes.includes(logClass);
  const line = lineWriter(configuration);
  switch (target.type) {
    case 'syslog':
      return systemSink(takes, target.name ?? SYSTEM_LOG_NAME);
    case 'stderr':
      return {
        takes,
        write: (logClass, text, at) => writeOut(STDERR, line(logClass, text, at)),
        close: () => {},
      };
    case 'file':
      return fileSink(takes, target, line);
  }
}

type LineWriter = (logClass: LogClass, text: string, at: number) => string;

/** `2026-11-21 12:05:21 <RMT> text` */
function lineWriter(configuration: LogConfiguration): LineWriter {
  return (logClass, text, at) => `${timeWriter(configuration, 'log', at)(at)} <${LABELS[logClass]}> ${text}\n`;
}

function terminalSink(): Sink {
  return { takes: () => true, write: (_, text) => writeOut(STDERR, `bird: ${text}\n`), close: () => {} };
}

/** Where this process cannot speak to the system's log, standard error takes its lines. */
function systemSink(takes: Sink['takes'], name: string): Sink {
  let isOpen: boolean | undefined;
  const write: Sink['write'] = (logClass, text) => {
    isOpen ??= opens(name);
    if (isOpen) writeSystemLog(SEVERITIES[logClass], text);
    else writeOut(STDERR, `bird: ${text}\n`);
  };
  return { takes, write, close: () => {} };
}

function opens(name: string): boolean {
  try {
    openSystemLog(name);
    return true;
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
    return false;
  }
}

function fileSink(takes: Sink['takes'], { path = '', place, rotation }: LogTarget, line: LineWriter): Sink {
  const open = () => {
    try {
      return openSync(path, 'a');
    } catch (error) {
      throw new BirdError(place, `Unable to open log file \`${path}': ${reasonOf(error)}`);
    }
  };
  let file = open();
  let size = fstatSync(file).size;
  const rotate = () => {
    closeSync(file);
    renameSync(path, rotation!.backup ?? `${path}.old`);
    file = open();
    size = 0;
  };
  return {
    takes,
    write: (logClass, text, at) => {
      const bytes = line(logClass, text, at);
      if (rotation !== undefined && size + bytes.length > rotation.size) rotate();
      size += bytes.length;
      writeOut(file, bytes);
    },
    close: () => closeSync(file),
  };
}

/** A full disk or a closed terminal does not stop a router. */
function writeOut(file: number, text: string): void {
  try {
    writeSync(file, text);
  } catch (error) {
    reasonOf(error);
  }
}
