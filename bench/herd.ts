// `npm run bench -- herd`: see daemon/options.ts.

import { benchmark } from './daemon/main.ts';

process.exitCode = await benchmark('herd', process.argv.slice(2));
