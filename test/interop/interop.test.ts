// The short part of `npm run interop`: an external session with every speaker, both families on it where there is such a
// thing, with a password and TTL security, and what travels over it.

import { describe, expect, test } from 'vitest';
import { missing } from '../requirements.ts';
import { play, SCENARIOS } from './scenarios.ts';
import { SPEAKERS } from './speakers.ts';

const TIMEOUT = 300_000;
const [external] = SCENARIOS;

describe.concurrent('Caracal beside', () => {
  for (const [index, speaker] of SPEAKERS.entries()) {
    const reason = missing('namespaces', 'ip', ...speaker.needs);
    const name = reason === undefined ? speaker.name : `${speaker.name} [skipped: ${reason}]`;
    test.skipIf(reason !== undefined)(name, { timeout: TIMEOUT }, async () => {
      const results = await play(speaker, external!, `t${index}-${process.pid}`);
      expect(results.filter(({ works }) => !works).map(({ feature, log }) => `${feature}\n${log}`)).toEqual([]);
      const tried = external!.trials.map(([feature]) => feature).filter((feature) => !(feature in speaker.lacks));
      expect(results.map(({ feature }) => feature)).toEqual(tried);
    });
  }
});
