import type { WechatSimulator } from './simulator';

/** A transfer of 1 yuan that the merchant made by other means and that was paid: none of ours. */
export function finishedByOthers(
  wechat: WechatSimulator,
  { number, openid }: { number: string; openid: string },
) {
  return {
    ...wechat.bookkeeping.take({
      appid: wechat.appid,
      out_bill_no: number,
      transfer_scene_id: '1005',
      openid,
      user_name: null,
      transfer_amount: 100,
      transfer_remark: 'r',
      notify_url: null,
      user_recv_perception: null,
      transfer_scene_report_infos: [],
    }),
    state: 'SUCCESS' as const,
  };
}
