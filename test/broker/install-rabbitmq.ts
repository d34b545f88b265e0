import { findLinuxRelease } from './linux-release.ts';
import { findInstalledRabbitmq, type RabbitmqInstallation } from './rabbitmq-installation.ts';
import { runCommand } from './run-command.ts';

// The package starts the system's own broker unless policy-rc.d forbids it; a policy which is there already is kept.
const INSTALL = `
set -e
if [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]; then exit 0; fi
if [ ! -e /usr/sbin/policy-rc.d ]; then
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
fi
apt-get -o DPkg::Lock::Timeout=300 update
apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends rabbitmq-server
`;

/** Returns whether this is Debian or a descendant of it and this process may install packages. */
export function canInstallRabbitmq(): boolean {
  return process.getuid?.() === 0 && findLinuxRelease() !== undefined;
}

/**
 * Installs the distribution's RabbitMQ, without starting its service.
 *
 * @throws when apt fails; the message holds what it printed
 */
export async function installRabbitmq(): Promise<RabbitmqInstallation> {
  // Test runs side by side install once. The folder is locked by flock, which apt's own locks do not notice.
  await runCommand('flock', ['/var/lib/dpkg', 'sh', '-c', INSTALL], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeoutMs: 600_000,
  });
  const installed = findInstalledRabbitmq();
  if (!installed) throw new Error('The package rabbitmq-server is installed, but it has no rabbitmq-server script.');
  return installed;
}
