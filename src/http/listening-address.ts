import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { LittoralError } from '../errors.ts';

/**
 * Looks up the address to listen on. A name can have several, of which this is the first.
 *
 * @throws LittoralError `invalid-configuration` for a name that is not known
 */
export async function listeningAddress(host: string, names = mainListener): Promise<string> {
  try {
    const { address } = await lookup(host);
    return address;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'EAI_AGAIN' ? 'the name service does not answer' : 'that name is not known';
    throw new LittoralError(
      'invalid-configuration',
      `Cannot listen on '${host}': ${why} (${message}). Set ${names.host} to an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all.`,
      { cause },
    );
  }
}

/** The settings that name an address, for errors. */
export interface ListenerNames {
  readonly host: string;
  readonly port: string;
}

export const mainListener: ListenerNames = { host: 'HOST (http.host)', port: 'PORT (http.port)' };
export const managementListener: ListenerNames = {
  host: 'MANAGEMENT_HOST (http.management.host)',
  port: 'MANAGEMENT_PORT (http.management.port)',
};

/** Says what to do about a port that cannot be listened on, where the system does not. */
export function listenFailure(
  error: NodeJS.ErrnoException,
  address: string,
  port: number,
  names = mainListener,
): Error {
  const remedies: Readonly<Record<string, string>> = {
    EADDRINUSE: `the port is in use. Set ${names.port} to another one; 0 takes a free one`,
    EADDRNOTAVAIL: `that is no address of this machine. Set ${names.host} to one that is`,
    EACCES: `it is not allowed. Set ${names.port} to 1024 or more`,
    EPERM: `it is not allowed. Set ${names.port} to 1024 or more`,
    EAFNOSUPPORT: `this machine has no IPv6. Set ${names.host} to an address of IPv4`,
    EINVAL: `that address needs the name of its interface, such as fe80::1%eth0. Set ${names.host} to it`,
  };
  const remedy = remedies[error.code ?? ''];
  if (remedy === undefined) return error;
  const place = isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
  return new LittoralError('invalid-configuration', `Cannot listen on ${place}: ${remedy}.`, { cause: error });
}
