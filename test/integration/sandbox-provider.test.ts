import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallbackNews, ChannelAdapter, QueryOutcome } from '../../src/channels/channel';
import { sandboxAdapter } from '../../src/channels/sandbox/adapter';
import { readBooks, type SandboxProcess, startSandboxProcess } from '../support/sandbox-process';

jest.setTimeout(60_000);

const secret = 'a secret of this test run';
const channelId = 'chn_merchant';
const number = () => randomBytes(12).toString('hex');

describe('the sandbox as a process of its own', () => {
  let dataDir: string;
  let sandbox: SandboxProcess;
  let merchant: Server;
  let merchantUrl: string;
  const refusals = new Map<string, number>();
  const received: { at: number; callback: CallbackNews }[] = [];

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'sandbox-'));
    sandbox = await startSandboxProcess({ dataDir, secret });
    merchant = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const verdict = adapter().verifyCallback(
          request.headers,
          Buffer.concat(chunks),
          new Date(),
        );
        if (verdict.kind === 'news') received.push({ at: Date.now(), callback: verdict.callback });
        response.statusCode = verdict.kind === 'news' ? answerTo(verdict.callback) : 401;
        response.end();
      });
    });
    merchant.listen(0, '127.0.0.1');
    await once(merchant, 'listening');
    merchantUrl = `http://127.0.0.1:${(merchant.address() as AddressInfo).port}`;
  });

  afterAll(async () => {
    await sandbox.kill();
    merchant.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** 503 as often as the test wants it for this transfer. */
  function answerTo({ channelNumber }: CallbackNews): number {
    const left = refusals.get(channelNumber) ?? 0;
    refusals.set(channelNumber, left - 1);
    return left > 0 ? 503 : 200;
  }

  function adapter(settings = {}, id = channelId, key = secret): ChannelAdapter {
    const endpoint = { url: sandbox.url, secret: key, callbackBaseUrl: merchantUrl };
    return sandboxAdapter(id, { submitTimeoutMs: 5000, ...settings }, endpoint);
  }

  /** Gives up early on a provider that never answers. */
  const impatient = () => adapter({ submitTimeoutMs: 500 });

  function order(channelNumber: string, account: string, amount = 1234n) {
    return { channelNumber, account, holderName: '张三', amount };
  }

  async function eventually<T>(
    probe: () => T | Promise<T>,
    accept: (value: T) => boolean,
  ): Promise<T> {
    const deadline = Date.now() + 45_000;
    for (;;) {
      const value = await probe();
      if (accept(value)) return value;
      if (Date.now() > deadline) throw new Error(`never became true: ${JSON.stringify(value)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  const ends = (outcome: QueryOutcome) =>
    ['paid', 'failed', 'canceled', 'returned'].includes(outcome.kind);

  const callbacksFor = (channelNumber: string) =>
    received.filter(({ callback }) => callback.channelNumber === channelNumber);

  describe('a payee of the sandbox', () => {
    test.concurrent.each([['ok'], ['anybody else'], ['late-callback']])(
      '%s: is paid, once, and the merchant is told',
      async (account) => {
        const n = number();
        // On a slow disk the money may have moved before the answer is written.
        const answer = await adapter().submit(order(n, account));
        expect(['processing', 'paid']).toContain(answer.kind);
        const end = await eventually(() => adapter().query(n), ends);
        expect(end.kind).toBe('paid');
        await eventually(
          () => callbacksFor(n).length,
          (count) => count === 1,
        );
        const book = (await readBooks(sandbox.url)).get(n);
        expect(book).toMatchObject({ account, amount: 1234, returnedAt: null, submissions: 1 });
        expect(book?.paidAt).not.toBeNull();
      },
    );

    test.concurrent('slow: succeeds after some polls', async () => {
      const n = number();
      await adapter().submit(order(n, 'slow'));
      expect(await adapter().query(n)).toEqual({ kind: 'processing' });
      expect((await eventually(() => adapter().query(n), ends)).kind).toBe('paid');
    });

    test.concurrent('fail:<CODE>: fails for good with that code', async () => {
      const n = number();
      await adapter().submit(order(n, 'fail:ACCOUNT_FROZEN'));
      const end = await eventually(() => adapter().query(n), ends);
      expect(end).toMatchObject({ kind: 'failed', code: 'ACCOUNT_FROZEN' });
      expect((await readBooks(sandbox.url)).get(n)?.paidAt).toBeNull();
    });

    test.concurrent('confirm: waits for the payee, however often it is asked', async () => {
      const n = number();
      const answer = await adapter().submit(order(n, 'confirm'));
      expect(answer.kind).toBe('awaiting_confirmation');
      expect((await adapter().query(n)).kind).toBe('awaiting_confirmation');
      const confirmed = await fetch(`${sandbox.url}/confirmations/${n}`, { method: 'POST' });
      expect(confirmed.status).toBe(200);
      expect((await adapter().query(n)).kind).toBe('paid');
    });

    test.concurrent('confirm: can be canceled until the payee has confirmed', async () => {
      const n = number();
      await adapter().submit(order(n, 'confirm'));
      expect(await adapter().cancel?.(n)).toEqual({ kind: 'canceled' });
      const confirmed = await fetch(`${sandbox.url}/confirmations/${n}`, { method: 'POST' });
      expect(confirmed.status).toBe(409);
    });

    test.concurrent('confirm-expire: is over after settings.confirmSeconds', async () => {
      const n = number();
      const channel = adapter({ confirmSeconds: 2 });
      expect(await channel.submit(order(n, 'confirm-expire'))).toMatchObject({
        kind: 'awaiting_confirmation',
      });
      const end = await eventually(() => channel.query(n), ends);
      expect(end).toMatchObject({ kind: 'failed', code: 'CONFIRMATION_EXPIRED' });
    });

    test.concurrent('unknown-then-ok: the call times out, the money moves', async () => {
      const n = number();
      expect((await impatient().submit(order(n, 'unknown-then-ok'))).kind).toBe('unknown');
      expect((await eventually(() => adapter().query(n), ends)).kind).toBe('paid');
      expect((await readBooks(sandbox.url)).get(n)).toMatchObject({ submissions: 1 });
    });

    test.concurrent('unknown-then-none: not found, and final once it is sent again', async () => {
      const n = number();
      expect((await impatient().submit(order(n, 'unknown-then-none'))).kind).toBe('unknown');
      expect(await adapter().query(n)).toEqual({ kind: 'not_found' });
      const again = await adapter().submit(order(n, 'unknown-then-none'));
      expect(again).toMatchObject({ kind: 'failed', code: 'NOT_EXECUTED' });
      expect((await readBooks(sandbox.url)).get(n)).toMatchObject({ submissions: 2, paidAt: null });
    });

    test.concurrent(
      'unknown-then-none: reaches its end also when it is only asked about',
      async () => {
        const n = number();
        await impatient().submit(order(n, 'unknown-then-none'));
        expect((await eventually(() => adapter().query(n), ends)).kind).toBe('failed');
      },
    );

    test.concurrent('return: success, later returned, and both are told', async () => {
      const n = number();
      await adapter().submit(order(n, 'return'));
      expect((await eventually(() => adapter().query(n), ends)).kind).toBe('paid');
      await eventually(
        () => adapter().query(n),
        ({ kind }) => kind === 'returned',
      );
      await eventually(
        () => callbacksFor(n).length,
        (count) => count === 2,
      );
      const book = (await readBooks(sandbox.url)).get(n);
      expect(book?.paidAt && book.returnedAt && book.returnedAt > book.paidAt).toBe(true);
    });

    test.concurrent('dup-callback: five copies, one of them before the answer', async () => {
      const n = number();
      expect((await adapter().submit(order(n, 'dup-callback'))).kind).toBe('paid');
      const answeredAt = Date.now();
      const copies = await eventually(
        () => callbacksFor(n),
        ({ length }) => length === 5,
      );
      expect(new Set(copies.map(({ callback }) => callback.eventId)).size).toBe(1);
      expect(Math.min(...copies.map(({ at }) => at))).toBeLessThanOrEqual(answeredAt);
    });
  });

  describe('the sandbox provider', () => {
    test('moves the money of one number once, however often it is sent', async () => {
      const n = number();
      await Promise.all(Array.from({ length: 8 }, () => adapter().submit(order(n, 'ok'))));
      await eventually(() => adapter().query(n), ends);
      const payments = [...(await readBooks(sandbox.url)).values()];
      expect(payments.filter(({ channelNumber }) => channelNumber === n)).toHaveLength(1);
      expect(payments.find(({ channelNumber }) => channelNumber === n)?.submissions).toBe(8);
    });

    test('refuses other content under a known number, and nothing changes', async () => {
      const n = number();
      await adapter().submit(order(n, 'ok', 100n));
      expect((await adapter().submit(order(n, 'ok', 101n))).kind).toBe('unknown');
      expect((await readBooks(sandbox.url)).get(n)).toMatchObject({ amount: 100, submissions: 1 });
    });

    test('believes nobody without the right key', async () => {
      const n = number();
      const stranger = adapter({}, channelId, 'another secret');
      expect(await stranger.submit(order(n, 'ok'))).toMatchObject({
        kind: 'unknown',
        detail: 'the provider answered 401',
      });
      expect((await readBooks(sandbox.url)).has(n)).toBe(false);
    });

    test("shows a merchant its own transfers only: another's number is not found", async () => {
      const n = number();
      await adapter().submit(order(n, 'ok'));
      expect(await adapter({}, 'chn_other').query(n)).toEqual({ kind: 'not_found' });
    });

    test('sends a callback until somebody takes it', async () => {
      const n = number();
      refusals.set(n, 2);
      await adapter().submit(order(n, 'ok'));
      await eventually(
        () => callbacksFor(n).length,
        (count) => count === 3,
      );
    });

    test('killed with SIGKILL it has lost nothing, and goes on where it stopped (n = 3)', async () => {
      const unfinished: string[] = [];
      for (let round = 0; round < 3; round += 1) {
        const [paid, slow, waiting] = [number(), number(), number()];
        await adapter().submit(order(paid, 'dup-callback'));
        await adapter().submit(order(slow, 'slow'));
        await adapter().submit(order(waiting, 'confirm'));
        unfinished.push(slow);
        const before = await readBooks(sandbox.url);
        await sandbox.kill();
        sandbox = await startSandboxProcess({ dataDir, secret });
        const after = await readBooks(sandbox.url);
        expect(after.get(paid)).toEqual(before.get(paid));
        expect(after.get(waiting)).toEqual(before.get(waiting));
        expect(after.size).toBe(before.size);
        expect((await adapter().query(waiting)).kind).toBe('awaiting_confirmation');
      }
      for (const n of unfinished) {
        expect((await eventually(() => adapter().query(n), ends)).kind).toBe('paid');
      }
    });
  });
});
