import { existsSync, readFileSync } from 'node:fs';

/** The Linux distribution of this machine, as `/etc/os-release` names it. */
export interface LinuxRelease {
  readonly distribution: 'debian' | 'ubuntu';
  /** The release that it is or is derived from, such as `bookworm`. */
  readonly codename: string;
}

/** Returns the Debian or Ubuntu release that this machine runs or descends from; undefined on any other system. */
export function findLinuxRelease(): LinuxRelease | undefined {
  if (!existsSync('/etc/os-release')) return undefined;
  const text = readFileSync('/etc/os-release', 'utf8');
  const field = (name: string) => new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(text)?.[1];
  const family = `${field('ID')} ${field('ID_LIKE')}`;
  const distribution = (['ubuntu', 'debian'] as const).find((name) => family.split(' ').includes(name));
  if (!distribution) return undefined;
  const codename = field('UBUNTU_CODENAME') ?? field('VERSION_CODENAME') ?? '';
  return { distribution, codename };
}
