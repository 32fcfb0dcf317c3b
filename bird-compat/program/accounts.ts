// The user and the group that the daemon is to run as: names or numbers, looked up where the system keeps them.

import { readFileSync } from 'node:fs';
import type { Account } from '../../src/linux/privileges.ts';

/** What cannot be found; the message is a sentence. */
export class UnknownAccount extends Error {
  constructor(text: string) {
    super(text);
    this.name = 'UnknownAccount';
  }
}

/** A user alone brings no group along. */
export function findAccount({ user, group }: { readonly user?: string; readonly group?: string }): Account {
  return {
    ...(user === undefined ? {} : { user: numberOf('user', '/etc/passwd', user) }),
    ...(group === undefined ? {} : { group: numberOf('group', '/etc/group', group) }),
  };
}

function numberOf(what: string, file: string, name: string): number {
  if (/^\d+$/.test(name)) return Number(name);
  const entry = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([entryName]) => entryName === name);
  if (entry === undefined) throw new UnknownAccount(`Cannot find ${what} '${name}'`);
  return Number(entry[2]);
}
