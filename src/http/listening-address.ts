import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { LittoralError } from '../errors.ts';

/**
 * Looks up the address to listen on. A name can have several, of which this is the first.
 *
 * @throws LittoralError `invalid-configuration` for a name that is not known
 */
export async function listeningAddress(host: string): Promise<string> {
  try {
    const { address } = await lookup(host);
    return address;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'EAI_AGAIN' ? 'the name service does not answer' : 'that name is not known';
    throw new LittoralError(
      'invalid-configuration',
      `Cannot listen on '${host}': ${why} (${message}). Set HOST (http.host) to an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all.`,
      { cause },
    );
  }
}

/** Says what to do about a port that cannot be listened on, where the system does not. */
export function listenFailure(error: NodeJS.ErrnoException, address: string, port: number): Error {
  const remedies: Readonly<Record<string, string>> = {
    EADDRINUSE: 'the port is in use. Set PORT (http.port) to another one; 0 takes a free one',
    EADDRNOTAVAIL: 'that is no address of this machine. Set HOST (http.host) to one that is',
    EACCES: 'it is not allowed. Set PORT (http.port) to 1024 or more',
    EPERM: 'it is not allowed. Set PORT (http.port) to 1024 or more',
    EAFNOSUPPORT: 'this machine has no IPv6. Set HOST (http.host) to an address of IPv4',
    EINVAL: 'that address needs the name of its interface, such as fe80::1%eth0. Set HOST (http.host) to it',
  };
  const remedy = remedies[error.code ?? ''];
  if (remedy === undefined) return error;
  const place = isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
  return new LittoralError('invalid-configuration', `Cannot listen on ${place}: ${remedy}.`, { cause: error });
}
