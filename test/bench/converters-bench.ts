import Type from 'typebox';
import { methodInvoker } from '../../src/handler/method-invoker.ts';
import { Header } from '../../src/message/message-headers.ts';
import { header } from '../../src/parameter/header.ts';
import { headers } from '../../src/parameter/headers.ts';
import { invocationOfMessage, type ParameterConverter } from '../../src/parameter/parameter-converter.ts';
import { payload } from '../../src/parameter/payload.ts';
import { parameterContext } from '../parameter/parameter-context.ts';
import type { BenchOptions, Verdict } from './bench.ts';
import { ChangeDetails } from './change-details.ts';
import { commandBody } from './command-body.ts';
import { command } from './destination.ts';
import { median } from './measurement.ts';
import { textTable } from './text-table.ts';

/** Each is the one parameter of a function that does nothing. */
const subjects: Readonly<Record<string, readonly ParameterConverter[]>> = {
  'no parameter': [],
  'payload()': [payload()],
  'payload(type)': [payload(ChangeDetails)],
  'header(name)': [header(Header.id)],
  'header(name, type)': [header(Header.id, Type.String())],
  'headers()': [headers()],
};

/** What each parameter converter costs on a command of 1 KB of JSON. */
export async function benchConverters({ quick }: BenchOptions): Promise<Verdict> {
  const [rounds, calls] = quick ? [5, 20_000] : [15, 100_000];
  const transport = command(Buffer.from(commandBody));
  const invocation = invocationOfMessage({ headers: transport.headers, payload: transport.body });
  const invokers = Object.entries(subjects).map(([name, parameters]) => {
    const site = { handler: 'bench', ...parameterContext() };
    return { name, invoker: methodInvoker(parameters, () => {}, site), micros: [] as number[] };
  });
  for (let round = 0; round <= rounds; round++) {
    for (const { invoker, micros } of invokers) {
      const startedAt = performance.now();
      for (let call = 0; call < calls; call++) {
        const result = invoker.invoke(invocation);
        if (result instanceof Promise) await result;
      }
      // In the first round the code is not compiled yet.
      if (round > 0) micros.push(((performance.now() - startedAt) * 1000) / calls);
    }
  }
  const lines = invokers.map(({ name, micros }) => [name, median(micros).toFixed(2)]);
  return { text: textTable(['parameter', 'µs per call'], lines), failed: false };
}
