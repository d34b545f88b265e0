import { Command } from 'commander';
import { describeEndpoint, type EndpointDescription } from '../endpoint/endpoint-description.ts';
import type { ParameterDescription } from '../handler/method-invoker.ts';
import { configOption } from './config-option.ts';
import { loadComponents } from './load-components.ts';
import { exitProcess, print } from './output.ts';
import { table } from './table.ts';

export function listCommand(): Command {
  return new Command('list')
    .summary('list the endpoints and their handlers')
    .description(
      'List the endpoints, which `littoral run` can consume, and their handlers. The command needs no broker.',
    )
    .addOption(configOption())
    .action(async ({ config: file }: { readonly config?: string }) => {
      const { createComponents, createLogger, loadConfig, resolveConfig } = await loadComponents();
      // The command sends nothing, so no message can be lost. So the channel need not be set, even in production.
      const config = resolveConfig(await loadConfig(file), { ...process.env, NODE_ENV: undefined });
      const { registry } = createComponents(config, createLogger('silent'));
      await print(endpointTable(describeEndpoint({ ...config, queue: config.broker.queue }, registry)));
      await exitProcess(0);
    });
}

const head = ['ENDPOINT', 'HANDLER', 'KIND', 'ROUTING KEY', 'DISTRIBUTED', 'PARAMETERS'];

/** Formats a table with one row for each handler, or with one row for an endpoint without handlers. */
export function endpointTable({ name, handlers }: EndpointDescription): string {
  const rows = handlers.map(({ endpointId, kind, routingKey, distributed, parameters }) => {
    return [name, endpointId, kind, routingKey, distributed ? 'yes' : 'no', parameters.map(parameterText).join(', ')];
  });
  return table([head, ...(rows.length > 0 ? rows : [[name, '(none)', '', '', '', '']])]);
}

/** Formats a parameter with its name, unless its name is a position. */
function parameterText({ name, converter }: ParameterDescription): string {
  return name.startsWith('#') ? converter : `${name}: ${converter}`;
}
