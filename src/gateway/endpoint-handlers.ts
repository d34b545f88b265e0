import type { ResolvedConfig } from '../config/resolve.ts';
import { longestHoldMs } from '../endpoint/longest-hold.ts';
import type { EndpointHandlers } from '../endpoint/service-endpoint.ts';
import type { HandlerRegistry } from '../handler/handler-registry.ts';
import type { CompleteRetries } from '../handler/retries.ts';
import { deferralDelaysMs } from '../recovery/deferral.ts';
import { RetryPolicy } from '../recovery/retry-policy.ts';

/** Returns what the endpoint receives for the handlers of a registry. */
export function endpointHandlers(config: ResolvedConfig, registry: HandlerRegistry): EndpointHandlers {
  const deferrals = config.unhandled.graceMs > 0 ? deferralDelaysMs : [];
  return {
    // An application that has not said yet what it receives finds what was sent to it meanwhile.
    hasHandlers: registry.hasDistributedHandlers || config.application !== undefined,
    eventBindingKeys: registry.distributedEventKeys(),
    gates: registry.gates(),
    hasFunctions: registry.hasDistributedFunctions,
    delaysMs: [...retryDelaysMs(config.retries, registry), ...deferrals],
    longestHoldMs: longestHoldMs(registry.handlers(), config),
  };
}

/** Returns each distinct retry delay of the distributed handlers. */
function retryDelaysMs(retries: CompleteRetries, registry: HandlerRegistry): number[] {
  const distributed = registry.handlers().filter(({ definition }) => definition.distributed);
  return [...new Set(distributed.flatMap(({ definition }) => new RetryPolicy(retries, definition.retries).delaysMs()))];
}
