import type { Broker, BrokerOptions } from './broker.ts';
import { canInstallRabbitmq, installRabbitmq } from './install-rabbitmq.ts';
import { findContainerEngine, startRabbitmqContainer } from './rabbitmq-container.ts';
import { findRabbitmqHome } from './rabbitmq-home.ts';
import { startRabbitmqNode } from './rabbitmq-node.ts';

/**
 * Starts a private RabbitMQ on free loopback ports: from the installed `rabbitmq-server`, else in a container, else
 * (Debian and Ubuntu, as root) from the distribution's package, which is installed for the purpose.
 *
 * @throws when none of the three is possible, or when the broker does not come up; the message shows why.
 */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const installed = findRabbitmqHome();
  if (installed) return startRabbitmqNode(installed, options);

  const engine = await findContainerEngine();
  if (engine) return startRabbitmqContainer(engine, options);

  if (canInstallRabbitmq()) return startRabbitmqNode(await installRabbitmq(), options);

  throw new Error(
    'No RabbitMQ for the tests: rabbitmq-server is not installed (looked on PATH and in /usr/sbin and ' +
      '/usr/lib/rabbitmq/bin), neither "docker info" nor "podman info" succeeds, and installing the package needs ' +
      'root on Debian or Ubuntu. Install rabbitmq-server, start a container engine, or set RABBITMQ_URL.',
  );
}
