import type { TLSSocket } from 'node:tls';
import { errorMessage } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { systemClock } from '../time/clock.ts';
import { RecentMap } from '../time/recent-map.ts';

/** Plain words for the codes of handshakes that fail most often. */
const reasons: Readonly<Record<string, string>> = {
  ERR_SSL_HTTP_REQUEST: 'the caller speaks plain HTTP; it must use https://',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the caller speaks no TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the caller speaks no version of TLS from 1.2 on',
  ERR_SSL_NO_SHARED_CIPHER: 'both sides have no cipher in common',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'the caller shows no certificate (http.tls.clientCertificates)',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'the caller did not finish the handshake in time',
};

/**
 * Logs the handshakes that failed: the first of each kind in a minute as a warning, all others at `debug`, because
 * callers must not be able to fill the log. A caller that only opens a connection, as a load balancer does to probe a
 * port, is no failure.
 */
export class HandshakeLog {
  readonly #logger: Logger;
  readonly #recent = new RecentMap<true>({ windowMs: 60_000, maxEntries: 32, clock: systemClock });

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  report(error: NodeJS.ErrnoException, socket: Pick<TLSSocket, 'remoteAddress' | 'authorizationError'>): void {
    // Node leaves the code of a client certificate that is not trusted here.
    const refused = socket.authorizationError as unknown as string | null | undefined;
    const code = refused ?? error.code ?? 'unknown';
    const reason = refused
      ? `the certificate of the caller is not trusted (${refused})`
      : (reasons[code] ?? errorMessage(error));
    const isProbe = code === 'ECONNRESET';
    const isNew = !isProbe && this.#recent.get(code) === undefined;
    if (isNew) this.#recent.set(code, true);
    this.#logger[isNew ? 'warn' : 'debug'](
      { code, reason, remoteAddress: socket.remoteAddress },
      'TLS handshake failed; more of the same kind within a minute are logged at debug',
    );
  }
}
