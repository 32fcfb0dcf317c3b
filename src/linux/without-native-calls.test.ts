// Where koffi cannot be loaded, plain TCP still works, and what needs more is refused with a reason.

import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

const WITHOUT_KOFFI = `
  import Module from 'node:module';
  const load = Module._load;
  Module._load = (name, ...rest) => {
    if (name === 'koffi') throw new Error("Cannot find module 'koffi'");
    return load(name, ...rest);
  };
`;

const SCRIPT = `
  import { once } from 'node:events';
  const { nativeCallsMissing } = await import('${new URL('./libc.ts', import.meta.url)}');
  const { applyTtlSecurity, openDialSocket, openListenSocket } = await import('${new URL('./tcp-socket.ts', import.meta.url)}');
  const refusal = async (call) => { try { await call(); return 'taken'; } catch (error) { return error.code + ' ' + error.text; } };
  const accepted = Promise.withResolvers();
  const listener = await openListenSocket({ port: 0, keys: new Map(), onConnection: accepted.resolve });
  const { port } = listener;
  const socket = openDialSocket({ remote: '127.0.0.1', port, local: '127.0.0.9' });
  await once(socket, 'connect');
  const connection = await accepted.promise;
  applyTtlSecurity(connection, undefined);
  console.log(JSON.stringify([
    nativeCallsMissing(),
    connection.remoteAddress,
    await refusal(() => openDialSocket({ remote: '127.0.0.1', port, password: 'meow' })),
    await refusal(() => openDialSocket({ remote: '127.0.0.1', port, ttlSecurity: 1 })),
    await refusal(() => applyTtlSecurity(connection, 1)),
    await refusal(() => listener.setKeys(new Map([['127.0.0.1', 'meow']]))),
    await refusal(() => openListenSocket({ port: 0, keys: new Map([['127.0.0.1', 'meow']]), onConnection() {} })),
  ]));
  socket.destroy();
  connection.destroy();
  await listener.close();
`;

test('plain connections work, keys and GTSM are refused with the reason', () => {
  const args = [
    '--import',
    `data:text/javascript,${encodeURIComponent(WITHOUT_KOFFI)}`,
    '--input-type=module',
    '-e',
    SCRIPT,
  ];
  const reason = "native calls are not available: Cannot find module 'koffi'";
  expect(JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))).toEqual([
    reason,
    '127.0.0.9',
    `ENOSYS no TCP-MD5 keys: ${reason}`,
    `ENOSYS no TTL security: ${reason}`,
    `ENOSYS no TTL security: ${reason}`,
    `ENOSYS no TCP-MD5 keys: ${reason}`,
    `ENOSYS no TCP-MD5 keys: ${reason}`,
  ]);
});
