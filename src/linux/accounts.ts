// Users and groups by name or number, as the files of the system say (no directory service is asked).

import { readFileSync } from 'node:fs';
import type { Account } from './privileges.ts';

/**
 * `NAME`, `UID`, each also with `:GROUP` or `:GID`. Without a group it is the user's own one; a number that the system has no
 * user for has the group of the same number.
 */
export function findAccount(text: string): Required<Account> | { readonly problem: string } {
  const [name = '', groupName] = text.split(':');
  const users = entriesOf('/etc/passwd');
  const entry = users.find(([user, , id]) => user === name || id === name);
  if (entry === undefined && !isNumber(name)) return { problem: `there is no user ${name || '""'} on this host` };
  const user = Number(entry?.[2] ?? name);
  if (groupName === undefined) return { user, group: Number(entry?.[3] ?? name) };
  const group = entriesOf('/etc/group').find(([known, , id]) => known === groupName || id === groupName)?.[2];
  if (group === undefined && !isNumber(groupName)) return { problem: `there is no group ${groupName} on this host` };
  return { user, group: Number(group ?? groupName) };
}

function isNumber(text: string): boolean {
  return /^\d{1,9}$/.test(text);
}

function entriesOf(file: string): readonly (readonly string[])[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(':'));
}
