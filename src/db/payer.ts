import { Refusal } from '../domain/kernel/refusal';
import type { Tx } from './database';
import { newId } from './id';
import type { GapPolicy, TaxMethod } from './program';

/** How a payer withholds tax from a moment on. */
export interface TaxTerms {
  method: TaxMethod;
  /** what `platformCumulative` does after a month without income */
  gapPolicy: GapPolicy;
  /** the payer's own record that it filed as a platform */
  platformDeclaration: { filedAt: Date; reference: string } | null;
}

export interface PayerRow {
  id: string;
  storeId: string;
  name: string;
  taxNumber: string;
  createdAt: Date;
}

interface MethodRow {
  validFrom: Date;
  method: TaxMethod;
  gapPolicy: GapPolicy;
  platformDeclaration: { filedAt: string; reference: string } | null;
}

/** Who pays and the tax method that counts last, as a program's answer shows them. */
export interface PayerView {
  payer: PayerRow;
  tax: MethodRow;
}

/**
 * The payer with this tax number in a store, made when it is new. All programs of a payer share one
 * tax method.
 * @throws Refusal `payer_method_conflict`
 */
export async function payerFor(
  tx: Tx,
  input: {
    storeId: string;
    name: string;
    taxNumber: string;
    terms: TaxTerms;
    /** from when the method counts when the payer is new */
    validFrom: Date;
    realNow: Date;
  },
): Promise<PayerView> {
  const { storeId, name, taxNumber, terms, validFrom, realNow } = input;
  const id = newId('payer');
  const made = await tx.run(
    `INSERT INTO payer (id, store_id, name, tax_number, created_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (store_id, tax_number) DO NOTHING`,
    [id, storeId, name, taxNumber, realNow],
  );
  if (made === 1) {
    await tx.insert('payer_tax_method', {
      payerId: id,
      validFrom,
      method: terms.method,
      gapPolicy: terms.gapPolicy,
      platformDeclaration:
        terms.platformDeclaration === null ? null : JSON.stringify(terms.platformDeclaration),
    });
  }
  const payer = await tx.first<{ id: string }>(
    'SELECT id FROM payer WHERE store_id = $1 AND tax_number = $2 FOR SHARE',
    [storeId, taxNumber],
  );
  const view = await payerView(tx, payer?.id ?? id);
  const gapCounts = terms.method === 'platformCumulative';
  const { method, gapPolicy } = view.tax;
  if (method !== terms.method || (gapCounts && gapPolicy !== terms.gapPolicy)) {
    throw new Refusal(
      'payer_method_conflict',
      `This payer withholds by ${method} (${gapPolicy}); all its programs share that.`,
    );
  }
  return view;
}

export async function payerView(read: Tx, payerId: string): Promise<PayerView> {
  const payer = await read.first<PayerRow>('SELECT * FROM payer WHERE id = $1', [payerId]);
  const tax = await read.first<MethodRow>(
    `SELECT valid_from, method, gap_policy, platform_declaration FROM payer_tax_method
     WHERE payer_id = $1 ORDER BY valid_from DESC LIMIT 1`,
    [payerId],
  );
  if (payer === undefined || tax === undefined) throw new Error(`payer ${payerId} is incomplete`);
  return { payer, tax };
}
