import type { TLSSocket } from 'node:tls';
import { errorMessage } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { BoundedLog } from '../../observe/bounded-log.ts';

/** Plain words for the codes of handshakes that fail most often. */
const reasons: Readonly<Record<string, string>> = {
  ERR_SSL_HTTP_REQUEST: 'the caller speaks plain HTTP; it must use https://',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the caller speaks no TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the caller supports no version of TLS from 1.2 on',
  ERR_SSL_NO_SHARED_CIPHER: 'both sides have no cipher in common',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'the caller shows no certificate (http.tls.clientCertificates)',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'the caller did not finish the handshake in time',
};

/**
 * The log of handshakes that failed, within limits for each kind. A caller that only opens a connection and closes it,
 * as a load balancer does to probe a port, is logged at `debug`.
 */
export class HandshakeLog {
  readonly #log: BoundedLog;

  constructor(logger: Logger) {
    this.#log = new BoundedLog({ logger });
  }

  failed(error: NodeJS.ErrnoException, socket: Pick<TLSSocket, 'remoteAddress' | 'authorizationError'>): void {
    // Node leaves the code of a client certificate that is not trusted here.
    const refused = socket.authorizationError as unknown as string | null | undefined;
    const code = refused ?? error.code ?? 'unknown';
    const fields = () => ({
      code,
      reason: refused
        ? `the certificate of the caller is not trusted (${refused})`
        : (reasons[code] ?? errorMessage(error)),
      remoteAddress: socket.remoteAddress,
    });
    this.#log.write(code === 'ECONNRESET' ? 'debug' : 'warn', code, fields, 'TLS handshake failed');
  }
}
