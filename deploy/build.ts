// `npm run build [-- FOLDER]`: the programs as one bundle with koffi's native part beside it, in dist/, for this machine.
// The licences of everything inside are listed in LICENSES.txt.

import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { foldersOf, makeBundle, writeLicences } from './bundle.ts';
import { HOME, MODULES } from './home.ts';
import { writeLaunchers } from './launchers.ts';
import { copyNative, isArchitecture } from './platform.ts';
import { revision } from './revision.ts';

const [folder] = process.argv.slice(2);
const dist = resolve(folder ?? join(HOME, 'dist'));
const { arch } = process;
if (!isArchitecture(arch)) throw new Error(`there is no koffi and no Node for ${arch} among the packages`);

// What is in a folder of somebody's choice stays.
if (folder === undefined) rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
const { octets, packages } = await makeBundle(dist, revision().commit);
copyNative(MODULES, arch, join(dist, 'node_modules'));
writeLicences(join(dist, 'LICENSES.txt'), foldersOf(packages));
writeLaunchers(dist, 'beside');
console.log(
  `${dist}: caracal.mjs, bird.mjs and their chunks, ${(octets / 2 ** 20).toFixed(1)} MiB, ${packages.length} packages inside`,
);
