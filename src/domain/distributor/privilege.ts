/** Whose names a distributor may see below itself. */
export type TeamView = 'none' | 'directs' | 'all';

/**
 * What a tier allows, as the plan writes it. It binds the distributor's own token; the shop's keys
 * and admins see everything. Amounts are integers of the minor unit.
 */
export interface Privileges {
  teamView?: TeamView;
  /** how the customers of one's own are named */
  customerDetails?: 'masked' | 'full';
  withdrawalPerDayAmount?: number;
  withdrawalPerTransferAmount?: number;
  materials?: boolean;
  campaigns?: boolean;
  ownLinks?: boolean;
}

/** The same with nothing left open. */
export interface GrantedPrivileges {
  readonly teamView: TeamView;
  readonly customerDetails: 'masked' | 'full';
  /** null: the tier sets no limit */
  readonly withdrawalPerDayAmount: number | null;
  readonly withdrawalPerTransferAmount: number | null;
  readonly materials: boolean;
  readonly campaigns: boolean;
  readonly ownLinks: boolean;
}

/**
 * What a tier grants. Where the plan says nothing, people other than oneself stay hidden, money has
 * no limit of the tier, and the tools of promoting are there. A tier that the plan does not list
 * (`undefined`) grants what a tier without words does.
 */
export function privilegesOf(tier: { privileges: Privileges } | undefined): GrantedPrivileges {
  const said = tier?.privileges ?? {};
  return {
    teamView: said.teamView ?? 'none',
    customerDetails: said.customerDetails ?? 'masked',
    withdrawalPerDayAmount: said.withdrawalPerDayAmount ?? null,
    withdrawalPerTransferAmount: said.withdrawalPerTransferAmount ?? null,
    materials: said.materials ?? true,
    campaigns: said.campaigns ?? true,
    ownLinks: said.ownLinks ?? true,
  };
}

/** Whether a distributor may see its team down to a depth of 1 or more. */
export function maySeeTeam({ teamView }: GrantedPrivileges, depth: number): boolean {
  switch (teamView) {
    case 'none':
      return false;
    case 'directs':
      return depth === 1;
    case 'all':
      return true;
  }
}

const shownAtEnds = 2;

/** A customer's id as somebody may see it who must not know it: the ends, never more than half. */
export function maskCustomer(externalId: string): string {
  const letters = [...externalId];
  const shown = Math.min(shownAtEnds, Math.floor(letters.length / 4));
  return `${letters.slice(0, shown).join('')}***${letters.slice(letters.length - shown).join('')}`;
}
