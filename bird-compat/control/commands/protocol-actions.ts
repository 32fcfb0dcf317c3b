// Commands that turn protocols: on, off, on again, and their routes once more; and the one that ends the daemon.

import type { Reader } from '../../language/index.ts';
import { last, type Reply, row } from '../replies.ts';
import type { ControlTarget, EnableResult, ProtocolEntry, ReloadDirection, ReloadResult } from '../types.ts';
import type { Command } from './index.ts';
import { endOf, listed, selected, selection } from './syntax.ts';
import type { Answer, CommandContext } from './types.ts';

interface Outcome {
  readonly code: number;
  readonly text: string;
}

const ALREADY_DISABLED: Outcome = { code: 8, text: 'already disabled' };
const ALREADY_ENABLED: Outcome = { code: 10, text: 'already enabled' };

const outcomes = (done: Outcome): Readonly<Record<EnableResult, Outcome>> => ({
  done,
  alreadyDisabled: ALREADY_DISABLED,
  alreadyEnabled: ALREADY_ENABLED,
});

type Act = 'enable' | 'disable' | 'restart';

function action(which: Act, done: Outcome): Command {
  const texts = outcomes(done);
  return (reader: Reader, { target }: CommandContext): Answer => {
    const chosen = selected(target, selection(reader));
    const message = reader.atEnd ? undefined : reader.string();
    endOf(reader);
    return listed(each(chosen, ({ name }) => texts[target[which](name, message)]));
  };
}

export const enableCommand = action('enable', { code: 11, text: 'enabled' });
export const disableCommand = action('disable', { code: 9, text: 'disabled' });
export const restartCommand = action('restart', { code: 12, text: 'restarted' });

const RELOADED: Readonly<Record<ReloadResult, Outcome | undefined>> = {
  reloading: { code: 15, text: 'reloading' },
  failed: { code: 8006, text: 'reload failed' },
  alreadyDisabled: ALREADY_DISABLED,
  silent: undefined,
};

export const reloadCommand: Command = (reader, { target }) => {
  const direction: ReloadDirection = reader.acceptWord('in') ? 'in' : reader.acceptWord('out') ? 'out' : 'both';
  const chosen = selected(target, selection(reader));
  endOf(reader);
  return listed(each(chosen, ({ name }) => RELOADED[target.reload(name, direction)]));
};

function* each(
  protocols: readonly ProtocolEntry[],
  act: (protocol: ProtocolEntry) => Outcome | undefined,
): Generator<Reply> {
  for (const protocol of protocols) {
    const outcome = act(protocol);
    if (outcome !== undefined) yield row(outcome.code, `${protocol.name}: ${outcome.text}`);
  }
}

const shutdown = (target: ControlTarget, how: 'down' | 'graceful'): Iterable<Reply> => ({
  *[Symbol.iterator]() {
    target.shutdown(how);
    yield last(7, 'Shutdown requested');
  },
});

export const shutdownCommands: Readonly<Record<'down' | 'graceful', Command>> = {
  down: (reader, { target }) => {
    endOf(reader);
    return shutdown(target, 'down');
  },
  /** `graceful restart`, of BIRD 2. */
  graceful: (reader, { target }) => {
    if (reader.dialect.bird === 1) reader.unexpected();
    reader.word('restart');
    endOf(reader);
    return shutdown(target, 'graceful');
  },
};
