// The program inside: plays the scenario of a file and prints one line of JSON for each step.

import { resolve } from 'node:path';
import { play, type Scenario } from './scenario.ts';

const { scenario }: { scenario: Scenario } = await import(resolve(process.argv[2]!));
await play(scenario, (outcome) => console.log(JSON.stringify(outcome)));
