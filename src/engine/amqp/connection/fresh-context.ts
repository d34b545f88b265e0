import { createSecureContext, type SecureContext } from 'node:tls';
import { readTlsFiles, type TlsFiles } from '../../../file/tls-files.ts';

/**
 * Returns a context for TLS that reads its files again for each connection: certificates expire, and are replaced while
 * the process runs. amqplib passes the same options to every attempt, and Node reads `context` in each.
 */
export function freshContext(files: TlsFiles): SecureContext {
  return {
    get context(): unknown {
      return createSecureContext(readTlsFiles(files, { section: 'broker', variables: 'AMQP' })).context;
    },
  };
}
