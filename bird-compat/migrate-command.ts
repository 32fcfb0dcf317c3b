// `caracal migrate`: reads a configuration from disk and prints resources; what they leave out goes to the other stream.

import { stringify } from 'yaml';
import { diskFiles } from './files.ts';
import { BirdError, type LanguageOptions, readBirdConfiguration, UnreadableFile } from './index.ts';
import { migrate } from './migrate/index.ts';

export interface MigrateCommand {
  readonly file: string;
  readonly node: string;
  readonly bird?: 1 | 2;
  readonly family: LanguageOptions['family'];
}

export interface MigrateOutputs {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** The exit code: 1 where there is no configuration to migrate. */
export function runMigrateCommand(
  { file, node, bird, family }: MigrateCommand,
  { stdout, stderr }: MigrateOutputs,
): number {
  try {
    const language = bird === undefined ? { family } : { bird, family };
    const { documents, remarks } = migrate(readBirdConfiguration(file, diskFiles, language), { node });
    stdout.write(documents.map((document) => `---\n${stringify(document)}`).join(''));
    for (const remark of remarks) stderr.write(`${remark}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof BirdError)) throw error;
    stderr.write(`caracal: ${error instanceof UnreadableFile ? error.text : error.message}\n`);
    return 1;
  }
}
