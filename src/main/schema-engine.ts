import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg';

interface Exports {
  __wbindgen_start(): void;
}

type EngineModule = typeof import('@prisma/schema-engine-wasm/schema_engine_bg') & {
  __wbg_set_wasm(exports: Exports): void;
};

/** Node's own, of which its type package says nothing. */
interface WebAssemblyOfNode {
  instantiate(code: Buffer, imports: object): Promise<{ instance: { exports: Exports } }>;
}

/**
 * Prisma's schema engine as WebAssembly from npm. The command line tool would load a native engine
 * from a server of Prisma's; this one needs nothing but the registry (docs/adr, migrations).
 */
export async function openSchemaEngine(
  databaseUrl: string,
  datamodel: string,
): Promise<SchemaEngine> {
  const bindings = (await import('@prisma/schema-engine-wasm/schema_engine_bg')) as EngineModule;
  const wasm = readFileSync(
    createRequire(__filename)
      .resolve('@prisma/schema-engine-wasm/schema_engine_bg')
      .replace(/\.js$/, '.wasm'),
  );
  // The module is written for bundlers; here its import is tied by hand.
  const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyOfNode };
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': bindings });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return bindings.SchemaEngine.new(
    { datamodels: [['schema.prisma', datamodel]] },
    () => undefined,
    bindMigrationAwareSqlAdapterFactory(new WholeScripts({ connectionString: databaseUrl })),
  );
}

/** The stock adapter cuts a script at every semicolon, also inside the body of a function. */
class WholeScripts extends PrismaPg {
  override async connect() {
    const adapter = await super.connect();
    adapter.executeScript = async (script) => {
      await adapter.underlyingDriver().query(script);
    };
    return adapter;
  }
}
