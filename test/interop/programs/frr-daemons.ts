// FRR's daemons in one machine: sockets and process ids in its folder, so that several can run side by side.

import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../stage.ts';

const LIBRARY = '/usr/lib/frr';

/** Commands for zebra, bfdd (where it is configured) and bgpd, each with its configuration. */
export function frrDaemons(machine: Machine, configs: { readonly bgpd: string; readonly bfdd?: string }): string[][] {
  // They give up root for a user of their own, who writes his sockets here.
  chmodSync(machine.folder, 0o777);
  const daemon = (name: string, config: string, ...more: string[]) => {
    const own = ['-f', machine.write(`${name}.conf`, config), '-i', join(machine.folder, `${name}.pid`)];
    const shared = ['-z', join(machine.folder, 'zserv.api'), '--vty_socket', machine.folder];
    return [join(LIBRARY, name), ...own, ...shared, '-A', '127.0.0.1', '-P', '0', '--log', 'stdout', ...more];
  };
  return [
    daemon('zebra', 'hostname zebra\n'),
    ...(configs.bfdd === undefined
      ? []
      : [daemon('bfdd', configs.bfdd, '--bfdctl', join(machine.folder, 'bfdd.sock'))]),
    daemon('bgpd', configs.bgpd, '--no_kernel'),
  ];
}

export function vtysh(machine: Machine, ...commands: readonly string[]): Promise<string> {
  return machine.run(['vtysh', '--vty_socket', machine.folder, ...commands.flatMap((command) => ['-c', command])]);
}
