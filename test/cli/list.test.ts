import { describe, expect, test } from 'vitest';
import { endpointTable } from '../../src/cli/list.ts';
import { folderOf } from '../folder-of.ts';
import { entry, littoral } from './littoral.ts';

const config = `
  import { defineCommandHandler, defineEventHandler, header, payload } from ${entry};
  setInterval(() => {}, 1000);
  export default {
    service: 'billing',
    handlers: [
      defineCommandHandler({
        routingKey: 'billing.change',
        distributed: true,
        parameters: { change: payload(), executorId: header('executorId') },
        handle() {},
      }),
      defineEventHandler({ routingKey: 'order.*', endpointId: 'audit', parameters: [payload()], handle() {} }),
    ],
  };
`;

const lines = [
  'ENDPOINT  HANDLER         KIND     ROUTING KEY     DISTRIBUTED  PARAMETERS',
  'billing   billing.change  command  billing.change  yes          change: payload, executorId: header executorId',
  'billing   audit           event    order.*         no           payload',
];

describe('littoral list', () => {
  test('prints a table, in production and without a broker too, and ends whatever the configuration keeps open', async () => {
    const cwd = folderOf({ 'littoral.config.mjs': config });
    const { code, stdout, stderr } = await littoral(['list'], { cwd, environment: { NODE_ENV: 'production' } }).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(`${lines.join('\n')}\n`);
  });

  test('names the endpoint of a service that has no handlers', () => {
    const table = endpointTable({ name: 'shop', queue: 'distributed_shop', concurrency: 10, handlers: [] });
    expect(table.split('\n')[1]).toBe('shop      (none)');
  });
});
