// Where the programs of bird-compat are.

import { join } from 'node:path';

const BIN = join(import.meta.dirname, '../../bird-compat/bin');

export const BIRD_PROGRAMS = { bird: join(BIN, 'bird'), bird6: join(BIN, 'bird6'), birdcl: join(BIN, 'birdcl') };
