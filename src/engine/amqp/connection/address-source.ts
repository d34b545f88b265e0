import { errorMessage } from '../../../errors.ts';
import { readRegularFile } from '../../../file/regular-file.ts';
import { readToken } from '../../../file/token.ts';
import type { Logger } from '../../../logger.ts';
import { withoutByteOrderMark } from '../../../text/byte-order-mark.ts';
import type { AmqpAddress } from './amqp-url.ts';
import { parseAmqpUrls } from './amqp-urls.ts';

/** The sources of a broker's addresses and credentials. */
export interface AddressSettings {
  /** The URLs of the nodes of one broker. */
  readonly url: string | readonly string[];
  /** A file that holds the URLs, in place of `url`. */
  readonly urlFile?: string | undefined;
  /** A file that holds the password of the user in the URLs. */
  readonly passwordFile?: string | undefined;
  /** A file of an OAuth 2 token, which is the password. */
  readonly tokenFile?: string | undefined;
}

const maxBytes = 65_536;

/** The addresses of a broker, with credentials that can change in their files while the process runs. */
export class AddressSource {
  readonly #settings: AddressSettings;
  readonly #logger: Logger;
  #texts: string | undefined;
  #failure: string | undefined;
  #addresses: readonly AmqpAddress[];

  /** @throws LittoralError `invalid-configuration` for a URL that is not one */
  constructor(settings: AddressSettings, logger: Logger) {
    this.#settings = settings;
    this.#logger = logger;
    // The settings were checked with the contents of the files, which can be missing by now.
    this.#addresses = parseAmqpUrls(settings.url);
    this.current();
  }

  /**
   * Reads the files. It returns the same list while their contents stay the same. While a file cannot be used, the
   * earlier contents stay, and the reason is logged once.
   */
  current(): readonly AmqpAddress[] {
    const { url, urlFile, passwordFile, tokenFile } = this.#settings;
    try {
      const urls = urlFile === undefined ? url : readRegularFile(urlFile, maxBytes).trim();
      const secret = secretOf(passwordFile, tokenFile);
      const texts = JSON.stringify([urls, secret]);
      if (texts !== this.#texts) {
        this.#addresses = parseAmqpUrls(urls).map((address) => withPassword(address, secret));
        this.#texts = texts;
      }
      this.#failure = undefined;
    } catch (error) {
      const reason = errorMessage(error);
      if (reason !== this.#failure) {
        this.#logger.error({ reason }, 'credentials of the broker not read again; the earlier ones stay');
      }
      this.#failure = reason;
    }
    return this.#addresses;
  }
}

function secretOf(passwordFile: string | undefined, tokenFile: string | undefined): string | undefined {
  if (tokenFile !== undefined) return readToken(readRegularFile(tokenFile, maxBytes));
  return passwordFile === undefined ? undefined : readPassword(readRegularFile(passwordFile, maxBytes));
}

/** Reads the password of a file. A byte order mark in front and a line break at its end do not belong to it. @throws Error */
export function readPassword(text: string): string {
  const password = withoutByteOrderMark(text).replace(/\r?\n$/, '');
  if (password === '') throw new Error('the file of the password is empty');
  return password;
}

/** RabbitMQ takes the user of a token from the token, whatever the user of the URL. */
function withPassword(address: AmqpAddress, password: string | undefined): AmqpAddress {
  if (password === undefined) return address;
  const { username = '' } = address.connect;
  return { ...address, connect: { ...address.connect, username, password } };
}
