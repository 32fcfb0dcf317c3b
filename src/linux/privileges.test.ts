import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const isRoot = process.getuid?.() === 0;
const PROGRAM = `
  import { readFileSync } from 'node:fs';
  import { createServer } from 'node:net';
  import { dropPrivileges } from ${JSON.stringify(join(import.meta.dirname, 'privileges.ts'))};
  dropPrivileges({ user: 65534, group: 65533 });
  const status = readFileSync('/proc/thread-self/status', 'utf8');
  const line = (name) => new RegExp(name + ':\\\\s*(.*)').exec(status)[1];
  const server = createServer().listen(81, '127.0.0.77', () => {
    console.log(JSON.stringify({ user: line('Uid'), group: line('Gid'), capabilities: line('CapEff') }));
    server.close();
  });`;

describe.skipIf(!isRoot)(`another user${isRoot ? '' : ' [skipped: needs root]'}`, () => {
  test('keeps what a router cannot do without: low ports, routes, raw sockets', () => {
    const said = execFileSync(process.execPath, ['--input-type=module-typescript', '-e', PROGRAM], {
      encoding: 'utf8',
    });
    expect(JSON.parse(said)).toEqual({
      user: '65534\t65534\t65534\t65534',
      group: '65533\t65533\t65533\t65533',
      capabilities: '0000000000003c00',
    });
  });
});
