// `npm run interop [SPEAKER...]`: tries everything with every speaker, prints a table, and writes docs/interop.md when all
// speakers were asked. Exit code 1 where something does not work.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { missing } from '../requirements.ts';
import { documentOf, type Row } from './document.ts';
import { FEATURES, type Feature, type Speaker } from './programs/types.ts';
import { play, SCENARIOS } from './scenarios.ts';
import { SPEAKERS } from './speakers.ts';

/** Speakers that are tried at the same time. */
const AT_ONCE = 2;

async function rowOf(speaker: Speaker): Promise<Row> {
  const works = new Map<Feature, boolean>();
  for (const [index, scenario] of SCENARIOS.entries()) {
    const name = `i${SPEAKERS.indexOf(speaker)}${index}-${process.pid}`;
    await play(speaker, scenario, name, ({ feature, works: isWorking, log }) => {
      works.set(feature, isWorking);
      console.log(`${isWorking ? 'works' : 'FAILS'}  ${speaker.name}: ${FEATURES[feature]}`);
      if (log !== undefined) console.error(log);
    });
  }
  return { speaker, version: await speaker.version(), works };
}

if (import.meta.main) {
  const wanted = process.argv.slice(2).map((word) => word.toLowerCase());
  const chosen = SPEAKERS.filter(({ name }) => wanted.length === 0 || wanted.includes(name.toLowerCase()));
  const rows: Row[] = [];
  const queue = chosen.filter((speaker) => {
    const reason = missing('namespaces', 'ip', ...speaker.needs);
    if (reason !== undefined) console.error(`${speaker.name} is left out: ${reason}`);
    return reason === undefined;
  });
  const total = queue.length;
  const worker = async () => {
    for (let speaker = queue.shift(); speaker !== undefined; speaker = queue.shift()) rows.push(await rowOf(speaker));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  rows.sort((a, b) => SPEAKERS.indexOf(a.speaker) - SPEAKERS.indexOf(b.speaker));
  const text = documentOf(rows);
  console.log(text);
  if (total === SPEAKERS.length) writeFileSync(join(import.meta.dirname, '../../docs/interop.md'), text);
  process.exitCode = rows.every(({ works }) => [...works.values()].every(Boolean)) ? 0 : 1;
}
