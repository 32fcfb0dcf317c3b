// `configure`: reading the configuration again, checking it, and going back.

import type { Reader } from '../../language/index.ts';
import { last, type Reply, row } from '../replies.ts';
import type { ConfigureRequest, ConfigureResult } from '../types.ts';
import { endOf } from './syntax.ts';
import type { Answer, CommandContext } from './types.ts';

/** Seconds until an undo for which no time is given. */
const UNDO_TIME = 300;

const NOTHING_TO_DO = last(19, 'Nothing to do');

export function configureCommand(reader: Reader, context: CommandContext): Answer {
  if (reader.acceptWord('undo')) return ended(reader, () => undo(context));
  if (reader.acceptWord('confirm')) return ended(reader, () => confirm(context));
  if (reader.dialect.bird === 2 && reader.acceptWord('status')) return ended(reader, () => status(context));
  if (reader.acceptWord('check')) {
    const file = fileName(reader);
    return ended(reader, () => configure(context, { ...file, check: true, soft: false }, undefined));
  }
  const soft = reader.acceptWord('soft');
  const file = fileName(reader);
  const undoIn = reader.acceptWord('timeout') ? (reader.atEnd ? UNDO_TIME : reader.number()) : undefined;
  return ended(reader, () => configure(context, { ...file, check: false, soft }, undoIn));
}

/** Nothing is done before the connection may do it, and then line by line. */
function ended(reader: Reader, answer: () => AsyncGenerator<Reply>): Answer {
  endOf(reader);
  return { [Symbol.asyncIterator]: answer };
}

function fileName(reader: Reader): { readonly file?: string } {
  return reader.atEnd || reader.peek().type !== 'string' ? {} : { file: reader.string() };
}

async function* configure(
  { target, reconfiguration, tell }: CommandContext,
  request: ConfigureRequest,
  undoIn: number | undefined,
): AsyncGenerator<Reply> {
  yield row(2, `Reading configuration from ${request.file ?? target.configuration.file}`);
  const result = await reconfiguration.configure(request);
  if (undoIn !== undefined && result.type !== 'error' && result.type !== 'shuttingDown') {
    reconfiguration.scheduleUndo(undoIn, () => tell('Config timeout expired, starting undo'));
    yield row(22, `Undo scheduled in ${undoIn} s`);
  }
  yield resultLine(result);
}

async function* undo({ reconfiguration }: CommandContext): AsyncGenerator<Reply> {
  const result = await reconfiguration.undo();
  if (result.type === 'nothingToDo') {
    yield NOTHING_TO_DO;
    return;
  }
  yield row(21, 'Undo requested');
  yield resultLine(result);
}

async function* confirm({ reconfiguration }: CommandContext): AsyncGenerator<Reply> {
  yield reconfiguration.confirm() ? last(18, 'Reconfiguration confirmed') : NOTHING_TO_DO;
}

async function* status({ target, reconfiguration }: CommandContext): AsyncGenerator<Reply> {
  const { state } = target.status();
  yield row(3, state === 'reconfiguring' ? 'Reconfiguration in progress' : 'Daemon is up and running');
  const left = reconfiguration.undoIn;
  if (left !== undefined) yield row(22, `Configuration unconfirmed, undo in ${left.toFixed(3)} s`);
  yield last(0);
}

function resultLine(result: ConfigureResult): Reply {
  switch (result.type) {
    case 'valid':
      return last(20, 'Configuration OK');
    case 'reconfigured':
      return last(3, 'Reconfigured');
    case 'inProgress':
      return last(4, 'Reconfiguration in progress');
    case 'queued':
      return last(5, 'Reconfiguration already in progress, queueing new config');
    case 'shuttingDown':
      return last(6, 'Reconfiguration ignored, shutting down');
    case 'nothingToDo':
      return NOTHING_TO_DO;
    case 'error':
      return last(8002, result.text);
  }
}
