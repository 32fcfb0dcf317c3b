// Caracal whose main thread does something else for two seconds at every SIGHUP, as if it worked on a large table.

const BUSY_MS = 2_000;

process.on('SIGHUP', () => {
  const until = performance.now() + BUSY_MS;
  while (performance.now() < until);
});

await import('../../src/main.ts');
