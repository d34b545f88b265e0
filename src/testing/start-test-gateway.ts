import type { Routes } from '../bus/service-map.ts';
import type { Config } from '../config/config.ts';
import { loadHandlers } from '../config/load-handlers.ts';
import { type Environment, mergeSection, resolveConfig } from '../config/resolve.ts';
import { createComponents } from '../gateway/components.ts';
import { assembleGateway } from '../gateway/gateway.ts';
import { createLogger, type Logger } from '../logger.ts';
import type { RegisterServices } from '../scope/service-container.ts';
import { Deliveries } from './deliveries.ts';
import { TestClock } from './test-clock.ts';
import { TestEngine } from './test-engine.ts';
import { assembleTestGateway, type TestGateway } from './test-gateway.ts';

/** Differences from the configuration. */
export interface TestGatewayOptions {
  /** Registers services after those of the configuration, in their place where the names are equal. Default: none. */
  readonly container?: RegisterServices;
  /** Configuration variables, in place of those of the configuration by the same names. Default: none. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  /** The base of relative patterns of handler files, as in `loadHandlers`. Default: the working directory. */
  readonly baseUrl?: string | URL;
  /**
   * The names of the other services that exist. Sending to any other name fails with `destination-not-found`. Default:
   * every service exists.
   */
  readonly otherServices?: readonly string[];
  /** Environment variables that override the configuration; none makes it use a broker. Default: none. */
  readonly environment?: Environment;
  /** The logger of the gateway. Default: nothing is logged. */
  readonly logger?: Logger;
}

/**
 * Starts a gateway to be tested: the whole of it, on an in-memory channel of its own, whatever broker the configuration
 * names. It does not listen for HTTP. The channel's clock stands still until the test moves it.
 *
 * @param config as a configuration file exports it. Without `shutdownTimeoutMs`, stopping takes at most 1 s
 * @throws LittoralError `invalid-configuration`, `invalid-handlers` with every issue at once
 */
export async function startTestGateway(config: Config, options: TestGatewayOptions = {}): Promise<TestGateway> {
  const { baseUrl, environment, logger = createLogger('silent'), otherServices } = options;
  const handlers = await loadHandlers(config.handlers, { baseUrl });
  const resolved = resolveConfig({ ...changed(config, options), handlers }, { ...environment, ...noBroker });
  const clock = new TestClock();
  const channel = new TestEngine(resolved.service, clock, otherServices, mappedQueues(resolved.routes));
  const deliveries = new Deliveries();
  channel.onDueSettled = () => deliveries.notify();
  const components = createComponents(resolved, logger, { channel, clock, deliveryStages: [deliveries.stage] });
  const gateway = assembleGateway(components);
  await gateway.start();
  return assembleTestGateway({ gateway, components, channel, clock, deliveries });
}

function mappedQueues({ services = {}, events = [] }: Routes): readonly string[] {
  return [...Object.values(services), ...events].map(({ queue }) => queue);
}

const noBroker: Environment = {
  CHANNEL: undefined,
  AMQP_URL: undefined,
  AMQP_URL_FILE: undefined,
  AMQP_CA_FILE: undefined,
  AMQP_CERT_FILE: undefined,
  AMQP_KEY_FILE: undefined,
};

const noServer = { url: undefined, urls: undefined, caFile: undefined, certFile: undefined, keyFile: undefined };

/** Applies the options to a configuration. Issues of the configuration stay in it, so that its check reports them. */
function changed(config: Config, { container, configuration = {} }: TestGatewayOptions): Config {
  return {
    ...config,
    channel: 'in-memory',
    // The files that it names may exist in production only.
    broker: mergeSection(config.broker, noServer),
    shutdownTimeoutMs: config.shutdownTimeoutMs ?? 1000,
    configuration: mergeSection(config.configuration, configuration),
    container: container ? oneAfterTheOther(config.container, container) : config.container,
  };
}

function oneAfterTheOther(first: RegisterServices = () => {}, second: RegisterServices): RegisterServices {
  if (typeof first !== 'function') return first;
  return (container) => {
    const result = first(container);
    // A promise is an issue, which is found where the result arrives.
    return result instanceof Promise ? result : second(container);
  };
}
