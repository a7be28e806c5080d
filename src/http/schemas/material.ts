import { z } from 'zod';
import { materialKinds, materialStatuses } from '../../domain/promotion/material';
import { isWebAddress, urlAtMost } from '../../domain/referral/link';
import { code, externalId, idParam, moment, text } from './common';

const refsAtMost = 100;
const tiersAtMost = 50;
const textAtMost = 5000;

const kind = z.enum(materialKinds);
const refs = z.array(code).max(refsAtMost);
const tiers = z
  .array(code)
  .max(tiersAtMost)
  .meta({ description: 'Codes of the tiers that see it; empty: every tier' });

const url = z
  .string()
  .max(urlAtMost)
  .refine(isWebAddress, { error: 'must be a web address', params: { code: 'invalid_url' } })
  .nullable()
  .meta({
    description:
      'image: where it lies; link: a page of the shop, on one of `links.hosts`; text: null',
  });
const words = text(textAtMost).nullable().meta({
  description: 'Needed for kind text. `{link}` and `{code}` become those of who reads it',
});

const fields = {
  title: text(200),
  kind,
  url,
  text: words,
  skus: refs,
  productIds: refs,
  categories: refs,
  tiers,
  startsAt: moment.meta({ description: "On the program's clock" }),
  endsAt: moment.nullable().meta({ description: 'From then on nobody is shown it; null: never' }),
};

type Content = Pick<z.output<z.ZodObject<typeof fields>>, 'kind' | 'url' | 'text'> & {
  startsAt: Date;
  endsAt: Date | null;
};

/** What of a material contradicts itself, by the name of the field and a code. */
export function contradictions(
  material: Content,
): { field: string; code: string; error: string }[] {
  const isText = material.kind === 'text';
  const { startsAt, endsAt } = material;
  const found = [
    isText && material.text === null && { field: 'text', code: 'required' },
    isText && material.url !== null && { field: 'url', code: 'not_for_this_kind' },
    !isText && material.url === null && { field: 'url', code: 'required' },
    endsAt !== null && endsAt <= startsAt && { field: 'endsAt', code: 'ends_before_start' },
  ];
  return found.flatMap((one) => (one === false ? [] : [{ ...one, error: errors[one.code] ?? '' }]));
}

const errors: Readonly<Record<string, string>> = {
  required: 'is needed for this kind',
  not_for_this_kind: 'is null for this kind',
  ends_before_start: 'must be later than startsAt',
};

export const MaterialBody = z
  .strictObject({
    externalId,
    ...fields,
    url: url.default(null),
    text: words.default(null),
    skus: refs.default([]),
    productIds: refs.default([]),
    categories: refs.default([]),
    tiers: tiers.default([]),
    endsAt: fields.endsAt.default(null),
  })
  .superRefine((body, context) => {
    for (const { field, code: why, error } of contradictions(body)) {
      context.addIssue({ code: 'custom', path: [field], message: error, params: { code: why } });
    }
  })
  .meta({ id: 'NewMaterial' });

export const MaterialPatch = z.strictObject(fields).partial().meta({ id: 'MaterialPatch' });

export const materialParams = z.strictObject({ id: idParam('material') });

export const MaterialView = z
  .strictObject({
    id: z.string(),
    programId: z.string(),
    externalId: z.string(),
    ...fields,
    url: z.string().nullable(),
    text: z.string().nullable(),
    status: z.enum(materialStatuses),
    createdAt: z.date(),
    changedAt: z.date(),
    withdrawnAt: z.date().nullable(),
  })
  .meta({ id: 'Material' });

export const OwnMaterialView = z
  .strictObject({
    id: z.string(),
    title: z.string(),
    kind,
    url: z.string().nullable().meta({
      description: 'image: where it lies; link: the distributor’s own short link to the page',
    }),
    text: z.string().nullable().meta({ description: 'With the distributor’s own link and code' }),
    skus: z.array(z.string()),
    productIds: z.array(z.string()),
    categories: z.array(z.string()),
    startsAt: z.date(),
    endsAt: z.date().nullable(),
    code: z.string().meta({ description: 'The distributor’s own' }),
    link: z.string().meta({ description: 'The distributor’s own short link' }),
  })
  .meta({ id: 'OwnMaterial' });
