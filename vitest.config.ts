import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'bird-compat/**/*.test.ts', 'topologies/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 10_000,
    maxWorkers: 2,
  },
});
