import type { ResolvedConfig } from '../config/resolve.ts';
import { LittoralError } from '../errors.ts';

/**
 * Throws for the in-memory channel, because no other process can reach it.
 *
 * @param purpose the purpose of the broker, for the error
 * @throws LittoralError `invalid-configuration`
 */
export function assertBroker({ channel }: Pick<ResolvedConfig, 'channel'>, purpose: 'send to' | 'consume from'): void {
  if (channel !== 'in-memory') return;
  throw new LittoralError(
    'invalid-configuration',
    `There is no broker to ${purpose}: the in-memory channel exists only within this process. Set AMQP_URL. CHANNEL=in-memory overrides it.`,
  );
}
