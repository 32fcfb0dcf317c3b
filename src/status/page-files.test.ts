import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { pageFile } from './page-files.ts';

const FOLDER = new URL('./page/', import.meta.url);
const files = readdirSync(FOLDER);

test.each(files)('%s is served as what it is', (name) => {
  const type = { html: 'text/html', css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' }[
    name.split('.').at(-1)!
  ];
  expect(type).toBeDefined();
  const file = pageFile(name);
  expect([file?.type.split(';')[0], file?.body]).toEqual([type, readFileSync(new URL(name, FOLDER), 'utf8')]);
});

test.each(['', '../http.ts', '%2e%2e/http.ts', '/etc/passwd', 'main.js/', 'constructor'])('%s is nothing', (name) => {
  expect(pageFile(name)).toBeUndefined();
});

test('the page holds no address of anybody else, and nothing inline that its policy forbids', () => {
  const text = files.map((name) => readFileSync(new URL(name, FOLDER), 'utf8')).join('\n');
  const addresses = [...text.matchAll(/\b(?:https?:)?\/\/[a-z][\w.-]+/g)].map(([address]) => address);
  expect(new Set(addresses)).toEqual(new Set(['http://www.w3.org']));
  expect(readFileSync(new URL('index.html', FOLDER), 'utf8')).not.toMatch(
    /<style|\bstyle=|<script(?! type="module" src)|\bon\w+=/,
  );
});

test('all parts of the page are small', () => {
  const sizes = files.map((name) => readFileSync(new URL(name, FOLDER)).length);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(80_000);
});
