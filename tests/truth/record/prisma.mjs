// Runs one command of Prisma's schema engine, as its command line would:
//   node prisma.mjs URL MIGRATIONS deploy|status|applied NAME|rolled-back NAME
// in the folder where the engine is installed.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [url, baseDir, command, migrationName] = process.argv.slice(2);
const require = createRequire(join(process.cwd(), 'here'));
const { PrismaPg } = require('@prisma/adapter-pg');
const { bindMigrationAwareSqlAdapterFactory } = require('@prisma/driver-adapter-utils');

async function loadEngine() {
  const folder = join(process.cwd(), 'node_modules/@prisma/schema-engine-wasm');
  const engine = await import(join(folder, 'schema_engine_bg.js'));
  const code = readFileSync(join(folder, 'schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(code, { './schema_engine_bg.js': engine });
  engine.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return engine.SchemaEngine.new(
    { datamodels: [['schema.prisma', 'datasource db { provider = "postgresql" }']] },
    () => {},
    bindMigrationAwareSqlAdapterFactory(new PrismaPg({ connectionString: url })),
  );
}

function migration(path) {
  const value = readFileSync(join(baseDir, path, 'migration.sql'), 'utf8');
  return { path, migrationFile: { path: 'migration.sql', content: { tag: 'ok', value } } };
}

function readMigrations() {
  const lock = join(baseDir, 'migration_lock.toml');
  const content = existsSync(lock) ? readFileSync(lock, 'utf8') : null;
  const folders = readdirSync(baseDir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return {
    baseDir,
    shadowDbInitScript: '',
    lockfile: { path: 'migration_lock.toml', content },
    migrationDirectories: folders.map((entry) => entry.name).sort().map(migration),
  };
}

const migrationsList = readMigrations();
const filters = { externalTables: [], externalEnums: [] };
const commands = {
  deploy: (engine) => engine.applyMigrations({ migrationsList, filters }),
  status: (engine) =>
    engine.diagnoseMigrationHistory({ migrationsList, filters, optInToShadowDatabase: false }),
  applied: (engine) => engine.markMigrationApplied({ migrationsList, migrationName }),
  'rolled-back': (engine) => engine.markMigrationRolledBack({ migrationName }),
};

try {
  console.log(JSON.stringify(await commands[command](await loadEngine())));
  process.exit(0);
} catch (error) {
  console.error(error);
  process.exit(1);
}
