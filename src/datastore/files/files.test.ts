import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import {
  type DatastoreHarness,
  datastoreContract,
  eventually,
  observe,
  type RawResource,
} from '../datastore-contract.ts';
import type { Datastore } from '../types.ts';
import type { WatchFolder } from './clock.ts';
import { checkFiles, type FilesOptions, filesDatastore } from './files.ts';

let folder: string;
let drivers: Datastore[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `caracal-files-${process.pid}-`));
  drivers = [];
});

afterEach(async () => {
  for (const driver of drivers) await driver.stop();
  rmSync(folder, { recursive: true, force: true });
});

const QUICK = { settle: 5, recheck: 30 };

async function start(options: Partial<FilesOptions> = {}) {
  const driver = filesDatastore({ path: folder, ...QUICK, ...options });
  drivers.push(driver);
  return observe(driver);
}

type Observed = Awaited<ReturnType<typeof start>>;

function pool(name: string, cidr: string): RawResource {
  return { apiVersion: 'projectcalico.org/v3', kind: 'IPPool', metadata: { name }, spec: { cidr } };
}

function yaml(...resources: RawResource[]): string {
  return resources.map((resource) => stringify(resource)).join('---\n');
}

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

function pools({ store }: Observed): string[] {
  return store.list('IPPool').map(({ metadata, cidr }) => `${metadata.name} ${cidr}`);
}

function problems({ store }: Observed): string[] {
  return store.problems.map(({ place, kind, name, path, text }) =>
    `${place} ${kind} ${name} ${path}: ${text}`.replaceAll(folder, ''),
  );
}

function becomes(observed: Observed, expected: string[]): Promise<void> {
  return eventually(
    () => JSON.stringify(pools(observed)) === JSON.stringify(expected),
    () => [pools(observed), problems(observed)],
  );
}

function reports(observed: Observed, expected: string[]): Promise<void> {
  return eventually(
    () => JSON.stringify(problems(observed)) === JSON.stringify(expected),
    () => problems(observed),
  );
}

async function folderHarness(): Promise<DatastoreHarness> {
  const fileOf = ({ kind, metadata }: RawResource) => `${kind}-${metadata.name}.yaml`;
  return {
    driver: () => filesDatastore({ path: folder, ...QUICK }),
    put: async (resource) => write(fileOf(resource), yaml(resource)),
    remove: async (resource) => unlinkSync(join(folder, fileOf(resource))),
    dispose: async () => {},
  };
}

/** All in one file of many documents, which is written anew each time, as `kubectl get > file` would. */
async function oneFileHarness(): Promise<DatastoreHarness> {
  const resources = new Map<string, RawResource>();
  const save = () => write('all.yaml', `# all\n${yaml(...resources.values())}`);
  save();
  return {
    driver: () => filesDatastore({ path: join(folder, 'all.yaml'), ...QUICK }),
    put: async (resource) => {
      resources.set(resource.metadata.name, resource);
      save();
    },
    remove: async (resource) => {
      resources.delete(resource.metadata.name);
      save();
    },
    dispose: async () => {},
  };
}

datastoreContract('a folder of files', folderHarness);
datastoreContract('a single file', oneFileHarness);

describe('which files are read', () => {
  test('*.yaml, *.yml and *.json, but no hidden ones, no others and no folders', async () => {
    write('a.yaml', yaml(pool('a', '10.1.0.0/16')));
    write('b.yml', yaml(pool('b', '10.2.0.0/16')));
    write('c.json', JSON.stringify(pool('c', '10.3.0.0/16')));
    write('.d.yaml', yaml(pool('d', '10.4.0.0/16')));
    write('e.yaml~', yaml(pool('e', '10.5.0.0/16')));
    write('f.txt', 'hello');
    mkdirSync(join(folder, 'g.yaml'));
    mkdirSync(join(folder, 'h'));
    write('h/h.yaml', yaml(pool('h', '10.8.0.0/16')));
    const observed = await start();
    expect([pools(observed), problems(observed)]).toEqual([['a 10.1.0.0/16', 'b 10.2.0.0/16', 'c 10.3.0.0/16'], []]);
  });

  test('several documents, lists and empty documents in one file', async () => {
    const list = { apiVersion: 'v1', kind: 'List', items: [pool('a', '10.1.0.0/16'), pool('b', '10.2.0.0/16')] };
    write('all.yaml', `---\n---\n${stringify(list)}---\n# nothing\n---\n${yaml(pool('c', '10.3.0.0/16'))}`);
    expect(pools(await start())).toEqual(['a 10.1.0.0/16', 'b 10.2.0.0/16', 'c 10.3.0.0/16']);
  });

  test('a file that is empty or has comments only says nothing', async () => {
    write('a.yaml', '');
    write('b.yaml', '# later\n');
    write('c.json', '');
    const observed = await start();
    expect([pools(observed), problems(observed), observed.store.synced]).toEqual([[], [], true]);
  });
});

describe('the start', () => {
  test.each([
    ['a folder that does not exist', 'nowhere', 'ENOENT', 'does not exist'],
    ['a path through a file', 'file.yaml/x', 'ENOTDIR', 'cannot be read: a part of the path is not a folder'],
  ])('fails with one sentence for %s', async (_what, path, code, text) => {
    write('file.yaml', '');
    const driver = filesDatastore({ path: join(folder, path), ...QUICK });
    await expect(driver.start(() => {})).rejects.toMatchObject({
      name: 'DatastoreError',
      code,
      message: `${join(folder, path)} ${text}`,
    });
    await expect(checkFiles(join(folder, path))).rejects.toMatchObject({ name: 'DatastoreError', code });
  });

  test('delivers everything in one batch that ends with being in sync', async () => {
    write('a.yaml', yaml(pool('a', '10.1.0.0/16'), pool('b', 'x')));
    const { batches } = await start();
    expect(batches.map((batch) => batch.map(({ type }) => type))).toEqual([['set', 'problems', 'synced']]);
  });
});

describe('a file that cannot be used', () => {
  test('changes nothing, is reported with its place, and is read again when it is mended', async () => {
    write('a.yaml', yaml(pool('a', '10.1.0.0/16')));
    write('b.yaml', yaml(pool('b', '10.2.0.0/16')));
    const observed = await start();
    write('a.yaml', 'kind: IPPool\nmetadata:\n  name: a\n bad: [\n');
    write('b.yaml', yaml(pool('b', '10.9.0.0/16')));
    await becomes(observed, ['a 10.1.0.0/16', 'b 10.9.0.0/16']);
    expect(problems(observed)).toEqual([
      '/a.yaml:4:1 File /a.yaml : the file is not valid YAML: the indentation is wrong',
    ]);
    write('a.yaml', yaml(pool('a', '10.7.0.0/16')));
    await becomes(observed, ['a 10.7.0.0/16', 'b 10.9.0.0/16']);
    await reports(observed, []);
  });

  test('says where in the file a value is wrong', async () => {
    write('a.yaml', `# pools\n${yaml(pool('a', '10.1.0.0/16'), pool('b', '10.2.0.1/16'))}`);
    write('b.json', `{"apiVersion": "v1", "kind": "List",\n "items": [${JSON.stringify(pool('c', 'x'))}]}`);
    expect(problems(await start())).toEqual([
      '/a.yaml:14:9 IPPool b spec.cidr: "10.2.0.1/16" has host bits set; the prefix is 10.2.0.0/16',
      '/b.json:2:104 IPPool c spec.cidr: "x" is not an IP prefix such as "10.65.0.0/16"',
    ]);
  });

  test('keeps the last valid version of a refused resource only as long as its own file has it', async () => {
    write('a.yaml', yaml(pool('a', '10.1.0.0/16'), pool('b', '10.2.0.0/16')));
    const observed = await start();
    write('a.yaml', yaml(pool('a', '10.1.0.0/99'), pool('b', '10.3.0.0/16')));
    await becomes(observed, ['a 10.1.0.0/16', 'b 10.3.0.0/16']);
    write('a.yaml', yaml(pool('b', '10.3.0.0/16')));
    await becomes(observed, ['b 10.3.0.0/16']);
    await reports(observed, []);
  });

  test('does not put the contents of a Secret into a problem', async () => {
    write(
      'a.yaml',
      'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  key: "hunter2\n hunter2: [hunter2\n',
    );
    write('b.json', '{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"key": "hunter2!"}}');
    write('c.yaml', 'apiVersion: v1\nkind: Secret\nmetadata: {name: t}\nstringData: hunter2\n');
    write('d.yaml', 'apiVersion: v1\nkind: Secret\nmetadata: {name: u}\ndata: {key: [hunter2]}\n');
    write('e.yaml', 'hunter2\n');
    const observed = await start();
    expect(problems(observed)).toHaveLength(5);
    expect(problems(observed).join('\n')).not.toContain('hunter2');
  });

  test('a bomb of aliases is refused', async () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef']) lines.push(`${to}: &${to} [${`*${from}, `.repeat(10)}]`);
    write('a.yaml', `${lines.join('\n')}\n`);
    expect(problems(await start())).toEqual(['/a.yaml File /a.yaml : aliases multiply its contents beyond measure']);
  });
});

describe('a text that is still being written', () => {
  test('is not taken while it may go on, and then as a whole', async () => {
    const before = yaml(pool('a', '10.1.0.0/16'), pool('b', '10.2.0.0/26'));
    const whole = yaml(pool('a', '10.3.0.0/16'), pool('b', '10.4.0.0/26'));
    write('a.yaml', before);
    const observed = await start();
    for (const [index, end] of [0, 30, whole.indexOf('---') - 3, whole.length - 2].entries()) {
      write('a.yaml', whole.slice(0, end));
      write('z.yaml', yaml(pool('z', `11.${index}.0.0/16`)));
      await becomes(observed, ['a 10.1.0.0/16', 'b 10.2.0.0/26', `z 11.${index}.0.0/16`]);
    }
    write('a.yaml', whole);
    await becomes(observed, ['a 10.3.0.0/16', 'b 10.4.0.0/26', 'z 11.3.0.0/16']);
    expect(observed.batches.flat().filter(({ type }) => type === 'removed')).toEqual([]);
  });

  test('is believed after a second of rest, for files that simply lack the last newline', async () => {
    write('a.yaml', yaml(pool('a', '10.1.0.0/16')));
    const observed = await start();
    const written = performance.now();
    write('a.yaml', yaml(pool('a', '10.2.0.0/16')).trimEnd());
    await becomes(observed, ['a 10.2.0.0/16']);
    expect(performance.now() - written).toBeGreaterThan(950);
  });
});

describe('the ways in which files change', () => {
  test('an editor that renames the old file away and writes a new one causes no removal', async () => {
    write('a.yaml', yaml(pool('a', '10.1.0.0/16')));
    const observed = await start();
    for (const octet of [2, 3, 4]) {
      renameSync(join(folder, 'a.yaml'), join(folder, 'a.yaml~'));
      write('a.yaml', yaml(pool('a', `10.${octet}.0.0/16`)));
      await becomes(observed, [`a 10.${octet}.0.0/16`]);
    }
    expect(observed.batches.flat().filter(({ type }) => type === 'removed')).toEqual([]);
  });

  test('a file that is replaced by renaming another over it', async () => {
    write('a.yaml', yaml(pool('a', '10.1.0.0/16')));
    const observed = await start({ path: join(folder, 'a.yaml') });
    write('new', yaml(pool('a', '10.2.0.0/16')));
    renameSync(join(folder, 'new'), join(folder, 'a.yaml'));
    await becomes(observed, ['a 10.2.0.0/16']);
  });

  test('the links of a ConfigMap, which all change at once', async () => {
    const version = (name: string, octet: number) => {
      mkdirSync(join(folder, name));
      write(`${name}/a.yaml`, yaml(pool('a', `10.${octet}.0.0/16`)));
      write(`${name}/b.yaml`, yaml(pool('b', `11.${octet}.0.0/16`)));
      symlinkSync(name, join(folder, '..data_tmp'));
      renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    };
    version('..2025_1', 1);
    symlinkSync('..data/a.yaml', join(folder, 'a.yaml'));
    symlinkSync('..data/b.yaml', join(folder, 'b.yaml'));
    const observed = await start();
    version('..2025_2', 2);
    rmSync(join(folder, '..2025_1'), { recursive: true });
    await becomes(observed, ['a 10.2.0.0/16', 'b 11.2.0.0/16']);
    const sets = observed.batches.map((batch) => batch.filter(({ type }) => type === 'set').length);
    expect(sets).toEqual([2, 2]);
  });

  test('a folder that vanishes leaves everything in force until it is back', async () => {
    write('a.yaml', yaml(pool('a', '10.1.0.0/16')));
    const observed = await start();
    renameSync(folder, `${folder}-away`);
    await eventually(
      () => !observed.store.synced,
      () => observed.batches,
    );
    expect([pools(observed), observed.store.detail]).toEqual([['a 10.1.0.0/16'], `${folder} does not exist`]);
    expect(observed.store.problems.map(({ text }) => text)).toEqual([`${folder} does not exist`]);
    mkdirSync(folder);
    write('a.yaml', yaml(pool('a', '10.2.0.0/16')));
    await becomes(observed, ['a 10.2.0.0/16']);
    await eventually(
      () => observed.store.synced && observed.store.problems.length === 0,
      () => observed.store.problems,
    );
    write('b.yaml', yaml(pool('b', '10.3.0.0/16')));
    await becomes(observed, ['a 10.2.0.0/16', 'b 10.3.0.0/16']);
    rmSync(`${folder}-away`, { recursive: true });
  });

  test('the single file that vanishes leaves everything in force', async () => {
    write('a.yaml', yaml(pool('a', '10.1.0.0/16')));
    const observed = await start({ path: join(folder, 'a.yaml') });
    unlinkSync(join(folder, 'a.yaml'));
    await eventually(
      () => !observed.store.synced,
      () => observed.batches,
    );
    expect(pools(observed)).toEqual(['a 10.1.0.0/16']);
    write('a.yaml', yaml(pool('a', '10.2.0.0/16')));
    await becomes(observed, ['a 10.2.0.0/16']);
  });

  test('are noticed by looking again where nothing can be watched, which is said', async () => {
    const deaf: WatchFolder = () => ({ code: 'ENOSPC' });
    const observed = await start({ watch: deaf });
    expect(observed.store.problems).toEqual([
      {
        kind: 'File',
        name: folder,
        path: '',
        text: 'changes cannot be watched (ENOSPC); they are noticed a little later by looking again',
        place: folder,
        severity: 'warning',
      },
    ]);
    write('a.yaml', yaml(pool('a', '10.1.0.0/16')));
    await becomes(observed, ['a 10.1.0.0/16']);
  });

  test('are noticed by looking again where the watch stays silent', async () => {
    const observed = await start({ watch: () => ({ close: () => {} }) });
    write('a.yaml', yaml(pool('a', '10.1.0.0/16')));
    await becomes(observed, ['a 10.1.0.0/16']);
    write('a.yaml', yaml(pool('a', '10.2.0.0/16')));
    await becomes(observed, ['a 10.2.0.0/16']);
  });

  test('are noticed by the watch alone', async () => {
    const observed = await start({ recheck: 60_000 });
    write('a.yaml', yaml(pool('a', '10.1.0.0/16')));
    await becomes(observed, ['a 10.1.0.0/16']);
  });
});

describe('the same resource twice', () => {
  test('in two files: the first name wins, and the problem names both', async () => {
    write('b.yaml', yaml(pool('x', '10.2.0.0/16')));
    const observed = await start();
    expect(pools(observed)).toEqual(['x 10.2.0.0/16']);
    write('a.yaml', yaml(pool('x', '10.1.0.0/16')));
    await becomes(observed, ['x 10.1.0.0/16']);
    expect(problems(observed)).toEqual([
      '/b.yaml IPPool x : it is in /a.yaml, too; that one is used, not the one in /b.yaml',
    ]);
    unlinkSync(join(folder, 'a.yaml'));
    await becomes(observed, ['x 10.2.0.0/16']);
    await reports(observed, []);
  });

  test('in one file: the first one wins', async () => {
    write('a.yaml', yaml(pool('x', '10.1.0.0/16'), pool('x', '10.2.0.0/16')));
    const observed = await start();
    expect(pools(observed)).toEqual(['x 10.1.0.0/16']);
    expect(problems(observed)).toEqual(['/a.yaml IPPool x : it is in this file twice; the first one is used']);
  });
});

test('checking a folder gives what a start would, and all problems', async () => {
  write('a.yaml', yaml(pool('a', '10.1.0.0/16'), pool('b', 'x')));
  write('c.yaml', 'a: [\n');
  const { resources, problems } = await checkFiles(folder);
  expect(resources.map(({ metadata }) => metadata.name)).toEqual(['a']);
  expect(problems.map(({ kind, path }) => `${kind} ${path}`)).toEqual(['IPPool spec.cidr', 'File ']);
});

test('any sequence of writes ends as a fresh reading of the last state would', async () => {
  const names = ['a.yaml', 'b.yaml', 'c.json'];
  const resource = fc.record({ name: fc.constantFrom('p', 'q', 'r'), octet: fc.integer({ min: 0, max: 3 }) });
  const content = fc.oneof(
    { arbitrary: fc.array(resource, { maxLength: 3 }), weight: 6 },
    { arbitrary: fc.constantFrom('removed', 'broken', 'truncated'), weight: 2 },
  );
  const step = fc.record({ name: fc.constantFrom(...names), content, wait: fc.boolean() });
  const text = (name: string, resources: readonly { name: string; octet: number }[]) => {
    const documents = resources.map(({ name: key, octet }) => pool(key, `10.${octet}.0.0/16`));
    if (name.endsWith('.json')) return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: documents });
    return `# pools\n${yaml(...documents)}`;
  };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      const observed = await start({ settle: 1, recheck: 5 });
      for (const { name, content, wait } of steps) {
        const path = join(folder, name);
        if (content === 'removed') rmSync(path, { force: true });
        else if (content === 'broken') writeFileSync(path, '{"a": [');
        else if (content === 'truncated') writeFileSync(path, text(name, [{ name: 'p', octet: 9 }]).slice(0, -4));
        else writeFileSync(path, text(name, content));
        if (wait) await new Promise((resolve) => setImmediate(resolve));
      }
      for (const name of names) writeFileSync(join(folder, name), text(name, [{ name: `${name}.x`, octet: 1 }]));
      const fresh = await checkFiles(folder);
      await eventually(
        () => JSON.stringify(observed.store.list('IPPool')) === JSON.stringify(fresh.resources),
        () => observed.store.list('IPPool'),
      );
      await reports(observed, []);
      await observed.driver.stop();
      for (const name of names) rmSync(join(folder, name));
    }),
    { numRuns: 30 },
  );
}, 60_000);
