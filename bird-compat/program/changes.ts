// What a new configuration does to protocols, in the words of BIRD's log.

import { diffIntents, type Intent } from '../../src/intent/index.ts';
import type { BirdConfiguration } from '../index.ts';

export function changesOf(
  before: BirdConfiguration,
  intentBefore: Intent,
  after: BirdConfiguration,
  intentAfter: Intent,
): readonly string[] {
  const [old, now] = [namesIn(before), namesIn(after)];
  const { peers, kernelPolicy } = diffIntents(intentBefore, intentAfter);
  const impacts = new Map(peers.flatMap((peer) => (peer.type === 'changed' ? [[peer.after.name, peer.impact]] : [])));
  const kernels = after.protocols.filter(
    ({ kind, channels }) => kind === 'kernel' && kernelPolicy.some((family) => channels.has(family)),
  );
  const named = (impact: string) => [...now].filter((name) => impacts.get(name) === impact);
  return [
    ...[...old].filter((name) => !now.has(name)).map((name) => `Removing protocol ${name}`),
    ...named('restart').map((name) => `Restarting protocol ${name}`),
    ...[...named('refilter'), ...kernels.map(({ name }) => name)].map((name) => `Reloading protocol ${name}`),
    ...[...now].filter((name) => !old.has(name)).map((name) => `Adding protocol ${name}`),
  ];
}

function namesIn({ protocols }: BirdConfiguration): ReadonlySet<string> {
  return new Set(protocols.map(({ name }) => name));
}
