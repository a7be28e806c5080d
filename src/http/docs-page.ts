import type { problemTable } from './openapi';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly {
    name: string;
    in: string;
    required?: boolean;
    schema?: Schema;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema?: Schema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { schema?: Schema }>> }>
  >;
}

interface OpenApi {
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly description?: string;
  };
  readonly tags?: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

interface Entry {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** The reference page: the OpenAPI document as one HTML page without script or foreign parts. */
export function docsPage(document: object, problems: ReturnType<typeof problemTable>): string {
  const api = document as OpenApi;
  const entries = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
  const tags = (api.tags ?? []).map(({ name }) => name);
  return `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escape(api.info.title)} API</title><style>${style}</style>
<header><h1>${escape(api.info.title)} <small>${escape(api.info.version)}</small></h1>
<p>${escape(api.info.description ?? '')} <a href="/openapi.json">openapi.json</a></p></header>
<nav>${[...tags, 'Schemas', 'Problems'].map((tag) => `<a href="#${anchor(tag)}">${escape(tag)}</a>`).join(' ')}</nav>
<main>${tags.map((tag) => section(tag, entries)).join('')}
${schemaSection(api.components?.schemas ?? {})}${problemSection(problems)}</main></html>`;
}

function section(tag: string, entries: readonly Entry[]): string {
  const own = entries.filter(({ operation }) => operation.tags?.includes(tag));
  return `<h2 id="${anchor(tag)}">${escape(tag)}</h2>${own.map(operationBlock).join('')}`;
}

function operationBlock({ method, path, operation }: Entry): string {
  const parameters = (operation.parameters ?? []).map(
    (parameter) =>
      `<tr><td><code>${escape(parameter.name)}</code><td>${parameter.in}
       <td>${parameter.required === true ? 'required' : ''}<td>${typeOf(parameter.schema)}`,
  );
  const body = firstSchema(operation.requestBody?.content);
  const answers = Object.entries(operation.responses).map(
    ([status, { content }]) =>
      `<tr><td>${escape(status)}<td>${content === undefined ? '' : typeOf(firstSchema(content))}`,
  );
  return `<details><summary><b class="${method}">${method.toUpperCase()}</b>
<code>${escape(path)}</code> ${escape(operation.summary ?? '')}</summary>
<p>${escape(operation.description ?? '').replaceAll('\n\n', '<br>')}</p>
${parameters.length > 0 ? `<h4>Parameters</h4><table>${parameters.join('')}</table>` : ''}
${body === undefined ? '' : `<h4>Body</h4>${typeOf(body)}`}
<h4>Answers</h4><table>${answers.join('')}</table>
<h4>Try</h4><pre>${escape(curl(method, path, body !== undefined))}</pre></details>`;
}

function curl(method: string, path: string, hasBody: boolean): string {
  const parts = [
    `curl -X ${method.toUpperCase()} "$BASE_URL${path.replace(/\{(\w+)\}/g, '$$$1')}"`,
  ];
  parts.push('-H "Authorization: Bearer $TOKEN"');
  if (method === 'post') parts.push('-H "Idempotency-Key: $(uuidgen)"');
  if (hasBody) parts.push('-H "Content-Type: application/json" -d @body.json');
  return parts.join(' \\\n  ');
}

function firstSchema(
  content: Readonly<Record<string, { schema?: Schema }>> | undefined,
): Schema | undefined {
  return content === undefined ? undefined : Object.values(content)[0]?.schema;
}

function typeOf(schema: Schema | undefined): string {
  if (schema === undefined) return '';
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    return `<a href="#${anchor(`schema ${name}`)}">${escape(name)}</a>`;
  }
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants !== undefined) return variants.map(typeOf).join(' | ');
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`;
  if (schema.properties !== undefined) return propertyTable(schema);
  const type = [schema.type ?? 'any'].flat().join(' | ');
  const choice = schema.enum === undefined ? '' : `: ${schema.enum.map(String).join(', ')}`;
  const words = schema.description === undefined ? '' : ` <i>${escape(schema.description)}</i>`;
  const example = schema.examples?.[0];
  const sample = example === undefined ? '' : ` <code>${escape(JSON.stringify(example))}</code>`;
  return `${escape(type + choice)}${words}${sample}`;
}

function propertyTable(schema: Schema): string {
  const rows = Object.entries(schema.properties ?? {}).map(
    ([name, property]) =>
      `<tr><td><code>${escape(name)}</code>${schema.required?.includes(name) ? '' : '?'}
       <td>${typeOf(property)}`,
  );
  return `<table>${rows.join('')}</table>`;
}

function schemaSection(schemas: Readonly<Record<string, Schema>>): string {
  const blocks = Object.entries(schemas).map(
    ([name, schema]) =>
      `<h3 id="${anchor(`schema ${name}`)}">${escape(name)}</h3>
       <p>${escape(schema.description ?? '')}</p>${typeOf(schema)}`,
  );
  return `<h2 id="schemas">Schemas</h2>${blocks.join('')}`;
}

function problemSection(problems: ReturnType<typeof problemTable>): string {
  const rows = problems.map(
    ({ code, status, en, zh }) =>
      `<tr id="${escape(code)}"><td><code>${escape(code)}</code><td>${status}
       <td>${escape(en)}<td lang="zh-CN">${escape(zh)}`,
  );
  return `<h2 id="problems">Problems</h2><table>${rows.join('')}</table>`;
}

function anchor(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

const style = `
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:70rem;padding:1rem;color:#1b1f24}
nav{position:sticky;top:0;background:#fff;padding:.5rem 0;border-bottom:1px solid #d8dee4}
nav a{margin-right:.8rem}a{color:#0a58ca}h2{margin-top:2.5rem}
details{border:1px solid #d8dee4;border-radius:6px;margin:.4rem 0;padding:.4rem .8rem}
summary{cursor:pointer}table{border-collapse:collapse;margin:.3rem 0}
td{border-top:1px solid #eaeef2;padding:.2rem .8rem .2rem 0;vertical-align:top}
pre{background:#f6f8fa;padding:.6rem;overflow:auto}code{font-family:ui-monospace,monospace}
summary b{display:inline-block;width:4.5rem}.get{color:#1a7f37}.post{color:#0a58ca}
.put,.patch{color:#9a6700}.delete{color:#b42318}
@media (prefers-color-scheme:dark){body,nav{background:#0d1117;color:#e6edf3}
pre{background:#161b22}a{color:#6cb6ff}}`;
