import type { ParentMessages } from '../bus/parent-messages.ts';
import { defaults } from '../config/defaults.ts';
import type { ResolvedApplication, ResolvedConfig } from '../config/resolve.ts';
import { validateDiscovered } from '../config/subscription-config.ts';
import { applicationHandlers, pulledHandlers } from '../delivery/application-handlers.ts';
import type { ApplicationSettings } from '../delivery/application-settings.ts';
import { Applications } from '../delivery/applications.ts';
import { Discovery } from '../delivery/discovery.ts';
import { trustedCertificates } from '../delivery/trusted-certificates.ts';
import type { ServiceEndpoint } from '../endpoint/service-endpoint.ts';
import type { HandlerDefinition } from '../handler/handler-definition.ts';
import type { HandlerRegistry } from '../handler/handler-registry.ts';
import type { Logger } from '../logger.ts';
import { measureClientRequests } from '../observe/metrics/client-requests.ts';
import type { GatewayMetrics } from '../observe/metrics/gateway-metrics.ts';
import { endpointHandlers } from './endpoint-handlers.ts';

// The factories of what belongs to an application outside of this process.

interface ApplicationParts {
  readonly config: ResolvedConfig;
  readonly parentMessages: ParentMessages;
  readonly metrics: GatewayMetrics | undefined;
  readonly logger: Logger;
}

interface DiscoveryParts extends Omit<ApplicationParts, 'parentMessages' | 'metrics'> {
  readonly registry: HandlerRegistry;
  readonly applications: Applications;
  readonly endpoint: ServiceEndpoint;
}

/** Returns the handlers of the application that the configuration names. */
export function handlersOfApplication({ application }: ResolvedConfig): HandlerDefinition[] {
  if (application === undefined) return [];
  return application.pull ? pulledHandlers(application) : applicationHandlers(application);
}

export function createApplications({
  config,
  parentMessages: parents,
  metrics,
  logger,
}: ApplicationParts): Applications {
  const { concurrency, handlerTimeoutMs, application } = config;
  return new Applications({
    concurrency,
    handlerTimeoutMs,
    settings: application && !application.pull ? settingsOf(application, logger) : undefined,
    pull: application?.pull ? application : undefined,
    defaults: defaults.application,
    cloudEventsSource: application?.cloudEventsSource,
    parents,
    observe: metrics && ((origin) => measureClientRequests(metrics, origin)),
    logger,
  });
}

/** Asks the application what it receives, if the configuration does not say it; undefined if it does. */
export function createDiscovery(components: DiscoveryParts): Discovery | undefined {
  const { config, registry, applications, endpoint, logger } = components;
  const { application: settings } = config;
  const application = applications.configured();
  if (application === undefined || settings === undefined || settings.commands || settings.events) return undefined;
  const discovery = new Discovery({
    application,
    validate: validateDiscovered,
    found(answer) {
      registry.replace([...config.handlers, ...applicationHandlers({ ...settings, ...answer })]);
      applications.keepOnly(registry.gates());
      endpoint.update(endpointHandlers(config, registry));
    },
    logger,
  });
  applications.onChange(() => discovery.onChange());
  return discovery;
}

function settingsOf(application: ResolvedApplication, logger: Logger): ApplicationSettings {
  const { caFile } = application;
  return { ...application, ca: caFile === undefined ? undefined : trustedCertificates(caFile, logger) };
}
