// docs/interop.md from what was seen.

import { FEATURES, type Feature, type Speaker } from './programs/types.ts';

export interface Row {
  readonly speaker: Speaker;
  readonly version: string;
  readonly works: ReadonlyMap<Feature, boolean>;
}

const PREFACE = `# Interoperability

What works between Caracal and the BGP speakers of Debian, tried with the real programs in network namespaces. Written by
\`npm run interop\`; \`npm run interop -- frr\` asks one of them. The short part of it is in \`npm test\`.

Caracal is a stand-alone reflector. The speaker has a session with it, and both have sessions with two more neighbours, so that
every route is seen at the other end of its way: routes of the speaker as a neighbour of Caracal has them, routes of the
neighbours as the speaker's own command prints them.
`;

export function documentOf(rows: readonly Row[]): string {
  const heading = ['', ...rows.map(({ speaker, version }) => `${speaker.name.replace(/ [\d.]+$/, '')} ${version}`)];
  const lines = (Object.keys(FEATURES) as Feature[]).map((feature) => [
    FEATURES[feature],
    ...rows.map((row) => cell(row, feature)),
  ]);
  const notes = rows.flatMap(({ speaker }) =>
    Object.entries(speaker.lacks).map(
      ([feature, why]) => `- ${speaker.name}, ${FEATURES[feature as Feature]}: ${why}.`,
    ),
  );
  const found = rows.flatMap(({ speaker }) => (speaker.notes ?? []).map((note) => `- ${speaker.name}: ${note}`));
  const table = [heading, heading.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  return [
    PREFACE,
    `${table}\n`,
    'A dash: the speaker does not have it.\n',
    ...(notes.length === 0 ? [] : [`${notes.join('\n')}\n`]),
    ...(found.length === 0 ? [] : ['## What was found\n', `${found.join('\n')}\n`]),
  ].join('\n');
}

function cell({ speaker, works }: Row, feature: Feature): string {
  if (speaker.lacks[feature] !== undefined) return '–';
  const isWorking = works.get(feature);
  return isWorking === undefined ? 'not tried' : isWorking ? 'yes' : '**no**';
}
