// deploy/systemd and the reflector of deploy/kubernetes: their command lines are ones that this build takes, systemd takes
// the units, and a ConfigMap is a folder of resources.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { observe } from '../../src/datastore/datastore-contract.ts';
import { filesDatastore } from '../../src/datastore/files/files.ts';
import { computeIntent } from '../../src/intent/index.ts';
import { optionsOf } from '../kubernetes/nodes.ts';

const DEPLOY = join(import.meta.dirname, '../../deploy');
const UNITS = ['caracal.service', 'caracal-reflector.service'];
const ANALYZE = '/usr/bin/systemd-analyze';
const reason =
  spawnSync(ANALYZE, ['--version']).status === 0 ? undefined : 'needs systemd-analyze (Debian package systemd)';

function folderFor(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `caracal-${name}-${process.pid}-`));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function read(path: string): string {
  return readFileSync(join(DEPLOY, path), 'utf8');
}

test.each(UNITS)('%s has a command line that is one', (name) => {
  const [, line = ''] = /^ExecStart=(.*)$/m.exec(read(`systemd/${name}`)) ?? [];
  const [program, command, ...words] = line.replace(' $CARACAL_OPTIONS', '').replace('%H', 'host').split(' ');
  expect([program, command]).toEqual(['/usr/bin/caracal', 'run']);
  const isReflector = name.includes('reflector');
  expect(optionsOf(words, { DATASTORE_TYPE: 'kubernetes' })).toMatchObject({
    node: 'host',
    datastore: isReflector ? { type: 'files', path: '/etc/caracal/resources' } : { type: 'kubernetes' },
    kernel: isReflector ? 'none' : 'linux',
    http: [{ type: 'unix', path: '/run/caracal/caracal.sock' }],
  });
});

test.skipIf(reason !== undefined)(
  `systemd takes the units${reason === undefined ? '' : ` [skipped: ${reason}]`}`,
  () => {
    const folder = folderFor('units');
    for (const name of UNITS) {
      const path = join(folder, name);
      writeFileSync(path, read(`systemd/${name}`).replace('/usr/bin/caracal', '/bin/true'));
      const verified = spawnSync(ANALYZE, ['verify', path], { encoding: 'utf8' });
      expect([verified.status, verified.stderr]).toEqual([0, '']);
      // Of 10, which is a service without any sandbox; in tenths.
      const judged = spawnSync(ANALYZE, ['security', '--offline=true', '--threshold=30', path], { encoding: 'utf8' });
      expect([name, judged.status]).toEqual([name, 0]);
    }
  },
);

test('the reflector of the ConfigMap is read, and read again when the ConfigMap is replaced', {
  timeout: 60_000,
}, async () => {
  const documents = parseAllDocuments(read('kubernetes/reflector/reflector.yaml')).map((document) => document.toJS());
  const [{ data }, { spec }] = documents;
  const options = optionsOf(spec.template.spec.containers[0].args.slice(1), {});
  expect(options).toMatchObject({
    node: 'reflector',
    kernel: 'none',
    datastore: { type: 'files', path: '/etc/caracal' },
  });
  // As a kubelet does it: files are links into a folder that is replaced as a whole.
  const folder = folderFor('config-map');
  const place = (version: string, text: string) => {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, 'reflector.yaml'), text);
    symlinkSync(version, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  place('..2026_1', data['reflector.yaml']);
  symlinkSync('..data/reflector.yaml', join(folder, 'reflector.yaml'));
  const driver = filesDatastore({ path: folder });
  onTestFinished(() => driver.stop());
  const { store } = await observe(driver);
  const peers = () => [...computeIntent(store, { node: 'reflector' }).peers.values()].map(({ address }) => address);
  expect([store.problems, peers()]).toEqual([[], ['192.0.2.1', '192.0.2.2']]);
  place('..2026_2', data['reflector.yaml'].replace('192.0.2.2', '192.0.2.3'));
  await expect.poll(peers, { timeout: 30_000 }).toEqual(['192.0.2.1', '192.0.2.3']);
});
