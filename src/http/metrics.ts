import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The registry of this process and what the kit measures by itself. */
export interface Metrics {
  readonly registry: Registry;
  /** seconds by method, route and status */
  readonly httpSeconds: Histogram<'method' | 'route' | 'status'>;
  /** messages from providers by kind of channel and what became of them */
  readonly callbacks: Counter<'kind' | 'outcome'>;
  /** channels that are handed nothing for a while, by cause; read when somebody asks */
  readonly channelsHeld: Gauge<'cause'>;
}

/** Makes the metrics of one process. Labels are routes, never ids. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const httpSeconds = new Histogram({
    name: 'tributary_http_request_seconds',
    help: 'Time from the first byte of a request to the end of its answer',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  const callbacks = new Counter({
    name: 'tributary_callbacks_total',
    help: 'Messages from payment providers',
    labelNames: ['kind', 'outcome'] as const,
    registers: [registry],
  });
  const channelsHeld = new Gauge({
    name: 'tributary_channels_held',
    help: 'Payout channels that take no orders now: balance_short, throttled or setup',
    labelNames: ['cause'] as const,
    registers: [registry],
  });
  return { registry, httpSeconds, callbacks, channelsHeld };
}
