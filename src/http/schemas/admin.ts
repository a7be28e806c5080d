import { z } from 'zod';
import { roles, scopes } from '../../domain/kernel/access';
import { idOf, moment, text } from './common';

const email = z
  .string()
  .max(254)
  .regex(/^[^\s@<>()",;:\\[\]]{1,64}@[A-Za-z0-9.-]{1,188}\.[A-Za-z]{2,24}$/)
  .meta({ format: 'email', examples: ['owner@example.com'] });

/** A bound keeps a sign-in from being work for the processor (reliability: a 1 MB password). */
const passwordAtMost = 128;

export const SignIn = z
  .strictObject({ email, password: z.string().min(1).max(passwordAtMost) })
  .meta({ id: 'SignIn' });

export const role = z.enum(roles);

export const SignedIn = z
  .strictObject({ token: z.string(), expiresAt: moment, roles: z.array(role) })
  .meta({ id: 'SignedIn' });

export const AdminBody = z
  .strictObject({
    email,
    name: text(100),
    password: z.string().min(12).max(passwordAtMost).meta({ description: '12 characters or more' }),
    roles: z.array(role).min(1).max(roles.length),
  })
  .meta({ id: 'AdminBody' });

export const AdminView = z
  .strictObject({
    id: idOf('admin'),
    email: z.string(),
    name: z.string(),
    roles: z.array(role),
    createdAt: moment,
    disabledAt: moment.nullable(),
  })
  .meta({ id: 'Admin' });

const scope = z.enum(scopes);
const mode = z.enum(['test', 'live']);

export const ApiKeyBody = z
  .strictObject({ name: text(100), scopes: z.array(scope).min(1).max(scopes.length), mode })
  .meta({ id: 'ApiKeyBody' });

export const NewApiKeyView = z
  .strictObject({
    id: idOf('apiKey'),
    key: z.string().meta({ description: 'Shown this once' }),
    name: z.string(),
    mode,
    scopes: z.array(scope),
  })
  .meta({ id: 'NewApiKey' });

export const ApiKeyView = z
  .strictObject({
    id: idOf('apiKey'),
    name: z.string(),
    hint: z.string().meta({ description: 'The last four characters of the key' }),
    mode,
    scopes: z.array(scope),
    createdBy: z.string(),
    createdAt: moment,
    revokedAt: moment.nullable(),
  })
  .meta({ id: 'ApiKey' });
