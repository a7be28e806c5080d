import type { Bonus } from '../../src/domain/commission/plan';

/**
 * A second calculation of bonuses, written from decision 13 and not from the product: everything is
 * kept as plain lists, and every month and every refund looks at all of them again.
 */
export interface Sale {
  id: string;
  sellerId: string;
  customer: string;
  paidAt: number;
  /** when its hold ends */
  keptAt: number;
  left: bigint;
}

export interface Person {
  id: string;
  /** the buyer that this person is */
  customer: string;
  /** from the oldest on */
  standings: { from: number; earns: boolean; sponsorId: string | null }[];
}

export interface Made {
  month: string;
  distributorId: string;
  bonusId: string;
  key: string;
  amount: bigint;
  original: bigint;
}

interface Behind extends Made {
  own: Sale[];
  team: Sale[];
}

type Invitation = Extract<Bonus, { kind: 'invitation' }>;

export class SecondBonuses {
  readonly #people = new Map<string, Person>();
  readonly #sales: Sale[] = [];
  readonly #made: Behind[] = [];
  readonly #never = new Set<string>();
  readonly #months: { month: string; to: number }[] = [];

  constructor(
    readonly bonuses: readonly Bonus[],
    people: readonly Person[],
    readonly rounding: 'floor' | 'halfUp',
  ) {
    for (const person of people) this.#people.set(person.id, person);
  }

  sold(sale: Sale): void {
    this.#sales.push(sale);
  }

  refunded(saleId: string, amount: bigint): void {
    const sale = this.#sales.find(({ id }) => id === saleId)!;
    sale.left -= amount;
    for (const one of this.#made) {
      const bonus = this.bonuses.find(({ id }) => id === one.bonusId)!;
      if (bonus.kind === 'invitation' && one.amount === 0n) continue;
      one.amount = this.#worth(bonus, one);
    }
  }

  /** Books a month, `to` not in it. */
  closed(month: string, from: number, to: number): void {
    this.#months.push({ month, to });
    const sold = this.#sales.filter(({ paidAt }) => paidAt >= from && paidAt < to);
    for (const person of this.#people.values()) {
      if (!this.#standing(person.id, to - 1).earns) continue;
      for (const bonus of this.bonuses) {
        if (bonus.kind === 'invitation') continue;
        const own = sold.filter((sale) => sale.sellerId === person.id && this.#gains(person, sale));
        const team =
          bonus.kind === 'team'
            ? sold.filter(
                (sale) =>
                  this.#above(sale).slice(0, bonus.depth).includes(person.id) &&
                  this.#gains(person, sale) &&
                  this.#gains(this.#people.get(sale.sellerId)!, sale),
              )
            : [];
        const marks =
          bonus.kind === 'team'
            ? ['']
            : [...new Set(bonus.steps.map((step) => String(step.ownSalesAtLeastAmount)))];
        for (const key of marks) this.#make(month, person.id, bonus, key, own, team);
      }
    }
    this.#invite(month, to);
  }

  made(): Made[] {
    return this.#made.map(({ month, distributorId, bonusId, key, amount, original }) => ({
      month,
      distributorId,
      bonusId,
      key,
      amount,
      original,
    }));
  }

  #gains({ customer }: Person, sale: Sale): boolean {
    return sale.customer !== customer;
  }

  #standing(id: string, at: number) {
    return this.#people.get(id)!.standings.findLast(({ from }) => from <= at)!;
  }

  /** The sponsors above the seller, the nearest first, as of the payment. */
  #above({ sellerId, paidAt }: Sale): string[] {
    const path: string[] = [];
    let next = this.#standing(sellerId, paidAt).sponsorId;
    while (next !== null) {
      path.push(next);
      next = this.#standing(next, paidAt).sponsorId;
    }
    return path;
  }

  #worth(bonus: Bonus, { key, own, team }: Pick<Behind, 'key' | 'own' | 'team'>): bigint {
    const of = (sales: readonly Sale[]) => sales.reduce((sum, { left }) => sum + left, 0n);
    if (bonus.kind === 'team') {
      const asked = BigInt(bonus.ownSalesAtLeastAmount ?? 0);
      if (of(own) < asked) return 0n;
      const half = this.rounding === 'halfUp' ? 5000n : 0n;
      const amount = (of(team) * BigInt(bonus.bps) + half) / 10_000n;
      const most = BigInt(bonus.maxAmount ?? Number.MAX_SAFE_INTEGER);
      return amount < most ? amount : most;
    }
    const sales = of(own);
    if (sales === 0n) return 0n;
    if (bonus.kind === 'invitation') {
      return sales >= BigInt(bonus.onFirstOrderOfAtLeastAmount) ? BigInt(bonus.amount) : 0n;
    }
    return bonus.steps.reduce(
      (sum, step) =>
        String(step.ownSalesAtLeastAmount) === key && sales >= BigInt(step.ownSalesAtLeastAmount)
          ? sum + BigInt(step.amount)
          : sum,
      0n,
    );
  }

  #make(
    month: string,
    distributorId: string,
    bonus: Bonus,
    key: string,
    own: Sale[],
    team: Sale[],
  ) {
    const amount = this.#worth(bonus, { key, own, team });
    if (amount === 0n) return;
    const name = { month, distributorId, bonusId: bonus.id, key };
    this.#made.push({ ...name, amount, original: amount, own, team });
  }

  #invite(month: string, to: number): void {
    const bonus = this.bonuses.find((one) => one.kind === 'invitation');
    if (bonus === undefined) return;
    const bySponsor = new Map<string, Sale[]>();
    for (const { id } of this.#people.values()) {
      const sale = this.#firstKept(bonus, id, to);
      if (sale === undefined) continue;
      const sponsor = this.#above(sale)[0]!;
      // What was refused in the month of its own is refused for good.
      const first = this.#months.find((one) => one.to > sale.keptAt)!;
      const earned = [first.to, to].every((end) => this.#standing(sponsor, end - 1).earns);
      if (earned) bySponsor.set(sponsor, [...(bySponsor.get(sponsor) ?? []), sale]);
    }
    for (const [sponsor, sales] of bySponsor) {
      sales.sort((a, b) => a.keptAt - b.keptAt || a.paidAt - b.paidAt || (a.id < b.id ? -1 : 1));
      sales.forEach((sale, place) => {
        if (place >= (bonus.maxPerMonth ?? Infinity)) this.#never.add(sale.sellerId);
        else this.#make(month, sponsor, bonus, sale.sellerId, [sale], []);
      });
    }
  }

  #firstKept(bonus: Invitation, invited: string, to: number): Sale | undefined {
    if (this.#never.has(invited)) return undefined;
    const before = this.#made.filter(({ bonusId, key }) => bonusId === bonus.id && key === invited);
    if (before.some(({ amount }) => amount > 0n)) return undefined;
    return this.#sales
      .filter((sale) => sale.sellerId === invited && sale.keptAt < to)
      .filter((sale) => {
        const sponsor = this.#above(sale)[0];
        if (sponsor === undefined || before.some(({ own }) => own.includes(sale))) return false;
        const people = [invited, sponsor].map((id) => this.#people.get(id)!);
        return people.every((person) => this.#gains(person, sale));
      })
      .filter(({ left }) => left > 0n && left >= BigInt(bonus.onFirstOrderOfAtLeastAmount))
      .sort((a, b) => a.paidAt - b.paidAt || (a.id < b.id ? -1 : 1))[0];
  }
}
