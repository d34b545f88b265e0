import { durableAfterMs } from '../broker/until-durable.ts';
import type { BindingGap } from './ledger.ts';

/**
 * Returns the gaps that a kill of the broker opens again: RabbitMQ forgets a binding that was restored just before. The
 * broker routes without it from its restart until the gateways have connected again.
 *
 * @param gaps the gaps before the kill
 * @param kill the time from the kill until all gateways were ready again
 */
export function forgottenBindings(
  gaps: readonly BindingGap[],
  kill: { readonly from: number; readonly until: number },
): BindingGap[] {
  const recent = gaps.filter(({ until }) => until + durableAfterMs >= kill.from && until <= kill.until);
  return recent.map(({ service, key }) => ({ service, key, ...kill }));
}
