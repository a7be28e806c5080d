import { callbackRoutes } from '../callbacks/provider';
import type { HttpConfig } from '../deps';
import type { Route } from '../route';
import { adminRoutes } from './admin';
import { afterSaleRoutes } from './after-sale';
import { apiKeyRoutes } from './api-key';
import { assessmentRoutes } from './assessment';
import { campaignRoutes } from './campaign';
import { bankFileRoutes } from './bank-file';
import { channelRoutes } from './channel';
import { channelSettingsRoutes } from './channel-settings';
import { payoutRoutes } from './payout';
import { commissionRoutes } from './commission';
import { eventRoutes } from './event';
import { complianceRoutes } from './compliance';
import { planRoutes } from './plan';
import { planWaiverRoutes } from './plan-waiver';
import { programRoutes } from './program';
import { programProductRoutes } from './program-product';
import { distributorRoutes } from './distributor';
import { distributorAccountRoutes } from './distributor-account';
import { invoiceRoutes } from './invoice';
import { declarationRoutes } from './declaration';
import { payerRoutes } from './payer';
import { statementDocumentRoutes } from './statement-document';
import { distributorLifeRoutes } from './distributor-life';
import { linkRoutes } from './link';
import { materialRoutes } from './material';
import { ledgerRoutes } from './ledger';
import { previewRoutes } from './preview';
import { regionAgentRoutes } from './region-agent';
import { reviewRoutes } from './review';
import { reconciliationRoutes } from './reconciliation';
import { settlementRoutes } from './settlement';
import { simulationRoutes } from './simulation';
import { applicationRoutes } from './application';
import { noticeRoutes } from './notice';
import { bindingRoutes } from './binding';
import { bindingTransferRoutes } from './binding-transfer';
import { orderRoutes } from './order';
import { ownRoutes } from './own';
import { sponsorChangeRoutes } from './sponsor-change';
import { systemRoutes } from './system';
import { tierRoutes } from './tier';
import { verificationRoutes } from './verification';
import { withdrawalRoutes } from './withdrawal';
import { settlementReviewRoutes } from './settlement-review';
import { correctionRoutes } from './correction';

/** Every route of the API, in the order of the reference page. */
export function allRoutes(config: Pick<HttpConfig, 'signInAttempts'>): Route[] {
  const business: Route[] = [
    ...adminRoutes(config),
    ...apiKeyRoutes,
    ...programRoutes,
    ...programProductRoutes,
    ...planRoutes,
    ...planWaiverRoutes,
    ...complianceRoutes,
    ...simulationRoutes,
    ...campaignRoutes,
    ...regionAgentRoutes,
    ...bindingRoutes,
    ...bindingTransferRoutes,
    ...sponsorChangeRoutes,
    ...tierRoutes,
    ...ownRoutes,
    ...assessmentRoutes,
    ...linkRoutes(),
    ...materialRoutes,
    ...orderRoutes,
    ...previewRoutes,
    ...afterSaleRoutes,
    ...commissionRoutes,
    ...reviewRoutes,
    ...ledgerRoutes,
    ...verificationRoutes,
    ...distributorAccountRoutes,
    ...distributorLifeRoutes,
    ...distributorRoutes,
    ...applicationRoutes,
    ...noticeRoutes,
    ...channelRoutes,
    ...bankFileRoutes,
    ...reconciliationRoutes,
    ...payerRoutes,
    ...declarationRoutes,
    ...invoiceRoutes,
    // Before the statements: their `{id}` would take `{id}.pdf` as well.
    ...statementDocumentRoutes,
    ...channelSettingsRoutes,
    ...settlementRoutes,
    ...withdrawalRoutes,
    ...settlementReviewRoutes,
    ...correctionRoutes,
    ...payoutRoutes,
    ...callbackRoutes,
    ...eventRoutes,
  ];
  return [...business, ...systemRoutes(business)];
}
