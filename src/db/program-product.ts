import type { Tx } from './database';

/** What a program with designated products covers; a line inside any of them is in scope. */
export interface ProductScope {
  skus: string[];
  productIds: string[];
  categories: string[];
  tags: string[];
}

const scopeKinds = [
  ['skus', 'sku'],
  ['productIds', 'productId'],
  ['categories', 'category'],
  ['tags', 'tag'],
] as const;

export async function productScopeOf(read: Tx, programId: string): Promise<ProductScope> {
  const rows = await read.rows<{ kind: string; value: string }>(
    'SELECT kind, value FROM program_product WHERE program_id = $1 ORDER BY kind, value',
    [programId],
  );
  const of = (wanted: string) =>
    rows.filter(({ kind }) => kind === wanted).map(({ value }) => value);
  return {
    skus: of('sku'),
    productIds: of('productId'),
    categories: of('category'),
    tags: of('tag'),
  };
}

/** Replaces what a program covers. */
export async function putProductScope(
  tx: Tx,
  programId: string,
  scope: ProductScope,
): Promise<void> {
  const rows = scopeKinds.flatMap(([list, kind]) =>
    [...new Set(scope[list])].map((value) => ({ programId, kind, value })),
  );
  await tx.run('DELETE FROM program_product WHERE program_id = $1', [programId]);
  if (rows.length > 0) await tx.insert('program_product', rows);
}
