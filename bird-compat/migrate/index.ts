// The door of migration.

export { type Migration, type MigrationOptions, migrate } from './migration.ts';
