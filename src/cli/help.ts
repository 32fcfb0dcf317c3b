// The help texts, printed from the table of commands.

import { COMMAND_NAMES, COMMANDS, HELP_OPTION, type OptionRow } from './commands.ts';
import type { CommandName } from './types.ts';

export function helpText(command?: CommandName): string {
  return command === undefined ? overview() : commandHelp(command);
}

function overview(): string {
  return paragraphs([
    'Caracal distributes routes by BGP in Calico networks.',
    ['Usage: caracal COMMAND [OPTIONS]', ...columns(COMMAND_NAMES.map((name) => [name, COMMANDS[name].summary]))].join(
      '\n',
    ),
    '"caracal help COMMAND" says more.',
  ]);
}

function commandHelp(command: CommandName): string {
  const { usage, summary, options, notes } = COMMANDS[command];
  return paragraphs([
    `caracal ${command}: ${summary}.`,
    ['Usage:', ...usage.map((line) => `  ${line}`)].join('\n'),
    ['Options:', ...columns([...options, HELP_OPTION].map((row) => [optionText(row), row.help]))].join('\n'),
    ...(notes === undefined ? [] : [notes]),
  ]);
}

function optionText({ name, short, value }: OptionRow): string {
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
}

function columns(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}

function paragraphs(blocks: readonly string[]): string {
  return `${blocks.join('\n\n')}\n`;
}
