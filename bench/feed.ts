// `npm run bench -- feed`: see daemon/options.ts.

import { benchmark } from './daemon/main.ts';

process.exitCode = await benchmark('feed', process.argv.slice(2));
