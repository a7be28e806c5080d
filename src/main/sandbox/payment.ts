/** What the sandbox provider knows of a transfer. `nothing`: it was asked for, but no money moves. */
export type TransferState =
  | 'nothing'
  | 'processing'
  | 'awaiting_confirmation'
  | 'paid'
  | 'failed'
  | 'expired'
  | 'canceled'
  | 'returned';

export interface TransferFailure {
  code: string;
  message: string;
}

/** What a merchant asks for. The amount is in the minor unit. */
export interface TransferRequest {
  merchantId: string;
  channelNumber: string;
  account: string;
  amount: number;
  callbackUrl: string;
  confirmSeconds: number;
}

/** One line of the books. They are only ever added to; everything else is computed from them. */
export type BookLine =
  | { line: 'submission'; at: string; request: TransferRequest }
  | { line: 'repeat'; at: string; merchantId: string; channelNumber: string }
  | {
      line: 'move';
      at: string;
      merchantId: string;
      channelNumber: string;
      state: TransferState;
      failure: TransferFailure | null;
    }
  | { line: 'delivered'; at: string; eventId: string };

/** A change of a transfer that its merchant is told about. */
export interface TransferEvent {
  id: string;
  state: TransferState;
  failure: TransferFailure | null;
  at: string;
}

export interface Payment {
  request: TransferRequest;
  submittedAt: Date;
  submissions: number;
  state: TransferState;
  failure: TransferFailure | null;
  paidAt: string | null;
  returnedAt: string | null;
  events: TransferEvent[];
}

/** Which changes can happen. A transfer that is paid can only come back. */
const moves: Record<TransferState, readonly TransferState[]> = {
  nothing: ['failed'],
  processing: ['paid', 'failed', 'awaiting_confirmation'],
  awaiting_confirmation: ['paid', 'expired', 'canceled'],
  paid: ['returned'],
  failed: [],
  expired: [],
  canceled: [],
  returned: [],
};

export function canMove(from: TransferState, to: TransferState): boolean {
  return moves[from].includes(to);
}

/** Numbers are unique per merchant. */
export function paymentKey(merchantId: string, channelNumber: string): string {
  return `${merchantId}/${channelNumber}`;
}

/** Replays one line of the books over what is known so far; the same lines give the same payments. */
export function applyLine(
  payments: Map<string, Payment>,
  delivered: Set<string>,
  line: BookLine,
  opening: (request: TransferRequest) => TransferState,
): void {
  if (line.line === 'delivered') {
    delivered.add(line.eventId);
    return;
  }
  if (line.line === 'submission') {
    const { request } = line;
    payments.set(paymentKey(request.merchantId, request.channelNumber), {
      request,
      submittedAt: new Date(line.at),
      submissions: 1,
      state: opening(request),
      failure: null,
      paidAt: null,
      returnedAt: null,
      events: [],
    });
    return;
  }
  const payment = payments.get(paymentKey(line.merchantId, line.channelNumber));
  if (!payment) throw new Error(`the books move ${line.channelNumber}, which was never submitted`);
  if (line.line === 'repeat') {
    payment.submissions += 1;
    return;
  }
  payment.state = line.state;
  payment.failure = line.failure;
  if (line.state === 'paid') payment.paidAt = line.at;
  if (line.state === 'returned') payment.returnedAt = line.at;
  const id = `${line.channelNumber}-${payment.events.length + 1}-${line.state}`;
  payment.events.push({ id, state: line.state, failure: line.failure, at: line.at });
}
