// `npm run bench -- memory`: see daemon/options.ts.

import { benchmark } from './daemon/main.ts';

process.exitCode = await benchmark('memory', process.argv.slice(2));
