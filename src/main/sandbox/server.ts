import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { behaviourOf, type RefusalCode } from './behaviour';
import { billOf } from './bill';
import { Books } from './books';
import { Courier } from './courier';
import { FaultRates, Faults } from './faults';
import type { Payment } from './payment';
import { Provider } from './provider';
import { isSigned, merchantKey } from './signature';

export interface SandboxOptions {
  /** 0: any free port. */
  port: number;
  host?: string;
  dataDir: string;
  /** Secret of the installation; the keys of the merchants are derived from it. */
  secret: string;
  /** opens the doors by which tests make it fail; default false */
  faults?: boolean;
}

export interface RunningSandbox {
  url: string;
  stop(): Promise<void>;
}

const bodyLimitBytes = 64 * 1024;
const hangUpAfterMs = 15_000;

const TransferBody = z.strictObject({
  channelNumber: z.string().regex(/^[0-9A-Za-z]{1,32}$/),
  account: z.string().min(1).max(128),
  holderName: z.string().max(128).optional(),
  amount: z.number().int().positive().max(Number.MAX_SAFE_INTEGER),
  callbackUrl: z.url({ protocol: /^https?$/ }).max(2048),
  confirmSeconds: z.number().int().min(1).max(86_400).default(20),
});

/** Starts the provider on its books and answers once it listens. */
export async function startSandbox(options: SandboxOptions): Promise<RunningSandbox> {
  const books = await Books.open(options.dataDir);
  const faults = new Faults();
  const courier = new Courier(books, options.secret, faults);
  const provider = new Provider(books, courier, faults);
  const control = options.faults === true ? faults : null;
  const door = new FrontDoor(books, provider, { secret: options.secret, faults, control });
  const server = createServer((request, response) => void door.open(request, response));
  server.listen(options.port, options.host ?? '127.0.0.1');
  await once(server, 'listening');
  provider.resume();
  const { address, port } = server.address() as AddressInfo;
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${port}`,
    stop: () => stop(server, provider, books),
  };
}

async function stop(server: Server, provider: Provider, books: Books): Promise<void> {
  provider.stop();
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
  await books.close();
}

type Answer = { status: number; body: object | string } | 'no_answer';

const fault = (status: number, code: string, message: string): Answer => ({
  status,
  body: { code, message },
});

/** Speaks HTTP: checks who is asking, finds the right counter, writes the answer. */
class FrontDoor {
  constructor(
    private readonly books: Books,
    private readonly provider: Provider,
    private readonly rules: { secret: string; faults: Faults; control: Faults | null },
  ) {}

  async open(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await this.answer(request).catch(() =>
      fault(500, 'INTERNAL', 'the sandbox failed'),
    );
    if (answer === 'no_answer') {
      // The caller gives up first; a caller that never does is cut off.
      const timer = setTimeout(() => response.destroy(), hangUpAfterMs);
      response.on('close', () => clearTimeout(timer));
      return;
    }
    const isPage = typeof answer.body === 'string';
    response.writeHead(answer.status, {
      'content-type': isPage ? 'text/html' : 'application/json',
    });
    response.end(isPage ? answer.body : JSON.stringify(answer.body));
  }

  private async answer(request: IncomingMessage): Promise<Answer> {
    const body = await readBody(request);
    if (body === null) return fault(413, 'TOO_LARGE', 'the body is too large');
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const [, counter, number, action] = path.split('/');
    const route = `${request.method} /${counter ?? ''}${number ? '/:' : ''}${action ? `/${action}` : ''}`;
    switch (route) {
      case 'GET /healthz':
        return { status: 200, body: { ok: true } };
      case 'GET /books':
        return { status: 200, body: await this.openBooks() };
      case 'POST /confirmations/:':
        return this.confirm(number ?? '');
      case 'GET /faults':
      case 'POST /faults':
      case 'POST /balances':
        return controlled(this.rules.control, route, body);
    }
    const merchantId = this.merchantOf(request, path, body);
    if (merchantId === null) return fault(401, 'BAD_SIGNATURE', 'the signature does not match');
    switch (route) {
      case 'POST /transfers':
        return this.submitFaultily(merchantId, body);
      case 'GET /bills/:':
        return this.bill(merchantId, number ?? '');
      case 'GET /transfers/:':
        return found(await this.provider.query(merchantId, number ?? ''));
      case 'POST /transfers/:/cancellation':
        return found(await this.provider.cancel(merchantId, number ?? ''));
      default:
        return fault(404, 'NO_SUCH_PATH', 'the sandbox has no such path');
    }
  }

  private merchantOf(request: IncomingMessage, path: string, body: string): string | null {
    const header = (name: string) => String(request.headers[name] ?? '');
    const merchantId = header('sandbox-merchant');
    const timestamp = header('sandbox-timestamp');
    const signature = header('sandbox-signature');
    if (merchantId === '') return null;
    const key = merchantKey(this.rules.secret, merchantId);
    const parts = [timestamp, request.method ?? '', path, body];
    return isSigned(key, parts, { signature, timestamp }, new Date()) ? merchantId : null;
  }

  /** Answers as the fault that happens says; a fault after the work has not undone it. */
  private async submitFaultily(merchantId: string, body: string): Promise<Answer> {
    const happened = this.rules.faults.ofSubmission();
    if (happened === 'errorBefore') return fault(503, 'BUSY', 'try again later');
    if (happened === 'throttled') return fault(429, 'THROTTLED', 'too many calls');
    const answer = await this.submit(merchantId, body);
    if (happened === 'timeout') return 'no_answer';
    if (happened === 'errorAfter') return fault(503, 'BUSY', 'try again later');
    if (happened === 'html') return { status: 502, body: '<html><h1>Bad gateway</h1></html>' };
    return answer;
  }

  private async bill(merchantId: string, day: string): Promise<Answer> {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return fault(400, 'BAD_REQUEST', 'a day is YYYY-MM-DD');
    await this.books.settled();
    const rows = billOf(this.books.payments.values(), merchantId, day, new Date());
    if (rows === null) return fault(404, 'NOT_READY', 'the bill of that day does not exist yet');
    return { status: 200, body: { day, rows } };
  }

  private async submit(merchantId: string, body: string): Promise<Answer> {
    const parsed = TransferBody.safeParse(parseJson(body));
    if (!parsed.success) return fault(400, 'BAD_REQUEST', z.prettifyError(parsed.error));
    const { channelNumber, account, amount, callbackUrl, confirmSeconds } = parsed.data;
    const answer = await this.provider.submit({
      merchantId,
      channelNumber,
      account,
      amount,
      callbackUrl,
      confirmSeconds,
    });
    if (answer.kind === 'no_answer') return 'no_answer';
    if (answer.kind === 'not_taken') {
      return fault(refusalStatus[answer.code], answer.code, 'the transfer was not taken');
    }
    if (answer.kind === 'number_reused') {
      return fault(409, 'NUMBER_REUSED', 'this number belongs to a transfer with other content');
    }
    return { status: 200, body: view(answer.payment) };
  }

  private async confirm(channelNumber: string): Promise<Answer> {
    const outcome = await this.provider.confirm(channelNumber);
    if (outcome === 'not_found') return fault(404, 'NOT_FOUND', 'no transfer has this number');
    if (outcome === 'not_waiting') {
      return fault(409, 'NOT_WAITING', 'this transfer does not wait for its payee');
    }
    return { status: 200, body: view(outcome) };
  }

  private async openBooks() {
    await this.books.settled();
    const payments = [...this.books.payments.values()].map((payment) => ({
      channelNumber: payment.request.channelNumber,
      account: payment.request.account,
      amount: payment.request.amount,
      paidAt: payment.paidAt,
      returnedAt: payment.returnedAt,
      submissions: payment.submissions,
    }));
    return { payments };
  }
}

const refusalStatus: Record<RefusalCode, number> = {
  BALANCE_SHORT: 402,
  THROTTLED: 429,
  LIMIT: 403,
  SETUP: 403,
};

const BalanceBody = z.strictObject({ merchantId: z.string().min(1), amount: z.number().int() });

/** The doors of the tests: which faults happen, and what a merchant has left. */
function controlled(faults: Faults | null, route: string, body: string): Answer {
  if (faults === null) return fault(404, 'NO_SUCH_PATH', 'the sandbox has no such path');
  if (route === 'GET /faults') return { status: 200, body: faults.counts() };
  if (route === 'POST /faults') {
    const rates = FaultRates.safeParse(parseJson(body));
    if (!rates.success) return fault(400, 'BAD_REQUEST', z.prettifyError(rates.error));
    faults.set(rates.data);
    return { status: 200, body: rates.data };
  }
  const balance = BalanceBody.safeParse(parseJson(body));
  if (!balance.success) return fault(400, 'BAD_REQUEST', z.prettifyError(balance.error));
  faults.setBalance(balance.data.merchantId, balance.data.amount);
  return { status: 200, body: balance.data };
}

function view(payment: Payment) {
  const { channelNumber, amount } = payment.request;
  return {
    channelNumber,
    amount,
    state: payment.state,
    failure: payment.failure,
    paidAt: payment.paidAt,
    returnedAt: payment.returnedAt,
    confirmBy: confirmBy(payment),
  };
}

/** Until when the payee can confirm; null when the transfer does not wait for that. */
function confirmBy(payment: Payment): string | null {
  const expiry = behaviourOf(payment.request).steps.find((step) => step.state === 'expired');
  if (payment.state !== 'awaiting_confirmation' || !expiry) return null;
  return new Date(payment.submittedAt.getTime() + expiry.afterMs).toISOString();
}

function found(payment: Payment | undefined): Answer {
  return payment
    ? { status: 200, body: view(payment) }
    : fault(404, 'NOT_FOUND', 'no transfer has this number');
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimitBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
