/** One thing that a program with designated products covers. */
export interface CoveredProduct {
  kind: string;
  value: string;
}

/** The values that a program covers, per kind; undefined: it covers everything. */
export type ProductCover = ReadonlyMap<string, ReadonlySet<string>> | undefined;

export function coverOf(products: readonly CoveredProduct[]): Map<string, Set<string>> {
  const cover = new Map<string, Set<string>>();
  for (const { kind, value } of products) {
    cover.set(kind, (cover.get(kind) ?? new Set()).add(value));
  }
  return cover;
}

/** Whether a line is in scope: one match of any kind is enough. */
export function covers(
  cover: ProductCover,
  line: {
    sku: string;
    productId?: string | undefined;
    category?: string | undefined;
    tags: readonly string[];
  },
): boolean {
  if (cover === undefined) return true;
  const has = (kind: string, value: string | undefined) =>
    value !== undefined && (cover.get(kind)?.has(value) ?? false);
  return (
    has('sku', line.sku) ||
    has('productId', line.productId) ||
    has('category', line.category) ||
    line.tags.some((tag) => has('tag', tag))
  );
}
