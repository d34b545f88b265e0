import { readTrustedCertificates } from '../file/certificates.ts';
import { RereadFile } from '../file/reread-file.ts';
import type { Logger } from '../logger.ts';
import { errorText } from '../text/error-chain.ts';

/** Maximum size of a file. A system's file of certificate authorities has hundreds of certificates. */
const maxBytes = 1024 * 1024;

/**
 * Returns a function that returns the certificates of a file as one text. The file is read again when it changes.
 *
 * @throws TypeError with every issue of the file
 */
export function trustedCertificates(caFile: string, logger: Logger): () => string {
  // This function reads the file before `RereadFile` does, because its error is more precise.
  readTrustedCertificates(caFile);
  const onError = (error: unknown) =>
    logger.error(
      { file: caFile, reason: errorText(error) },
      'a changed file of certificates cannot be used; the earlier ones stay',
    );
  const file = new RereadFile(caFile, { parse: () => readTrustedCertificates(caFile), onError, maxBytes });
  return () => file.current();
}
