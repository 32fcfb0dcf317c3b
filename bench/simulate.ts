// A cluster of thousands of nodes in one process and in simulated time: `npm run simulate -- --nodes 5000`. How it is done is
// in simulate/README.md.

import { main } from './simulate/main.ts';

process.exitCode = main(process.argv.slice(2));
