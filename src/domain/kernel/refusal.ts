/**
 * Every way in which the product says no to something it understood. The codes are part of the
 * public contract (`code` of problem+json); `src/http/problem.ts` maps each to a status and words.
 */
export type RefusalCode =
  | 'not_found'
  | 'external_id_conflict'
  | 'in_the_future'
  | 'before_program_start'
  | 'empty_period'
  | 'too_many_simulations'
  | 'currency_mismatch'
  | 'program_mismatch'
  | 'discount_exceeds_lines'
  | 'commission_too_large'
  | 'refund_exceeds_line'
  | 'refund_before_payment'
  | 'unknown_order_line'
  | 'receipt_conflict'
  | 'receipt_before_payment'
  | 'after_sale_before_payment'
  | 'after_sale_closed'
  | 'closure_before_opening'
  | 'binding_conflict'
  | 'coupon_code_taken'
  | 'link_host_not_allowed'
  | 'too_many_links'
  | 'already_bound'
  | 'transfer_already_open'
  | 'transfer_not_open'
  | 'no_such_side'
  | 'requester_required'
  | 'sponsor_cycle'
  | 'sponsor_change_would_rewrite'
  | 'unknown_distributor_code'
  | 'unknown_sponsor'
  | 'unknown_tier'
  | 'invitation_required'
  | 'not_joined'
  | 'distributor_inactive'
  | 'scope_required'
  | 'payer_method_conflict'
  | 'platform_declaration_required'
  | 'currency_not_supported'
  | 'invalid_tax_number'
  | 'invalid_id_number'
  | 'setting_is_fixed'
  | 'settings_contradict'
  | 'live_program'
  | 'clock_backwards'
  | 'clock_busy'
  | 'plan_not_compliant'
  | 'plan_would_rewrite'
  | 'plan_already_published'
  | 'rule_not_waivable'
  | 'campaign_ended'
  | 'settlement_already_open'
  | 'settlement_not_open'
  | 'settlement_not_approved'
  | 'insufficient_available'
  | 'withdrawal_limit_exceeded'
  | 'not_payable'
  | 'statement_not_excludable'
  | 'hold_lifted'
  | 'correction_decided'
  | 'hold_already_open'
  | 'channel_kind_unavailable'
  | 'unknown_channel'
  | 'payout_not_retryable'
  | 'payout_not_cancelable'
  | 'review_already_decided'
  | 'second_person_required'
  | 'reason_required'
  | 'role_required'
  | 'not_possible_now'
  | 'email_taken'
  | 'sign_in_failed'
  | 'ledger_conflict'
  | 'no_invoice_needed'
  | 'invoice_conflict'
  | 'remittance_conflict'
  | 'nothing_to_remit'
  | 'nothing_to_declare'
  | 'month_not_over'
  | 'tax_method_would_rewrite'
  | 'residency_not_possible'
  | 'invalid_answers'
  | 'agreement_required'
  | 'agreement_outdated'
  | 'cannot_apply_now'
  | 'tier_unchanged'
  | 'privilege_required'
  | 'not_for_distributors'
  | 'course_conflict'
  | 'assessment_settled'
  | 'objection_too_late'
  | 'nothing_to_export'
  | 'not_a_bank'
  | 'reversal_not_possible'
  | 'nothing_to_reverse'
  | 'material_withdrawn'
  | 'invalid_payout_account'
  | 'temporal_unavailable';

/** One fault inside a request, addressed by a JSON pointer. */
export interface Fault {
  pointer: string;
  code: string;
  message: string;
}

/**
 * An expected outcome that must undo the transaction it happens in: the request was understood and
 * refused by a rule. Anything else that is thrown is a failure of ours.
 */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly errors: readonly Fault[];

  constructor(code: RefusalCode, detail: string, options: { errors?: readonly Fault[] } = {}) {
    super(detail);
    this.name = 'Refusal';
    this.code = code;
    this.errors = options.errors ?? [];
  }
}
