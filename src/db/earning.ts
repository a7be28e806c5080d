/**
 * SQL: every earning of a commission, as something to join `LATERAL`. The first one is the one that the
 * commission names, so what every sale writes stands in one index less; the few others have an index.
 * @param commission the alias of the commission's row
 */
export function earningsOfCommission(commission: string): string {
  return `(SELECT * FROM earning WHERE id = ${commission}.first_earning_id
    UNION ALL
    SELECT * FROM earning WHERE commission_id = ${commission}.id AND kind <> 'commission')`;
}
