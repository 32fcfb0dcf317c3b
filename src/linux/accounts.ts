// Users and groups by name or number, as the files of the system say (no directory service is asked).

import { readFileSync } from 'node:fs';
import type { Account } from './privileges.ts';

/**
 * `NAME`, `UID`, each also with `:GROUP` or `:GID`. Without a group it is the user's own one; a number that the system has no
 * user for has the group of the same number.
 */
export function findAccount(text: string): Required<Account> | { readonly problem: string } {
  const [name = '', groupName] = text.split(':');
  const user = numberOf('/etc/passwd', name);
  if (user === undefined) return { problem: `there is no user ${name || '""'} on this host` };
  if (groupName === undefined) return { user, group: Number(entryOf('/etc/passwd', name)?.[3] ?? user) };
  const group = findGroup(groupName);
  return group === undefined ? { problem: `there is no group ${groupName} on this host` } : { user, group };
}

export function findUser(name: string): number | undefined {
  return numberOf('/etc/passwd', name);
}

export function findGroup(name: string): number | undefined {
  return numberOf('/etc/group', name);
}

/** Of an entry, or the number that it was given as. */
function numberOf(file: string, name: string): number | undefined {
  const number = entryOf(file, name)?.[2] ?? (isNumber(name) ? name : undefined);
  return number === undefined ? undefined : Number(number);
}

function entryOf(file: string, name: string): readonly string[] | undefined {
  return entriesOf(file).find(([known, , id]) => known === name || id === name);
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
