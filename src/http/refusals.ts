import type { RefusalCode } from '../domain/kernel/refusal';

/** What the HTTP part itself refuses, before a rule of the business is asked. */
export type ProtocolCode =
  | 'invalid_request'
  | 'malformed_json'
  | 'unauthorized'
  | 'credentials_in_url'
  | 'amount_too_large'
  | 'admin_required'
  | 'method_not_allowed'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'invalid_idempotency_key'
  | 'idempotency_in_progress'
  | 'idempotency_key_reused'
  | 'rate_limited'
  | 'busy'
  | 'shutting_down'
  | 'internal_error';

export type ProblemCode = RefusalCode | ProtocolCode;

export interface ProblemWords {
  readonly status: number;
  readonly en: string;
  readonly zh: string;
}

const words = (status: number, en: string, zh: string): ProblemWords => ({ status, en, zh });

/** The one table from code to status and words; the compiler refuses a code without an entry. */
export const problemWords: Readonly<Record<ProblemCode, ProblemWords>> = {
  invalid_request: words(400, 'The request is not valid', '请求内容不符合要求'),
  malformed_json: words(400, 'The body is not valid JSON', '请求体不是有效的 JSON'),
  invalid_idempotency_key: words(400, 'The Idempotency-Key is not valid', 'Idempotency-Key 不合规'),
  credentials_in_url: words(400, 'A credential may not be in the URL', '凭证不得放在网址中'),
  unauthorized: words(401, 'Not signed in', '未登录或凭证无效'),
  sign_in_failed: words(401, 'E-mail or password is wrong', '邮箱或密码错误'),
  admin_required: words(403, 'Only an admin may do this', '仅限管理员操作'),
  scope_required: words(403, 'The key lacks a scope', '密钥缺少所需的权限范围'),
  role_required: words(403, 'The admin lacks the role', '管理员缺少所需角色'),
  requester_required: words(403, 'Only who asked for it may do this', '仅限申请方操作'),
  second_person_required: words(403, 'A second person must decide', '须由另一位管理员决定'),
  not_for_distributors: words(403, 'Not for a distributor’s token', '分销员令牌不可访问'),
  privilege_required: words(403, 'The tier does not allow this', '当前等级没有此权限'),
  not_found: words(404, 'There is no such thing', '未找到'),
  method_not_allowed: words(405, 'The path does not take this method', '该路径不支持此方法'),
  external_id_conflict: words(
    409,
    'The externalId has other content',
    '该 externalId 已有不同内容',
  ),
  receipt_conflict: words(409, 'Another receipt is recorded', '已有不同的收货记录'),
  after_sale_closed: words(409, 'The case was closed at another moment', '售后已于其他时间结束'),
  binding_conflict: words(409, 'The customer is bound to another', '客户已绑定其他分销员'),
  already_bound: words(409, 'The customer belongs to it already', '客户已属于该分销员'),
  transfer_already_open: words(409, 'A transfer of the customer is open', '该客户已有进行中的转移'),
  transfer_not_open: words(409, 'The transfer is not open', '该转移已不在进行中'),
  too_many_links: words(409, 'The distributor has too many links', '该分销员的链接过多'),
  sponsor_cycle: words(409, 'The sponsors would form a circle', '推荐关系会形成循环'),
  coupon_code_taken: words(409, 'The coupon code is taken', '优惠码已被占用'),
  not_possible_now: words(409, 'Not possible in this state', '当前状态下不能进行该操作'),
  email_taken: words(409, 'The e-mail address is taken', '邮箱已被使用'),
  setting_is_fixed: words(409, 'The setting cannot change any more', '该设置已不能更改'),
  clock_busy: words(409, 'The clock is being moved', '时钟正在调整中'),
  plan_already_published: words(409, 'The plan is published', '方案已发布'),
  campaign_ended: words(409, 'The campaign is over', '活动已结束'),
  too_many_simulations: words(409, 'Too many simulations run', '进行中的模拟过多'),
  settlement_already_open: words(409, 'A settlement is open', '已有进行中的结算'),
  settlement_not_open: words(409, 'The settlement is not open', '结算不在进行中'),
  settlement_not_approved: words(409, 'The settlement is not approved', '结算尚未批准'),
  statement_not_excludable: words(409, 'The statement cannot be taken out', '该对账单不能移出'),
  correction_decided: words(409, 'The correction is decided', '该更正已有决定'),
  hold_lifted: words(409, 'The hold is lifted', '该暂缓已解除'),
  hold_already_open: words(409, 'The distributor is on hold', '该分销员已被暂缓结算'),
  payout_not_retryable: words(409, 'The payout cannot be tried again', '该付款不能重试'),
  payout_not_cancelable: words(409, 'The payout cannot be canceled', '该付款不能取消'),
  review_already_decided: words(409, 'The review is decided', '该审核已有决定'),
  tier_unchanged: words(409, 'The distributor is in that tier', '分销员已是该等级'),
  course_conflict: words(
    409,
    'The course was passed at another moment',
    '该课程已有不同的通过记录',
  ),
  assessment_settled: words(409, 'The result is objected or settled', '该考核结果已提出异议或已定'),
  invoice_conflict: words(409, 'The invoice has other content', '该发票号已有不同内容'),
  remittance_conflict: words(409, 'The reference paid another month', '该缴款凭证已用于其他月份'),
  ledger_conflict: words(409, 'The posting has other content', '该记账凭证已有不同内容'),
  idempotency_in_progress: words(409, 'The same request is still running', '相同请求仍在处理中'),
  payload_too_large: words(413, 'The body is too large', '请求体过大'),
  unsupported_media_type: words(
    415,
    'The body must be application/json',
    '请求体须为 application/json',
  ),
  idempotency_key_reused: words(
    422,
    'The key was used for another request',
    '该幂等键已用于其他请求',
  ),
  invalid_answers: words(422, 'The answers do not fit the form', '申请表内容不符合要求'),
  agreement_required: words(422, 'The agreement must be accepted', '须先接受协议'),
  agreement_outdated: words(422, 'The agreement has another version', '协议版本已更新'),
  cannot_apply_now: words(409, 'No application is possible now', '目前不能申请'),
  nothing_to_export: words(422, 'Nothing waits for a file', '没有待导出的付款'),
  not_a_bank: words(422, 'The channel takes no files', '该渠道不支持文件'),
  insufficient_available: words(422, 'Less than that is available', '可用余额不足'),
  withdrawal_limit_exceeded: words(422, 'The limit of withdrawals is passed', '超过提现限额'),
  not_payable: words(422, 'The distributor cannot be paid now', '该分销员当前不能收款'),
  amount_too_large: words(422, 'An amount is too large', '金额过大'),
  in_the_future: words(422, 'The moment lies in the future', '时间晚于当前时间'),
  empty_period: words(422, 'The period is empty', '时间段为空'),
  before_program_start: words(
    422,
    'The moment is before the program starts',
    '时间早于计划开始时间',
  ),
  program_mismatch: words(422, 'The body names another program', '请求体中的计划与路径不符'),
  currency_mismatch: words(422, 'The currency is not that of the program', '币种与计划不符'),
  discount_exceeds_lines: words(422, 'The discount exceeds the lines', '折扣超过商品金额'),
  commission_too_large: words(422, 'A commission is too large', '佣金金额过大'),
  refund_exceeds_line: words(422, 'The refund exceeds what remains', '退款超过剩余金额或数量'),
  refund_before_payment: words(422, 'The refund is before the payment', '退款早于付款'),
  receipt_before_payment: words(422, 'The receipt is before the payment', '收货早于付款'),
  after_sale_before_payment: words(422, 'The case is before the payment', '售后申请早于付款'),
  closure_before_opening: words(422, 'The closure is before the opening', '售后结束早于申请'),
  unknown_order_line: words(422, 'The order has no such line', '订单中没有该行'),
  link_host_not_allowed: words(422, 'The host is not one of the shop', '链接的域名不在允许之列'),
  no_such_side: words(422, 'The transfer has no such side', '该转移没有这一方'),
  sponsor_change_would_rewrite: words(
    422,
    'The change would rewrite the past',
    '该变更会改写既有记录',
  ),
  unknown_distributor_code: words(422, 'No distributor has this code', '分销员代码不存在'),
  unknown_sponsor: words(422, 'No sponsor has this code', '推荐人代码不存在'),
  unknown_tier: words(422, 'The plan has no such tier', '方案中没有该等级'),
  invitation_required: words(422, 'The program is by invitation', '该计划仅限邀请加入'),
  not_joined: words(422, 'The distributor had not joined', '分销员当时尚未加入'),
  distributor_inactive: words(422, 'The distributor is not active', '分销员当前不可用'),
  payer_method_conflict: words(
    422,
    'The payer has another tax method',
    '该付款主体已采用其他计税方式',
  ),
  platform_declaration_required: words(422, 'A platform declaration is needed', '缺少平台申报信息'),
  currency_not_supported: words(422, 'The currency is not supported here', '此处不支持该币种'),
  invalid_tax_number: words(422, 'The tax number is not valid', '纳税人识别号无效'),
  invalid_id_number: words(422, 'The ID number is not valid', '证件号码无效'),
  no_invoice_needed: words(422, 'No invoice is needed', '该分销员无需提供发票'),
  nothing_to_remit: words(422, 'There is no tax to pay', '没有待缴的税款'),
  nothing_to_declare: words(422, 'There is nothing to declare', '没有需要申报的内容'),
  month_not_over: words(422, 'The month is not over', '该月份尚未结束'),
  tax_method_would_rewrite: words(
    422,
    'The method would tax the past anew',
    '计税方式变更会影响既往付款',
  ),
  residency_not_possible: words(
    422,
    'Only an individual can be a non-resident',
    '仅个人可为非居民',
  ),
  settings_contradict: words(422, 'The settings contradict each other', '设置相互矛盾'),
  live_program: words(422, 'A live program has real time', '正式计划的时钟不可调整'),
  clock_backwards: words(422, 'The clock only moves forwards', '时钟只能向前调整'),
  plan_not_compliant: words(
    422,
    'The plan has errors, or warnings that nobody waived',
    '方案存在错误，或有警告尚未豁免，不能发布',
  ),
  rule_not_waivable: words(422, 'The plan has no such warning', '方案没有该项警告，无法豁免'),
  plan_would_rewrite: words(422, 'The plan would rewrite the past', '方案生效时间会改写既有订单'),
  channel_kind_unavailable: words(
    422,
    'The kind of channel is not available',
    '暂不支持该付款渠道',
  ),
  unknown_channel: words(422, 'There is no such channel', '付款渠道不存在'),
  objection_too_late: words(422, 'The time to object is over', '异议期已过'),
  reason_required: words(422, 'A reason is needed', '须填写理由'),
  rate_limited: words(429, 'Too many requests', '请求过于频繁'),
  internal_error: words(500, 'Something broke on our side', '服务内部错误'),
  busy: words(503, 'Busy; try again soon', '服务繁忙，请稍后重试'),
  shutting_down: words(503, 'This server is stopping', '服务正在停止'),
  reversal_not_possible: words(422, 'This decision reverses nothing', '该决定不能撤销佣金'),
  nothing_to_reverse: words(422, 'Nothing unpaid of this order', '该订单没有可撤销的佣金'),
  material_withdrawn: words(409, 'The material is withdrawn', '该素材已下架'),
  invalid_payout_account: words(422, 'The payout account is not valid', '收款账号无效'),
  temporal_unavailable: words(503, 'The workflow service does not answer', '流程服务暂时不可用'),
};

/** True for a text that is one of the codes. */
export function isProblemCode(text: string): text is ProblemCode {
  return Object.hasOwn(problemWords, text);
}
