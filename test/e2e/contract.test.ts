import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { createApp } from '../../src/http/app';
import { openApiPath } from '../../src/http/openapi';
import { allRoutes } from '../../src/http/routes/index';
import { version } from '../../src/http/version';
import { testApp, type TestApp } from '../support/app';

interface Operation {
  operationId: string;
  description: string;
  security: Record<string, string[]>[];
  responses: Record<string, { content?: Record<string, { schema?: object }> }>;
  parameters?: { name: string; in: string }[];
}

let app: TestApp;
let document: {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
};

const routes = allRoutes({ signInAttempts: 10 });

beforeAll(async () => {
  app = await testApp();
  const reply = await fetch(`${app.url}/openapi.json`);
  document = (await reply.json()) as typeof document;
});
afterAll(() => app.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );

/** What express itself would answer, taken from its router. */
function expressRoutes(): string[] {
  const { router } = createApp(app.deps) as unknown as {
    router: { stack: { route?: { path: string; methods: Record<string, boolean> } }[] };
  };
  return router.stack.flatMap(({ route }) =>
    // `app.all` of a known path is the 405 of the methods that it does not take.
    route === undefined || route.methods['_all'] || Object.keys(route.methods).length > 5
      ? []
      : Object.keys(route.methods).map((method) => `${method} ${openApiPath(route.path)}`),
  );
}

describe('the OpenAPI document', () => {
  it('has every route that express answers, and no other', () => {
    const described = operations().map(({ method, path }) => `${method} ${path}`);
    const answered = expressRoutes();
    expect(answered.length).toBeGreaterThan(50);
    expect(described.sort()).toEqual(answered.sort());
  });

  it('is OpenAPI 3.1 in which every reference leads somewhere', () => {
    expect(document.openapi).toBe('3.1.0');
    const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(50);
    for (const [, name] of references) expect(document.components.schemas).toHaveProperty(name!);
  });

  it('names every operation once, and every path parameter', () => {
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, operation } of operations()) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const described = (operation.parameters ?? [])
        .filter((parameter) => parameter.in === 'path')
        .map(({ name }) => name);
      expect({ path, names: described.sort() }).toEqual({ path, names: inPath.sort() });
    }
  });

  it('names the scope and the problem of every route', () => {
    for (const route of routes) {
      const operation = document.paths[openApiPath(route.path)]![route.method]!;
      expect(operation.responses['default']?.content).toHaveProperty(['application/problem+json']);
      if (route.access === 'open') expect(operation.security).toEqual([]);
      else if ('scope' in route.access) {
        expect(operation.security[0]).toEqual({ apiKey: [route.access.scope] });
        expect(operation.description).toContain(route.access.scope);
      } else expect(operation.security).toEqual([{ adminToken: [] }]);
    }
  });

  it('is shown whole at /docs, which loads nothing from elsewhere', async () => {
    const page = await (await fetch(`${app.url}/docs`)).text();
    for (const { path } of operations()) expect(page.includes(`<code>${path}</code>`)).toBe(true);
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
    expect(page).not.toContain('<script');
  });

  it('has the version of the package', () => {
    const file = readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8');
    expect(version).toBe((JSON.parse(file) as { version: string }).version);
  });
});

describe('every schema of a request', () => {
  it('refuses unknown fields, at every depth', () => {
    const loose = routes.flatMap((route) =>
      [route.params, route.query, route.body].flatMap((schema) =>
        schema === undefined ? [] : looseObjects(schema, `${route.method} ${route.path}`),
      ),
    );
    // Whoever shares a short link may hang tracking parameters on it; it has to lead on all the same.
    expect(loose).toEqual(['get /r/:code']);
  });
});

/** Where an object schema would let an unknown field pass. */
function looseObjects(schema: z.core.$ZodType, at: string, seen = new Set<unknown>()): string[] {
  if (seen.has(schema)) return [];
  seen.add(schema);
  const inner = (next: z.core.$ZodType, name: string) => looseObjects(next, `${at}${name}`, seen);
  if (schema instanceof z.ZodObject) {
    const { catchall, shape } = schema.def;
    const own = catchall instanceof z.ZodNever ? [] : [at];
    return [
      ...own,
      ...Object.entries(shape).flatMap(([name, field]) => inner(field as z.ZodType, `/${name}`)),
    ];
  }
  if (schema instanceof z.ZodArray) return inner(schema.def.element, '/*');
  if (schema instanceof z.ZodRecord) return inner(schema.def.valueType, '/*');
  if (schema instanceof z.ZodUnion) {
    return schema.def.options.flatMap((option, index) => inner(option, `|${index}`));
  }
  if (schema instanceof z.ZodPipe) return inner(schema.def.in, '');
  const wrapped = (schema as z.ZodOptional).def.innerType as z.core.$ZodType | undefined;
  return wrapped === undefined ? [] : inner(wrapped, '');
}
