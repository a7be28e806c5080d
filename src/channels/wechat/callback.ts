import { parseJson } from '../answer';
import type { CallbackVerdict } from '../channel';
import type { KeyRing } from './keys';
import { type HeaderReader, isSignedByWechat, openResource } from './signature';
import { differenceOf, FinishedBill, newsOf, Notice } from './wire';

/** Reads a callback: the signature over the raw body first, then the envelope, then what it encloses. */
export function verifyCallback(
  payer: { mchid: string; appid: string },
  ring: KeyRing,
  header: HeaderReader,
  rawBody: Buffer,
  now: Date,
): CallbackVerdict {
  const text = rawBody.toString('utf8');
  if (!isSignedByWechat(ring, header, text, now)) return { kind: 'bad_signature' };
  const notice = Notice.safeParse(parseJson(text));
  if (!notice.success) return notUnderstood('the message is not about a transfer bill');
  const plain = openResource(ring, notice.data.resource);
  if (plain === undefined) return notUnderstood('none of the APIv3 keys opens the message');
  const parsed = FinishedBill.safeParse(parseJson(plain));
  if (!parsed.success) return notUnderstood('the bill in the message could not be read');
  const bill = parsed.data;
  if (bill.mch_id === undefined && bill.mchid === undefined) {
    return notUnderstood('the bill in the message names no merchant');
  }
  const difference = differenceOf(bill, payer);
  if (difference !== undefined) return notUnderstood(`the bill is of another ${difference}`);
  return {
    kind: 'news',
    callback: {
      eventId: notice.data.id,
      channelNumber: bill.out_bill_no,
      amount: BigInt(bill.transfer_amount),
      account: bill.openid,
      news: newsOf(bill, payer),
    },
  };
}

const notUnderstood = (detail: string): CallbackVerdict => ({ kind: 'not_understood', detail });
