import { LittoralError } from '../../../errors.ts';
import { type AmqpAddress, parseAmqpUrl, validateAmqpUrl } from './amqp-url.ts';

/**
 * Parses the AMQP URLs of the nodes of one broker, in a list or separated by commas. A repeated URL counts once.
 *
 * @throws LittoralError `invalid-configuration`, which never repeats a URL: it may hold a password
 */
export function parseAmqpUrls(urls: string | readonly string[]): readonly AmqpAddress[] {
  const issues = validateAmqpUrls(urls);
  if (issues.length > 0) throw new LittoralError('invalid-configuration', issues.join('; '));
  return [...new Set(listOf(urls))].map(parseAmqpUrl);
}

/** Validates AMQP URLs. Returns the issue of each, never a part of it that can be a password. */
export function validateAmqpUrls(urls: string | readonly string[]): string[] {
  const texts = listOf(urls);
  if (texts.length === 0) return ['is empty; write at least one URL'];
  const issues = texts.flatMap((text, index) => {
    const which = texts.length > 1 ? `URL ${index + 1} of ${texts.length}: ` : '';
    return validateUrl(text).map((issue) => which + issue);
  });
  if (issues.length > 0) return issues;
  const addresses = texts.map(parseAmqpUrl);
  if (new Set(addresses.map(({ vhost }) => vhost)).size > 1) {
    issues.push('the URLs name several vhosts; they must be of the nodes of one broker, with the same vhost');
  }
  if (new Set(addresses.map(({ connect }) => connect.protocol)).size > 1) {
    issues.push('some URLs are amqp:// and others amqps://; write all of them the same way');
  }
  return issues;
}

function validateUrl(text: string): string[] {
  if (text === '') return ['is empty; leave out the comma'];
  const issues = validateAmqpUrl(text);
  const [, host = ''] = /^[a-z]+:\/\/(?:[^/?#]*@)?([^/?#]*)/i.exec(text) ?? [];
  if (issues.length === 0 && host.includes(',')) {
    return ['a comma in the host of the AMQP URL; write a whole URL for each host: amqp://a/vhost,amqp://b/vhost'];
  }
  return issues;
}

// A comma can be part of a password. A separator is followed by the scheme of the next URL, or by nothing.
function listOf(urls: string | readonly string[]): string[] {
  const texts = typeof urls === 'string' ? urls.split(/,(?=\s*(?:,|$|[a-z][a-z\d+.-]*:\/\/))/i) : urls;
  return texts.map((text) => text.trim());
}
