import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { root } from './servers';

const { History } = temporal.api.history.v1;
const asText = { enums: String, longs: String, bytes: String };
const folder = join(root, 'test', 'replay', 'histories');

/**
 * Saves what a workflow did, for the replay test. Only with SAVE_HISTORIES=1: a saved history is
 * replaced when a change of the workflow is meant and no old run can be open any more.
 */
export async function saveHistory(name: string, handle: WorkflowHandle): Promise<void> {
  if (process.env['SAVE_HISTORIES'] !== '1') return;
  mkdirSync(folder, { recursive: true });
  const json = History.toObject((await handle.fetchHistory()) as never, asText);
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(json, withoutTrace, 1)}\n`);
}

/** A stack trace names the folders of the machine, and no replay reads it. */
function withoutTrace(key: string, value: unknown): unknown {
  return key === 'stackTrace' ? '' : value;
}

/** Reads a saved history back into the form in which a worker replays it. */
export function readHistory(text: string) {
  return History.fromObject(JSON.parse(text) as Record<string, unknown>);
}

/** The saved histories, `<workflow>-<what happened>`. */
export function savedHistories(): { name: string; text: string }[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => ({
      name: file.replace(/\.json$/, ''),
      text: readFileSync(join(folder, file), 'utf8'),
    }));
}
