import { Command } from 'commander';
import { exitOnSignals, serve } from '../gateway/process.ts';
import { configOption } from './config-option.ts';
import { loadGateway } from './load-components.ts';

interface StartOptions {
  readonly config?: string;
  readonly consume: boolean;
}

export function startCommand(): Command {
  return new Command('start')
    .summary('run the gateway (the default)')
    .description('Run the gateway: send what comes over HTTP, and call the handlers.')
    .addOption(configOption())
    .option('--no-consume', 'send only; leave the queue of the service to others')
    .action(async ({ config, consume }: StartOptions) => {
      exitOnSignals('later');
      const { createGateway, loadConfig, configSource } = await loadGateway();
      // Created before the files are read, so that it notices each later change.
      const source = configSource(config, process.env);
      await serve(createGateway(await loadConfig(config), { consume }), source);
    });
}
