// Packets that get lost or come late on the way to a machine: by tc netem where the kernel has it, else by nftables, which
// can only lose them.

import { run } from '../../topologies/commands.ts';
import type { Machine } from '../interop/stage.ts';

export interface Noise {
  /** Of a hundred packets. */
  readonly loss: number;
  /** Milliseconds, with as much jitter as half of it. */
  readonly delay: number;
}

export type NoiseMaker = 'netem' | 'nftables' | 'none';

/** What this machine can do. */
export async function noiseMaker(machine: Machine): Promise<NoiseMaker> {
  if ((await tc(machine, 'add', { loss: 0, delay: 1 })).status === 0) {
    await tc(machine, 'del');
    return 'netem';
  }
  const { status } = await nft(machine, 'list ruleset');
  return status === 0 ? 'nftables' : 'none';
}

export async function makeNoise(maker: NoiseMaker, machine: Machine, noise: Noise): Promise<void> {
  if (maker === 'netem') await tc(machine, 'replace', noise);
  if (maker === 'nftables') {
    const rule = `numgen random mod 100 < ${noise.loss} drop`;
    const chain = `chain in {\ntype filter hook ingress device "eth0" priority 0\n${rule}\n}`;
    const { status, stderr } = await nft(machine, `table netdev noise {\n${chain}\n}`);
    if (status !== 0) throw new Error(`nft: ${stderr}`);
  }
}

export async function endNoise(maker: NoiseMaker, machine: Machine): Promise<void> {
  if (maker === 'netem') await tc(machine, 'del');
  if (maker === 'nftables') await nft(machine, 'delete table netdev noise');
}

function tc(machine: Machine, verb: 'add' | 'replace' | 'del', noise?: Noise) {
  const qdisc = ['tc', '-n', machine.namespace, 'qdisc', verb, 'dev', 'eth0', 'root'];
  if (noise === undefined) return run(qdisc);
  const { loss, delay } = noise;
  return run([...qdisc, 'netem', 'loss', `${loss}%`, 'delay', `${delay}ms`, `${Math.ceil(delay / 2)}ms`]);
}

async function nft(machine: Machine, text: string) {
  try {
    return await run(['ip', 'netns', 'exec', machine.namespace, 'nft', '-f', '-'], `${text}\n`);
  } catch (error) {
    if (error instanceof Error && /cannot run/.test(error.message)) return { status: 127, stdout: '', stderr: '' };
    throw error;
  }
}
