// The status page's files (page/), read with the first request for each. They hold no data of the node: what the page
// shows it asks for, by the same paths as everybody.

import { readFileSync } from 'node:fs';

export interface PageFile {
  readonly type: string;
  readonly body: string;
}

const TYPES = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
} as const;

/** Beside this file; in the bundle, beside the chunk that it is in. */
const FOLDER = new URL('./page/', import.meta.url);

const FILES: ReadonlySet<string> = new Set([
  ...['index.html', 'style.css', 'icon.svg'],
  ...['main.js', 'live.js', 'model.js', 'picture.js', 'layout.js', 'peers.js', 'routes.js', 'explain.js', 'details.js'],
  ...['events.js', 'dom.js', 'api.js', 'tabs.js'],
]);

/** Nothing from elsewhere, nothing inline, nobody's frame. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const known = new Map<string, PageFile>();

/** @param name as behind `/page/` */
export function pageFile(name: string): PageFile | undefined {
  if (!FILES.has(name)) return undefined;
  let file = known.get(name);
  if (file === undefined) {
    const extension = name.slice(name.lastIndexOf('.') + 1) as keyof typeof TYPES;
    file = { type: TYPES[extension], body: readFileSync(new URL(name, FOLDER), 'utf8') };
    known.set(name, file);
  }
  return file;
}
