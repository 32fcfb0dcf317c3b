import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { headOf, releaseText } from './release.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const OTHER = 'fedcba9876543210fedcba9876543210fedcba98';

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'caracal-release-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

test.each([
  ['a branch', { '.git/HEAD': 'ref: refs/heads/main\n', '.git/refs/heads/main': `${COMMIT}\n` }, COMMIT],
  [
    'a packed branch',
    {
      '.git/HEAD': 'ref: refs/heads/main\n',
      '.git/packed-refs': `# pack-refs with: peeled\n${OTHER} refs/heads/a\n${COMMIT} refs/heads/main\n`,
    },
    COMMIT,
  ],
  ['no branch', { '.git/HEAD': `${COMMIT}\n` }, COMMIT],
  [
    'a further work tree',
    {
      '.git': 'gitdir: main/.git/worktrees/a\n',
      'main/.git/worktrees/a/HEAD': 'ref: refs/heads/a\n',
      'main/.git/worktrees/a/commondir': '../..\n',
      'main/.git/refs/heads/a': `${COMMIT}\n`,
    },
    COMMIT,
  ],
  ['a branch without commits', { '.git/HEAD': 'ref: refs/heads/main\n' }, 'unknown'],
  ['no repository', {}, 'unknown'],
])('the commit of %s', (_, files, commit) => {
  expect(headOf(folderWith(files))).toBe(commit);
});

test('a release says what runs, for people and as JSON', () => {
  const release = { version: '0.1.0', commit: COMMIT };
  const [runtime, platform] = [`Node ${process.versions.node}`, `linux-${process.arch}`];
  expect(releaseText(release, false)).toBe(
    `caracal 0.1.0\ncommit   ${COMMIT}\nruntime  ${runtime}\nplatform ${platform}\n`,
  );
  expect(JSON.parse(releaseText(release, true))).toEqual({ ...release, runtime, platform });
});
