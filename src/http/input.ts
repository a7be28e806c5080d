import { z } from 'zod';
import type { Fault } from '../domain/kernel/refusal';
import { demandJson } from './body';
import { check, onePerPointer, translate } from './faults';
import { type Locale, ProtocolRefusal } from './problem';
import type { Route } from './route';
import { faultsAtMost, JsonSyntaxError, parseStrictJson, type StrictJson } from './strict-json';

export interface RawInput {
  readonly params: Readonly<Record<string, unknown>>;
  /** the part of the URL after `?`, still encoded */
  readonly queryString: string;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

export interface Input {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  /** faults of the JSON text inside the items of a route with `itemsIn`, by index */
  readonly itemFaults: ReadonlyMap<number, readonly Fault[]>;
}

const nothing = z.strictObject({});

/**
 * Checks params, query and body together, so that an answer names every fault at once.
 * @throws ProtocolRefusal invalid_request, malformed_json, unsupported_media_type, not_found
 */
export function readInput(route: Route, raw: RawInput, locale: Locale): Input {
  const json = route.rawBody === true ? noBody : readJson(raw);
  const query = readQuery(raw.queryString);
  const params = check(route.params ?? nothing, raw.params, 'path:', locale);
  const parsedQuery = check(route.query ?? nothing, query.values, 'query:', locale);
  const body = check(route.body ?? nothing, json.value, '', locale);
  const { own, byItem } = splitFaults(json.faults, route.itemsIn);
  const faults = onePerPointer([
    ...translate([...query.faults, ...own], locale),
    ...[params, parsedQuery, body].flatMap((part) => (part.ok ? [] : part.faults)),
  ]);
  if (!params.ok && params.faults.some(({ code }) => code === 'invalid_id')) {
    throw new ProtocolRefusal('not_found', 'the path names an id that cannot exist');
  }
  if (!params.ok || !parsedQuery.ok || !body.ok || faults.length > 0) {
    throw new ProtocolRefusal('invalid_request', faultsInWords(faults), {
      errors: faults.slice(0, faultsAtMost),
    });
  }
  return { params: params.value, query: parsedQuery.value, body: body.value, itemFaults: byItem };
}

function faultsInWords(faults: readonly Fault[]): string {
  const first = faults[0];
  if (first === undefined) return '';
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  return `${first.pointer}: ${first.message}${more}`.slice(0, 300);
}

const noBody: StrictJson = { value: {}, faults: [] };

/** An empty body counts as `{}`, so that what is missing is listed like any other fault. */
function readJson(raw: RawInput): StrictJson {
  if (raw.body.length === 0) return noBody;
  demandJson(raw.contentType);
  try {
    return parseStrictJson(raw.body);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw new ProtocolRefusal('malformed_json', error.message, {
      errors: [{ pointer: '', code: 'malformed_json', message: error.message }],
    });
  }
}

function splitFaults(faults: readonly Fault[], itemsIn: string | undefined) {
  const byItem = new Map<number, Fault[]>();
  if (itemsIn === undefined) return { own: faults, byItem };
  const inItem = new RegExp(`^/${itemsIn}/(\\d+)(/.*)?$`, 's');
  const own = faults.filter((fault) => {
    const match = inItem.exec(fault.pointer);
    if (match === null) return true;
    const index = Number(match[1]);
    const moved = { ...fault, pointer: match[2] ?? '' };
    byItem.set(index, [...(byItem.get(index) ?? []), moved]);
    return false;
  });
  return { own, byItem };
}

/** Reads a query string: every parameter at most once, no pairs without a name. */
function readQuery(queryString: string): { values: Record<string, string>; faults: Fault[] } {
  const values: Record<string, string> = {};
  const faults: Fault[] = [];
  const fault = (name: string, code: string, message: string) =>
    faults.push({ pointer: `query:/${name}`, code, message });
  for (const [name, value] of new URLSearchParams(queryString)) {
    if (name === '__proto__') fault(name, 'unsafe_key', 'the name is not allowed');
    else if (Object.hasOwn(values, name)) {
      fault(name, 'duplicate_parameter', 'the parameter is there twice');
    } else if (value.includes('\0') || value.includes('\ufffd')) {
      fault(name, 'unsafe_text', 'a character that is not allowed');
    } else values[name] = value;
  }
  return { values, faults };
}
