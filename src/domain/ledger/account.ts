/** Accounts of a program as a whole. They may have any sign. */
export const programRoles = [
  'commission-expense',
  'tax-payable',
  'tax-remitted',
  'tax-receivable',
  'fee-income',
  'bad-debt',
] as const;

/** Accounts of one distributor: never below 0, but `receivable`, which is never above. */
export const distributorRoles = ['held', 'available', 'settling', 'receivable'] as const;

/** Accounts of one payout channel within a program. */
export const channelRoles = ['clearing', 'cash'] as const;

export type ProgramRole = (typeof programRoles)[number];
export type DistributorRole = (typeof distributorRoles)[number];
export type ChannelRole = (typeof channelRoles)[number];
export type AccountRole = ProgramRole | DistributorRole | ChannelRole;

/** The name of an account, unique within its program. */
export type AccountCode =
  ProgramRole | `distributor:${string}:${DistributorRole}` | `channel:${string}:${ChannelRole}`;

export function distributorAccount(distributorId: string, role: DistributorRole): AccountCode {
  return `distributor:${distributorId}:${role}`;
}

/** All that a distributor may have. */
export function distributorAccounts(distributorId: string): AccountCode[] {
  return distributorRoles.map((role) => distributorAccount(distributorId, role));
}

export function channelAccount(channelId: string, role: ChannelRole): AccountCode {
  return `channel:${channelId}:${role}`;
}

/** Takes an account code apart: its role, and the distributor whose it is, if any. */
export function accountParts(code: AccountCode): {
  role: AccountRole;
  distributorId: string | null;
} {
  const [scope, id, role] = code.split(':');
  if (role === undefined) return { role: code as ProgramRole, distributorId: null };
  const distributorId = scope === 'distributor' ? (id ?? null) : null;
  return { role: role as AccountRole, distributorId };
}
