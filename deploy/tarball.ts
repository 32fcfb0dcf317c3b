// A folder as .tar.gz whose octets depend on nothing but the files and `time`: names sorted, one owner, one time.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { basename, dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

/** @param time seconds since the epoch */
export async function writeTarball(folder: string, path: string, time: number): Promise<void> {
  const owner = ['--owner=0', '--group=0', '--numeric-owner', '--mode=u+rwX,go+rX,go-w'];
  const words = ['--create', '--format=gnu', '--sort=name', `--mtime=@${time}`, ...owner];
  const tar = spawn('tar', [...words, '-C', dirname(folder), basename(folder)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(tar, 'close');
  await pipeline(tar.stdout, createGzip(), createWriteStream(path));
  const [code] = await closed;
  if (code !== 0) throw new Error(`tar ended with ${code} on ${folder}`);
}
