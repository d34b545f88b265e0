import { Command } from 'commander';
import { exitOnSignals, serve } from '../gateway/process.ts';
import { configOption } from './config-option.ts';
import { loadGateway } from './load-components.ts';
import { startTelemetry } from './telemetry.ts';

interface StartOptions {
  readonly config?: string;
  readonly consume: boolean;
}

export function startCommand(): Command {
  return new Command('start')
    .summary('run the gateway (the default)')
    .description('Run the gateway: send the messages of HTTP requests, and call the handlers.')
    .addOption(configOption())
    .option('--no-consume', 'only send; do not consume the queue of the service')
    .action(async ({ config, consume }: StartOptions) => {
      exitOnSignals('later');
      const { createGateway, loadConfig, configSource } = await loadGateway();
      // Created before the files are read, so that it reports each later change.
      const source = configSource(config, process.env);
      const loaded = await loadConfig(config);
      const telemetry = await startTelemetry(process.env, loaded.service);
      const gateway = createGateway(loaded, { consume });
      if (telemetry === undefined) return serve(gateway, source);
      telemetry.report(gateway.logger);
      telemetry.exportMetrics(gateway.metrics);
      const stop = () => gateway.stop().finally(() => telemetry.stop());
      await serve({ ...gateway, stop }, source);
    });
}
