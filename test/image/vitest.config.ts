// `npm run image-test`: minutes of work with root's rights, so it is no part of `npm test`.

import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: join(import.meta.dirname, '../..'),
    include: ['test/image/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 600_000,
  },
});
