// `npm run bench -- restart`: see daemon/options.ts.

import { benchmark } from './daemon/main.ts';

process.exitCode = await benchmark('restart', process.argv.slice(2));
