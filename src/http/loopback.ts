import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * Returns whether a host name or an address always means this machine: `localhost` and its subdomains, also
 * with a trailing dot, 127.0.0.0/8 and ::1 in every spelling, IPv4 within IPv6 included.
 */
export function isLoopback(name: string): boolean {
  const family = isIP(name);
  if (family !== 0) return loopback.check(name, family === 6 ? 'ipv6' : 'ipv4');
  return /^([^.]+\.)*localhost\.?$/i.test(name);
}
