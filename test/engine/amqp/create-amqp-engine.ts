import { defaults } from '../../../src/config/defaults.ts';
import { AmqpEngine, type AmqpEngineOptions } from '../../../src/engine/amqp/amqp-engine.ts';
import { quietLogger } from '../../logs/quiet-logger.ts';

type Required = Pick<AmqpEngineOptions, 'url' | 'service'>;

/** Creates an engine with the defaults of the configuration and a silent log. */
export function createAmqpEngine(options: Required & Partial<AmqpEngineOptions>): AmqpEngine {
  return new AmqpEngine({ logger: quietLogger(), ...defaults.broker, ...options });
}
