// What a test may need of the machine it runs on, and how it says that it is not there. A test that cannot run is
// skipped with its reason, never passed in silence.

import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe } from 'vitest';
import { canMakeNamespaces } from '../topologies/privileges.ts';

/** BIRD 1.6, which Debian cannot install beside BIRD 2: `npm test` unpacks it (topologies/bootstrap.mjs). */
export const BIRD1 = {
  bird: join(import.meta.dirname, '../.debian/bird/usr/sbin/bird'),
  bird6: join(import.meta.dirname, '../.debian/bird/usr/sbin/bird6'),
  birdc: join(import.meta.dirname, '../.debian/bird/usr/sbin/birdc'),
};

const FRR = '/usr/lib/frr/bgpd';

/** `namespaces`: the right to make network namespaces; `root`: that to become another user; `bird1`: see BIRD1; anything else: a program. */
export type Need =
  | 'namespaces'
  | 'root'
  | 'bird1'
  | 'ip'
  | 'ping'
  | 'bird'
  | 'birdc'
  | 'frr'
  | 'gobgpd'
  | 'bgpctl'
  | 'exabgp'
  | 'tcpdump'
  | 'promtool'
  | 'chromium'
  | 'python3'
  | 'etcd'
  | 'openssl'
  | 'setpriv'
  | 'linux.uml'
  | 'modprobe'
  | 'buildah'
  | 'debootstrap';

const DEBIAN_PACKAGE: Readonly<Record<Exclude<Need, 'namespaces' | 'root' | 'bird1' | 'frr'>, string>> = {
  ip: 'iproute2',
  ping: 'iputils-ping',
  bird: 'bird2',
  birdc: 'bird2',
  gobgpd: 'gobgpd',
  bgpctl: 'openbgpd',
  exabgp: 'exabgp',
  tcpdump: 'tcpdump',
  promtool: 'prometheus',
  chromium: 'chromium',
  etcd: 'etcd-server',
  openssl: 'openssl',
  setpriv: 'util-linux',
  'linux.uml': 'user-mode-linux',
  modprobe: 'kmod',
  buildah: 'buildah',
  debootstrap: 'debootstrap',
  python3: 'python3',
};

/** Why a test cannot run here; undefined when it can. */
export function missing(...needs: readonly Need[]): string | undefined {
  for (const need of needs) {
    if (need === 'namespaces') {
      if (!canMakeNamespaces()) return 'needs root, to make network namespaces';
    } else if (need === 'root') {
      if (process.getuid?.() !== 0) return 'needs root, to become another user';
    } else if (need === 'bird1') {
      if (!existsSync(BIRD1.bird)) return 'needs BIRD 1.6 in .debian/bird (npm test unpacks the Debian package bird)';
    } else if (need === 'frr') {
      if (!existsSync(FRR)) return `needs ${FRR} (Debian package frr)`;
    } else if (!isProgram(need)) {
      return `needs the program ${need} (Debian package ${DEBIAN_PACKAGE[need]})`;
    }
  }
  return undefined;
}

/** `describe`, skipped where something is missing; the reason stands in the name. */
export function describeWith(needs: readonly Need[], name: string, body: () => void): void {
  const reason = missing(...needs);
  if (reason === undefined) describe(name, body);
  else describe.skip(`${name} [skipped: ${reason}]`, body);
}

function isProgram(name: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch (error) {
      if (error instanceof Error && 'code' in error) return false;
      throw error;
    }
  });
}
