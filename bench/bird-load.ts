// How long a reflector's configuration with 1,000 neighbours takes: read and computed, applied to a router, and all of
// `bird -p` with the start of the process. Run as `node bench/bird-load.ts [BIRD]`, where BIRD is another program than the
// one of this tree, such as that of a bundle. One core, so processor time beside time.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { birdIntent, diskFiles, readBirdConfiguration } from '../bird-compat/index.ts';
import { Speaker } from '../src/speaker/index.ts';

const NEIGHBOURS = 1_000;
const ROUNDS = 5;
const [program = join(import.meta.dirname, '../bird-compat/bin/bird')] = process.argv.slice(2);

/** As Calico's guide to a stand-alone reflector has it. */
const block = (number: number) => {
  const address = `10.1.${Math.floor(number / 250)}.${(number % 250) + 1}`;
  return `protocol bgp node${number} {
  description "${address}";
  local as 64512;
  neighbor ${address} as 64512;
  multihop;
  rr client;
  graceful restart;
  import all;
  export all;
}
`;
};

const folder = mkdtempSync(join(tmpdir(), 'caracal-bird-load-'));
const file = join(folder, 'bird.conf');
const blocks = Array.from({ length: NEIGHBOURS }, (_, number) => block(number)).join('');
writeFileSync(file, `log syslog all;\ndebug protocols all;\nrouter id 10.0.0.53;\nprotocol device { }\n${blocks}`);

function measured<T>(what: string, work: () => T): T {
  const began = performance.now();
  const cpu = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(cpu);
  const wall = performance.now() - began;
  console.log(`${what}: ${wall.toFixed(0)} ms, ${((user + system) / 1000).toFixed(0)} ms of processor`);
  return result;
}

for (let round = 1; round <= ROUNDS; round++) {
  const intent = measured(`read and computed, round ${round}`, () =>
    birdIntent(readBirdConfiguration(file, diskFiles, { family: 'ipv4' }), { node: 'reflector' }),
  );
  let connections = 0;
  const speaker = new Speaker({
    node: 'reflector',
    random: Math.random,
    nextConnection: () => ++connections,
    kernel: 'none',
    startedAt: 0,
    restarted: false,
  });
  measured(`applied, round ${round}`, () => speaker.handle({ type: 'intent', intent }, 1));
  if (intent.peers.size !== NEIGHBOURS) throw new Error(`${intent.peers.size} neighbours of ${NEIGHBOURS}`);
}

for (let round = 1; round <= ROUNDS; round++) {
  const began = performance.now();
  const { status, stderr } = spawnSync(program, ['-p', '-c', file], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
  console.log(`bird -p, round ${round}: ${(performance.now() - began).toFixed(0)} ms`);
}
rmSync(folder, { recursive: true, force: true });
