import { callbackRoutes } from '../callbacks/provider';
import type { HttpConfig } from '../deps';
import type { Route } from '../route';
import { adminRoutes } from './admin';
import { apiKeyRoutes } from './api-key';
import { channelRoutes } from './channel';
import { payoutRoutes } from './payout';
import { commissionRoutes } from './commission';
import { planRoutes } from './plan';
import { programRoutes } from './program';
import { distributorRoutes } from './distributor';
import { distributorAccountRoutes } from './distributor-account';
import { ledgerRoutes } from './ledger';
import { reviewRoutes } from './review';
import { settlementRoutes } from './settlement';
import { bindingRoutes } from './binding';
import { orderRoutes } from './order';
import { systemRoutes } from './system';

/** Every route of the API, in the order of the reference page. */
export function allRoutes(config: Pick<HttpConfig, 'signInAttempts'>): Route[] {
  const business: Route[] = [
    ...adminRoutes(config),
    ...apiKeyRoutes,
    ...programRoutes,
    ...planRoutes,
    ...bindingRoutes,
    ...orderRoutes,
    ...commissionRoutes,
    ...reviewRoutes,
    ...ledgerRoutes,
    ...distributorAccountRoutes,
    ...distributorRoutes,
    ...channelRoutes,
    ...settlementRoutes,
    ...payoutRoutes,
    ...callbackRoutes,
  ];
  return [...business, ...systemRoutes(business)];
}
