/** The type prefix of every id. An id reads `<prefix>_<26 base32 characters>` (TypeID over UUIDv7). */
export const idPrefixes = {
  store: 'sto',
  admin: 'adm',
  session: 'ses',
  apiKey: 'key',
  payer: 'pay',
  program: 'prg',
  dueMoment: 'due',
  plan: 'pln',
  distributor: 'dst',
  payoutAccount: 'pac',
  coupon: 'cpn',
  binding: 'bnd',
  order: 'ord',
  orderLine: 'orl',
  refund: 'rfd',
  commission: 'com',
  earning: 'ern',
  settlement: 'set',
  statement: 'stm',
  channel: 'chn',
  payout: 'pyt',
  review: 'rev',
  event: 'evt',
  request: 'req',
  waiver: 'wvr',
  regionAgent: 'rga',
  campaign: 'cmp',
  click: 'clk',
  bindingTransfer: 'btr',
  objection: 'obj',
  afterSale: 'afs',
  simulation: 'sim',
  verification: 'vrf',
  invoice: 'inv',
  taxStop: 'tst',
  taxRemittance: 'trm',
  taxDeclaration: 'tdc',
  notice: 'ntc',
  application: 'apl',
  lifeCase: 'cas',
  tierNotice: 'tnt',
  coursePass: 'crp',
  distributorToken: 'dtk',
  assessmentScheme: 'ams',
  assessment: 'asm',
  bankFile: 'bkf',
  settlementHold: 'hld',
  correction: 'cor',
  reversal: 'rvs',
  material: 'mat',
  reversalTask: 'rvt',
} as const;

export type IdKind = keyof typeof idPrefixes;

/** The alphabet of Crockford's base32 in lower case: no i, l, o, u. */
export const idAlphabet = '0123456789abcdefghjkmnpqrstvwxyz';

const suffix = new RegExp(`^[0-7][${idAlphabet}]{25}$`);

/** Says whether a text has the shape of an id of this kind; it says nothing about existence. */
export function isId(kind: IdKind, text: string): boolean {
  const prefix = `${idPrefixes[kind]}_`;
  return text.startsWith(prefix) && suffix.test(text.slice(prefix.length));
}
