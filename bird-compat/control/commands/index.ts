// From a line to its answer: the words that commands begin with, and what becomes of those that cannot be read.

import { BirdError, openCommand, type Reader } from '../../language/index.ts';
import { last } from '../replies.ts';
import { configureCommand } from './configure.ts';
import { debugCommand, dumpCommand, echoCommand, evalCommand, mrtdumpCommand, restrictCommand } from './others.ts';
import { disableCommand, enableCommand, reloadCommand, restartCommand, shutdownCommands } from './protocol-actions.ts';
import { showCommand } from './show.ts';
import { PARSE_ERROR, Refusal } from './syntax.ts';
import type { Answer, CommandContext } from './types.ts';

export type { Answer, CommandContext } from './types.ts';

/** Reads its arguments, and throws where it cannot; the answer itself is made line by line. */
export type Command = (reader: Reader, context: CommandContext) => Answer;

const COMMANDS: Readonly<Record<string, Command>> = {
  show: showCommand,
  configure: configureCommand,
  enable: enableCommand,
  disable: disableCommand,
  restart: restartCommand,
  reload: reloadCommand,
  debug: debugCommand,
  mrtdump: mrtdumpCommand,
  echo: echoCommand,
  restrict: restrictCommand,
  eval: evalCommand,
  dump: dumpCommand,
  ...shutdownCommands,
};

/** What may be done by those who only look. */
const HARMLESS = new Set(['show', 'echo', 'restrict', 'eval', 'dump']);

const ACCESS_DENIED = 8007;

export function answerCommand(text: string, context: CommandContext): Answer {
  try {
    const reader = openCommand(text, context.target.configuration.dialect);
    const { type, text: word } = reader.peek();
    const command = type === 'name' && Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
    if (command === undefined) return reader.unexpected();
    reader.next();
    const answer = command(reader, context);
    if (context.isRestricted && !HARMLESS.has(word)) return [last(ACCESS_DENIED, 'Access denied')];
    return answer;
  } catch (error) {
    if (error instanceof BirdError) return [last(PARSE_ERROR, error.text)];
    if (error instanceof Refusal) return [error.reply];
    throw error;
  }
}
