// The routes that are programmed: blocks of 64 addresses, one behind the other from 100.0.0.0 on, all through one gateway.

export const GATEWAY = '192.0.2.2';
/** What Calico's nodes have without further notice. */
export const METRIC = 1024;

const FIRST = 100 * 2 ** 24;
const BLOCK = 64;

export function prefixOf(i: number): string {
  const address = FIRST + i * BLOCK;
  return `${[24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')}/26`;
}
