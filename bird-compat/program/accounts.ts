// The user and the group of `-u` and `-g`: names or numbers.

import { findGroup, findUser } from '../../src/linux/accounts.ts';
import type { Account } from '../../src/linux/privileges.ts';

/** Somebody whom this machine does not know; the message is a sentence. */
export class UnknownAccount extends Error {
  constructor(what: 'user' | 'group', name: string) {
    super(`Cannot find ${what} '${name}'`);
    this.name = 'UnknownAccount';
  }
}

/** A user alone brings no group along. */
export function accountOf({ user, group }: { readonly user?: string; readonly group?: string }): Account {
  return {
    ...(user === undefined ? {} : { user: findUser(user) ?? refuse('user', user) }),
    ...(group === undefined ? {} : { group: findGroup(group) ?? refuse('group', group) }),
  };
}

function refuse(what: 'user' | 'group', name: string): never {
  throw new UnknownAccount(what, name);
}
