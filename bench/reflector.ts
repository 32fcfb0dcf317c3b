// `npm run bench -- reflector`: see daemon/options.ts.

import { benchmark } from './daemon/main.ts';

process.exitCode = await benchmark('reflector', process.argv.slice(2));
