import type { Broker, BrokerOptions } from './broker.ts';
import { canInstallRabbitmq, installRabbitmq } from './install-rabbitmq.ts';
import { fetchRabbitmqImage, findContainerEngine, startRabbitmqContainer } from './rabbitmq-container.ts';
import { findInstalledRabbitmq, type RabbitmqInstallation } from './rabbitmq-installation.ts';
import { startRabbitmqNode } from './rabbitmq-node.ts';
import { wantedSeries } from './rabbitmq-series.ts';
import { canUnpackRabbitmq, unpackRabbitmq } from './unpack-rabbitmq.ts';

/**
 * Starts a private RabbitMQ on free loopback ports. Its version is 4, or 3 if RABBITMQ_SERIES is 3. Tries in turn the
 * installed RabbitMQ, a container if the image is available, and (on Debian and Ubuntu) packages: those of a newer
 * release, unpacked into a cache folder, or, as root, the distribution's own package, which is installed. If version 4
 * is not available, version 3 is started, and a line on standard error reports it.
 *
 * @throws when none of these is possible, or when the broker does not come up; the message shows why.
 */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const series = wantedSeries();
  const installed = findInstalledRabbitmq();
  if (installed?.series === series) return startRabbitmqNode(installed, options);
  const failures: unknown[] = [];
  const engine = await findContainerEngine();
  const image = engine && (await fetchRabbitmqImage(engine, series).catch((error) => void failures.push(error)));
  if (engine && image) return startRabbitmqContainer(engine, image, options);
  return startRabbitmqNode(await provideRabbitmq(failures), options);
}

/**
 * Finds a RabbitMQ that runs on this machine without a container, or fetches its packages.
 *
 * @param failures the errors of earlier attempts to get one
 * @throws when there is none; the message shows why
 */
export async function provideRabbitmq(failures: unknown[] = []): Promise<RabbitmqInstallation> {
  const series = wantedSeries();
  const installed = findInstalledRabbitmq();
  if (installed?.series === series) return installed;
  const attempt = async <T>(step: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await step();
    } catch (error) {
      failures.push(error);
      return undefined;
    }
  };
  if (series === 4 && canUnpackRabbitmq()) {
    const unpacked = await attempt(unpackRabbitmq);
    if (unpacked) return unpacked;
  }
  const other = installed ?? (canInstallRabbitmq() ? await attempt(installRabbitmq) : undefined);
  if (other && (other.series === series || series === 4)) {
    if (other.series !== series) warnOfSeries(other.series, failures);
    return other;
  }
  throw new AggregateError(
    failures,
    `No RabbitMQ ${series} for the tests: it is not installed (looked on PATH and in /usr/sbin and ` +
      '/usr/lib/rabbitmq/bin), no container engine has its image (or this needs a cluster, which containers are ' +
      'not used for), and its packages can be had on Debian and Ubuntu only. Install rabbitmq-server, ' +
      `start a container engine, or set RABBITMQ_URL.${reasonsOf(failures)}`,
  );
}

function warnOfSeries(series: number, failures: readonly unknown[]): void {
  process.stderr.write(
    `RabbitMQ 4 is not to be had here: the tests run on RabbitMQ ${series}.${reasonsOf(failures)}\n`,
  );
}

function reasonsOf(failures: readonly unknown[]): string {
  return failures.map((failure) => `\n${failure instanceof Error ? failure.message : String(failure)}`).join('');
}
