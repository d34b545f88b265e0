import { parseArgs } from 'node:util';
import type { BrokerAddress } from '../broker/broker.ts';
import { startBroker } from '../broker/start-broker.ts';
import { createVhost } from '../broker/vhost.ts';
import { declareDestination } from './destination.ts';
import { forkProcess } from './forked-process.ts';
import type { LoadTasks } from './load-process.ts';
import { table, verdict } from './report.ts';
import { bareFastify, gateway, type Round, rawAmqplib } from './subject.ts';

// npm run bench                      about 4 minutes
// npm run bench -- --quick           about 40 seconds, to have a look
// npm run bench -- --cpu-prof=DIR    writes what the gateway's process did to a .cpuprofile there
//
// Measures how fast the gateway publishes, beside what it is made of: Fastify without a broker, and amqplib without
// HTTP. Only the ratios of one run mean anything: everything shares the cores, the broker too.

const { values: options } = parseArgs({ options: { quick: { type: 'boolean' }, 'cpu-prof': { type: 'string' } } });
const rounds = options.quick ? 1 : 3;
const durations = options.quick ? { warmUpSeconds: 1, measuredSeconds: 2 } : { warmUpSeconds: 2, measuredSeconds: 5 };
const window = 64;
const otherConnections = [1, 16, 256];

const { RABBITMQ_URL: url, RABBITMQ_MANAGEMENT_URL: givenManagementUrl } = process.env;
if (url) {
  await measureAndReport({ url, managementUrl: givenManagementUrl || `http://${new URL(url).hostname}:15672` });
} else {
  const broker = await startBroker();
  // Purged messages stay in the broker's log for a while; it must not take them for a lack of memory.
  await broker.rabbitmqctl('set_vm_memory_high_watermark', '0.6');
  await measureAndReport(broker).finally(() => broker.close());
}

async function measureAndReport(broker: BrokerAddress): Promise<void> {
  const vhost = await createVhost(broker);
  try {
    const results = await measureAll(vhost.url);
    const { text, failed } = verdict(results);
    console.log(`\n${table(results)}\n\n${text}`);
    process.exitCode = failed ? 1 : 0;
  } finally {
    await vhost.close();
  }
}

async function measureAll(brokerUrl: string): Promise<Round[]> {
  const destination = await declareDestination(brokerUrl);
  const load = forkProcess<LoadTasks>(new URL('./load-process.ts', import.meta.url));
  const profile = options['cpu-prof'] === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options['cpu-prof']}`];
  const raw = await rawAmqplib(brokerUrl, destination);
  const littoral = await gateway(brokerUrl, destination, load, profile);
  const fastify = await bareFastify(load);
  // Those that the target compares come one after the other.
  const plan = [
    { subject: raw, connections: window },
    { subject: littoral, connections: window },
    { subject: fastify, connections: window },
    ...otherConnections.flatMap((connections) => [littoral, fastify].map((subject) => ({ subject, connections }))),
  ];
  // Until their code is compiled, all of them are slower.
  for (const subject of [raw, littoral, fastify]) await subject.measure(window, durations);
  const results: Round[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const { subject, connections } of plan) {
      const result = await subject.measure(connections, durations);
      console.error(`${round}/${rounds} ${result.subject} ${connections}: ${result.perSecond.toFixed(0)}/s`);
      results.push(result);
    }
  }
  await Promise.all([raw, littoral, fastify, load, destination].map((each) => each.end()));
  return results;
}
