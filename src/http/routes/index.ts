import { callbackRoutes } from '../callbacks/provider';
import type { HttpConfig } from '../deps';
import type { Route } from '../route';
import { adminRoutes } from './admin';
import { afterSaleRoutes } from './after-sale';
import { apiKeyRoutes } from './api-key';
import { campaignRoutes } from './campaign';
import { channelRoutes } from './channel';
import { channelSettingsRoutes } from './channel-settings';
import { payoutRoutes } from './payout';
import { commissionRoutes } from './commission';
import { complianceRoutes } from './compliance';
import { planRoutes } from './plan';
import { planWaiverRoutes } from './plan-waiver';
import { programRoutes } from './program';
import { distributorRoutes } from './distributor';
import { distributorAccountRoutes } from './distributor-account';
import { linkRoutes } from './link';
import { ledgerRoutes } from './ledger';
import { previewRoutes } from './preview';
import { regionAgentRoutes } from './region-agent';
import { reviewRoutes } from './review';
import { settlementRoutes } from './settlement';
import { simulationRoutes } from './simulation';
import { bindingRoutes } from './binding';
import { bindingTransferRoutes } from './binding-transfer';
import { orderRoutes } from './order';
import { sponsorChangeRoutes } from './sponsor-change';
import { systemRoutes } from './system';
import { verificationRoutes } from './verification';

/** Every route of the API, in the order of the reference page. */
export function allRoutes(config: Pick<HttpConfig, 'signInAttempts'>): Route[] {
  const business: Route[] = [
    ...adminRoutes(config),
    ...apiKeyRoutes,
    ...programRoutes,
    ...planRoutes,
    ...planWaiverRoutes,
    ...complianceRoutes,
    ...simulationRoutes,
    ...campaignRoutes,
    ...regionAgentRoutes,
    ...bindingRoutes,
    ...bindingTransferRoutes,
    ...sponsorChangeRoutes,
    ...linkRoutes(),
    ...orderRoutes,
    ...previewRoutes,
    ...afterSaleRoutes,
    ...commissionRoutes,
    ...reviewRoutes,
    ...ledgerRoutes,
    ...verificationRoutes,
    ...distributorAccountRoutes,
    ...distributorRoutes,
    ...channelRoutes,
    ...channelSettingsRoutes,
    ...settlementRoutes,
    ...payoutRoutes,
    ...callbackRoutes,
  ];
  return [...business, ...systemRoutes(business)];
}
