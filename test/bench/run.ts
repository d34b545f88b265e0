import { parseArgs } from 'node:util';
import type { BrokerAddress } from '../broker/broker.ts';
import { startBroker } from '../broker/start-broker.ts';
import { createVhost } from '../broker/vhost.ts';
import { benchAccess } from './auth-bench.ts';
import { benchConsuming } from './consume-bench.ts';
import { benchConverters } from './converters-bench.ts';
import { benchMany } from './many-bench.ts';
import { benchObserving } from './observe-bench.ts';
import { benchPublishing } from './publish-bench.ts';
import { benchPushing } from './push-bench.ts';
import { benchScale } from './scale-bench.ts';

// npm run bench                      everything, about 8 minutes
// npm run bench -- consume           one of: publish, many, consume, push, converters, observe, auth
// npm run bench -- --quick           about 90 seconds, to have a look
// npm run bench -- --scale           what each cost becomes when its size grows
// npm run bench -- --cpu-prof=DIR    writes what the gateway's processes did to .cpuprofile files there
//
// Only the ratios of one run mean anything: everything shares the cores, the broker too.

const benches = {
  publish: benchPublishing,
  many: benchMany,
  consume: benchConsuming,
  push: benchPushing,
  converters: benchConverters,
  observe: benchObserving,
  auth: benchAccess,
};

const { values: options, positionals } = parseArgs({
  options: { quick: { type: 'boolean' }, scale: { type: 'boolean' }, 'cpu-prof': { type: 'string' } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) throw new Error(`No such bench: ${unknown.join(', ')}. There are: ${Object.keys(benches)}.`);

const { RABBITMQ_URL: url, RABBITMQ_MANAGEMENT_URL: givenManagementUrl } = process.env;
if (url) {
  await run({ url, managementUrl: givenManagementUrl || `http://${new URL(url).hostname}:15672` });
} else {
  const broker = await startBroker();
  // Purged messages stay in the broker's log for a while; it must not take them for a lack of memory.
  await broker.rabbitmqctl('set_vm_memory_high_watermark', '0.6');
  await run(broker).finally(() => broker.close());
}

async function run(broker: BrokerAddress): Promise<void> {
  const profile = options['cpu-prof'];
  const nodeOptions = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  for (const [name, bench] of Object.entries(options.scale ? { scale: benchScale } : benches)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const vhost = await createVhost(broker);
    try {
      const { text, failed } = await bench({ brokerUrl: vhost.url, quick: options.quick ?? false, nodeOptions });
      console.log(`\n${text}\n`);
      if (failed) process.exitCode = 1;
    } finally {
      await vhost.close();
    }
  }
}
