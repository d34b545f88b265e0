import { isIP } from 'node:net';

/** The first segments of the gateway's own paths. A base path must not begin with one of them. */
const ownPaths = ['commands', 'events', 'messages', 'endpoints', 'dead-letters', 'livez', 'readyz', 'docs'];

/**
 * Returns whether a text is a path of plain segments, without a slash at its end: it becomes a part of pages and of
 * headers.
 */
export function isBasePath(text: string): boolean {
  return text.length <= 255 && /^(?:\/[\w~-][\w.~-]*)+$/.test(text);
}

/** Describes the issue of the settings of a gateway that stands behind a proxy, where they are of the right kind. */
export function validateProxy({ basePath, trustProxy }: { basePath?: unknown; trustProxy?: unknown }): string[] {
  const ofPath = typeof basePath === 'string' ? validateBasePath(basePath) : undefined;
  const networks: readonly unknown[] = Array.isArray(trustProxy) ? trustProxy : [];
  return [
    ...(ofPath === undefined ? [] : [`http.basePath: ${ofPath}`]),
    ...networks.flatMap((network, index) =>
      typeof network !== 'string' || isNetwork(network)
        ? []
        : [`http.trustProxy.${index}: is not an address or a network, such as 10.0.0.7 or 10.0.0.0/8`],
    ),
  ];
}

function validateBasePath(basePath: string): string | undefined {
  const path = basePath.replace(/\/$/, '');
  if (path === '') return undefined;
  if (!isBasePath(path)) {
    return 'is not a path such as /gateway: segments of letters, digits, _, -, . and ~, each after one slash, up to 255 characters';
  }
  const first = path.split('/')[1] ?? '';
  return ownPaths.includes(first) ? `begins with /${first}, which is a path of the gateway itself` : undefined;
}

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  // An address of a link has a zone, which no list knows.
  if (family === 0 || address.includes('%') || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}
