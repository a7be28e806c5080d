/** What an API key may be allowed to do. Codes are public. */
export const scopes = [
  'programs:read',
  'programs:write',
  'plans:read',
  'plans:write',
  'distributors:read',
  'distributors:write',
  'distributors:import',
  'bindings:read',
  'bindings:write',
  'orders:read',
  'orders:write',
  'commissions:read',
  'settlements:read',
  'settlements:write',
  'payouts:read',
  'payouts:write',
  'ledger:read',
  'channels:read',
  'channels:write',
  'reviews:read',
  'events:read',
] as const;

export type Scope = (typeof scopes)[number];

/** What an admin may be; an auditor only reads. */
export const roles = ['owner', 'operations', 'finance', 'auditor'] as const;

export type Role = (typeof roles)[number];

/** An API key sees programs of its own mode only; admins see both. */
export type Mode = 'test' | 'live';

/** Who asks: an API key, a signed-in admin or a distributor, always of exactly one store. */
export interface Caller {
  readonly storeId: string;
  /** `key:<id>`, `admin:<id>` or `distributor:<id>`; goes into the audit log */
  readonly actor: string;
  readonly kind: 'apiKey' | 'admin' | 'distributor';
  readonly mode: Mode | 'both';
  /** only for admins */
  readonly adminId?: string;
  /** only for a distributor's own token: nothing of anybody else may be reached with it */
  readonly distributorId?: string;
  readonly roles: readonly Role[];
  readonly scopes: readonly Scope[];
}
