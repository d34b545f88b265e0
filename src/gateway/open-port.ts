import type { Environment, ResolvedConfig } from '../config/resolve.ts';
import { LittoralError } from '../errors.ts';
import { isLoopback } from '../http/loopback.ts';
import type { Logger } from '../logger.ts';

/**
 * Warns of a port that other machines can reach while the configuration does not say who may use it.
 *
 * @throws LittoralError `invalid-configuration` with `NODE_ENV=production`
 */
export function checkOpenPort({ auth, http }: ResolvedConfig, { NODE_ENV }: Environment, logger: Logger): void {
  const hosts = [http.host, ...(http.management ? [http.management.host] : [])];
  const host = hosts.find((one) => !isLoopback(one));
  if (auth !== undefined || host === undefined) return;
  if (NODE_ENV !== 'production') {
    logger.warn(
      { host },
      'every program that reaches this port may send anything; set auth, or AUTH=none if that is intended',
    );
    return;
  }
  throw new LittoralError(
    'invalid-configuration',
    `The configuration is not valid:\n- auth: is missing, and every program that reaches the port on ${host} could send anything. Set auth, or AUTH=none if that is intended`,
  );
}
