// The one clock: milliseconds since the epoch that never go back, whatever happens to the system's time.

export function now(): number {
  return performance.timeOrigin + performance.now();
}
