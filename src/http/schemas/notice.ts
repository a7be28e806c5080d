import { z } from 'zod';
import { listQuery } from '../list';
import { idParam, moment } from './common';

export const noticeQuery = z.strictObject({
  ...listQuery.shape,
  unread: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .optional(),
});

export const noticeParams = z.strictObject({
  id: idParam('distributor'),
  noticeId: idParam('notice'),
});

export const NoticeView = z
  .strictObject({
    id: z.string(),
    template: z.string(),
    title: z.string(),
    text: z.string(),
    params: z.record(z.string(), z.unknown()),
    subjectId: z.string(),
    at: moment,
    readAt: moment.nullable(),
  })
  .meta({ id: 'Notice' });
