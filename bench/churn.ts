// `npm run bench -- churn`: see daemon/options.ts.

import { benchmark } from './daemon/main.ts';

process.exitCode = await benchmark('churn', process.argv.slice(2));
