import { OpenApiGeneratorV31, OpenAPIRegistry } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { isForDistributors } from './distributor-access';
import { Problem } from './problem';
import { problemWords } from './refusals';
import { RawBody, type Route } from './route';

type Document = ReturnType<OpenApiGeneratorV31['generateDocument']>;
type PathConfig = Parameters<OpenAPIRegistry['registerPath']>[0];

const mediaTypes = new WeakMap<z.ZodType, string>();

/** The answer schema of a body that is not JSON: a `RawBody` of this content type. */
export function media(contentType: string): z.ZodType<RawBody> {
  const schema = z.custom<RawBody>((value) => value instanceof RawBody).meta({ type: 'string' });
  mediaTypes.set(schema, contentType);
  return schema;
}

/** Makes the OpenAPI 3.1 document from the schemas that validate. */
export function openApiDocument(routes: readonly Route[], version: string): Document {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'API key: sk_test_... sees test programs, sk_live_... live ones',
  });
  registry.registerComponent('securitySchemes', 'adminToken', {
    type: 'http',
    scheme: 'bearer',
    description: 'Admin token of POST /v1/admin/sessions',
  });
  registry.registerComponent('securitySchemes', 'distributorToken', {
    type: 'http',
    scheme: 'bearer',
    description: 'Short-lived token of one distributor: POST /v1/distributors/{id}/tokens',
  });
  for (const route of routes) registry.registerPath(pathOf(route));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Tributary',
      version,
      description:
        'Commission distribution (分销) for online shops. Amounts are integers of the minor unit (fen), ' +
        'rates basis points, moments RFC 3339 with offset. Refusals are application/problem+json.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
  });
}

/** `/v1/programs/:id` as OpenAPI writes it: `/v1/programs/{id}`. */
export function openApiPath(path: string): string {
  return path.replace(/:([A-Za-z]+)/g, '{$1}');
}

function pathOf(route: Route): PathConfig {
  const request: NonNullable<PathConfig['request']> = {};
  if (route.params instanceof z.ZodObject) request.params = route.params;
  if (route.query instanceof z.ZodObject) request.query = route.query;
  if (route.method === 'post' && route.access !== 'open') request.headers = idempotencyHeader;
  if (route.body !== undefined) {
    const required = !route.body.safeParse({}).success;
    request.body = { required, content: { 'application/json': { schema: route.body } } };
  }
  return {
    method: route.method,
    path: openApiPath(route.path),
    operationId: operationId(route),
    summary: route.summary,
    description: describe(route),
    tags: [route.tag],
    security: securityOf(route),
    request,
    responses: responsesOf(route),
  };
}

const idempotencyHeader = z.object({
  'Idempotency-Key': z.string().min(1).max(255).optional().meta({
    description: 'The same key and body give the stored answer again; kept for 24 h or more',
  }),
});

function operationId(route: Route): string {
  const words = route.path
    .split(/[^A-Za-z]+/)
    .filter((word) => word !== '' && word !== 'v')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return route.method + words.join('');
}

function securityOf(route: Route): Record<string, string[]>[] {
  if (route.access === 'open') return [];
  if ('adminOnly' in route.access) return [{ adminToken: [] }];
  const own = isForDistributors(route) ? [{ distributorToken: [] }] : [];
  return [{ apiKey: [route.access.scope] }, { adminToken: [] }, ...own];
}

function describe(route: Route): string {
  const parts = route.description === undefined ? [] : [route.description];
  const { access } = route;
  if (access === 'open') parts.push('Open without a token.');
  else if ('adminOnly' in access) parts.push(`Admins: ${access.adminOnly.roles.join(', ')}.`);
  else {
    parts.push(`Scope of an API key: \`${access.scope}\`.`);
    parts.push(`Admins: ${access.roles === undefined ? 'any role' : access.roles.join(', ')}.`);
  }
  if (isForDistributors(route)) parts.push('A distributor’s own token: only what is its own.');
  return parts.join('\n\n');
}

function responsesOf(route: Route): PathConfig['responses'] {
  const responses: PathConfig['responses'] = {
    default: {
      description: 'Refused; `code` says why',
      content: { 'application/problem+json': { schema: Problem } },
    },
  };
  for (const [status, schema] of Object.entries(route.answers)) {
    const description = status.startsWith('2') ? 'Done' : 'See the body';
    const type = mediaTypes.get(schema) ?? 'application/json';
    responses[status] = hasNoBody(schema)
      ? { description }
      : { description, content: { [type]: { schema } } };
  }
  return responses;
}

function hasNoBody(schema: z.ZodType): boolean {
  return schema instanceof z.ZodVoid || schema instanceof z.ZodUndefined;
}

/** Every problem code with its status and words, for the reference page. */
export function problemTable(): { code: string; status: number; en: string; zh: string }[] {
  return Object.entries(problemWords).map(([code, words]) => ({ code, ...words }));
}
