// All speakers that Caracal is tried with.

import { bird1, bird2 } from './programs/bird.ts';
import { exabgp } from './programs/exabgp.ts';
import { frr } from './programs/frr.ts';
import { gobgp } from './programs/gobgp.ts';
import { openbgpd } from './programs/openbgpd.ts';
import type { Speaker } from './programs/types.ts';

export const SPEAKERS: readonly Speaker[] = [bird1, bird2, frr, gobgp, openbgpd, exabgp];
