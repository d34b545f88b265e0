/**
 * Returns the address of a caller without credentials. All addresses of a /64 network of IPv6 count as one, because a
 * single caller often has the whole network.
 */
export function callerAddress(address = 'unknown'): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [before = '', after] = address.replace(/%.*$/, '').split('::');
  const first = before === '' ? [] : before.split(':');
  const last = after === undefined || after === '' ? [] : after.split(':');
  const zeros = after === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  return `${[...first, ...Array(zeros).fill('0'), ...last].slice(0, 4).join(':')}::/64`;
}

const held = Symbol('caller');

interface Connection {
  readonly remoteAddress?: string | undefined;
  [held]?: string;
}

/** Returns the name of a caller without credentials. It is cached on the connection for further requests. */
export function callerOf(socket: Connection): string {
  let name = socket[held];
  if (name === undefined) {
    name = `address ${callerAddress(socket.remoteAddress)}`;
    socket[held] = name;
  }
  return name;
}
