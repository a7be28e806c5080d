import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { apiKeyReader } from '../db/api-key';
import { newId } from '../db/id';
import type { HttpDeps } from './deps';
import { createGroups } from './group';
import { createLimiter } from './limits';
import { ProtocolRefusal } from './problem';
import { type KitState, refuse, registerRoutes, requestIdOf } from './register';
import type { Route } from './route';
import { allRoutes } from './routes/index';

export interface AppOptions {
  /** true from the moment the process was told to stop */
  readonly stopping?: () => boolean;
  /** for tests of the kit itself */
  readonly routes?: readonly Route[] | undefined;
}

/** Builds the HTTP application; `serve` in server.ts listens. */
export function createApp(deps: HttpDeps, options: AppOptions = {}): Express {
  const state: KitState = {
    limiter: createLimiter('key', deps.config.rateLimitPerSecond, 1),
    groups: createGroups(deps.db),
    readApiKey: apiKeyReader(deps.db.read),
    stopping: options.stopping ?? (() => false),
  };
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false); // the kit reads the query itself
  app.set('trust proxy', deps.config.trustedProxies);
  app.set('case sensitive routing', true);
  app.use(requestIds);
  app.use(logging(deps.log));
  app.use(helmet({ contentSecurityPolicy: { directives: pagePolicy } }));
  app.use(noStore);
  registerRoutes(app, options.routes ?? allRoutes(deps.config), deps, state);
  app.use((request: Request, response: Response) => {
    refuse(new ProtocolRefusal('not_found', 'no such path'), request, response, deps, state);
  });
  app.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) next(error);
    else refuse(error, request, response, deps, state);
  });
  return app;
}

/** /docs has its style in the page and no script; nothing comes from elsewhere. */
const pagePolicy = {
  defaultSrc: ["'none'"],
  styleSrc: ["'unsafe-inline'"],
  scriptSrc: ["'none'"],
  upgradeInsecureRequests: null,
};

function requestIds(_request: Request, response: Response, next: NextFunction): void {
  const requestId = newId('request');
  response.locals['requestId'] = requestId;
  response.set('X-Request-Id', requestId);
  next();
}

function noStore(_request: Request, response: Response, next: NextFunction): void {
  response.set('Cache-Control', 'no-store');
  next();
}

const callersId = /^[\x21-\x7e]{1,128}$/;

/**
 * One line per request: route and status, never a URL, a body or a header. (pino-http would log
 * URLs and headers and be told to forget them; this begins with nothing.)
 */
function logging(log: Logger) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const begin = performance.now();
    response.once('close', () => {
      const { locals, statusCode } = response;
      const theirs = request.headers['x-request-id'];
      const line = {
        requestId: requestIdOf(response),
        callerRequestId: typeof theirs === 'string' && callersId.test(theirs) ? theirs : undefined,
        method: request.method,
        route: locals['route'] as unknown,
        status: statusCode,
        code: locals['code'] as unknown,
        actor: locals['actor'] as unknown,
        ms: Math.round((performance.now() - begin) * 10) / 10,
        aborted: response.writableFinished ? undefined : true,
      };
      if (statusCode >= 500) log.error(line, 'request');
      else log.info(line, 'request');
    });
    next();
  };
}
