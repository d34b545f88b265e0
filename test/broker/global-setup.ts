import type { TestProject } from 'vitest/node';
import type { BrokerAddress } from './broker.ts';
import { startBroker } from './start-broker.ts';
import { waitUntilReady } from './wait-until-ready.ts';

declare module 'vitest' {
  interface ProvidedContext {
    brokerUrl: string;
    managementUrl: string;
  }
}

/** Gives the tests a RabbitMQ: that of RABBITMQ_URL where it is set, else one of their own for the time of the run. */
export default async function globalSetup(project: TestProject): Promise<() => Promise<void>> {
  const { RABBITMQ_URL, RABBITMQ_MANAGEMENT_URL } = process.env;
  if (RABBITMQ_URL) {
    const given = { url: RABBITMQ_URL, managementUrl: RABBITMQ_MANAGEMENT_URL || defaultManagementUrl(RABBITMQ_URL) };
    await waitUntilReady(given, { timeoutMs: 15_000 });
    provide(project, given);
    return async () => {};
  }
  const broker = await startBroker();
  provide(project, broker);
  return () => broker.close();
}

function provide(project: TestProject, { url, managementUrl }: BrokerAddress): void {
  project.provide('brokerUrl', url);
  project.provide('managementUrl', managementUrl);
}

function defaultManagementUrl(url: string): string {
  return `http://${new URL(url).hostname}:15672`;
}
