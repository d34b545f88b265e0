import { existsSync, readFileSync } from 'node:fs';
import { findRabbitmqHome } from './rabbitmq-home.ts';
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

/** Whether this is Debian or a descendant of it and we may install packages. */
export function canInstallRabbitmq(): boolean {
  if (process.getuid?.() !== 0 || !existsSync('/etc/os-release')) return false;
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'));
}

/** Installs the distribution's RabbitMQ, without starting its service, and returns its home. */
export async function installRabbitmq(): Promise<string> {
  // Test runs side by side install once. The folder is locked by flock, which apt's own locks do not notice.
  try {
    await runCommand('flock', ['/var/lib/dpkg', 'sh', '-c', INSTALL], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeoutMs: 600_000,
    });
  } catch (error) {
    throw new Error(
      'No RabbitMQ for the tests: it is not installed, no container engine answers, and installing the package ' +
        'rabbitmq-server failed. Install it, start a container engine, or set RABBITMQ_URL.',
      { cause: error },
    );
  }
  const home = findRabbitmqHome();
  if (!home) throw new Error('The package rabbitmq-server is installed, but it has no rabbitmq-server script.');
  return home;
}
