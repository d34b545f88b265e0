import { asFunction } from 'awilix';
import { pino } from 'pino';
import Type from 'typebox';
import { ConversionService } from '../../src/conversion/conversion-service.ts';
import { defineTypeConverter } from '../../src/conversion/type-converter.ts';
import { invokeInScope, NoDeadline } from '../../src/handler/invocation-scope.ts';
import { methodInvoker } from '../../src/handler/method-invoker.ts';
import { Header } from '../../src/message/message-headers.ts';
import { abortSignal } from '../../src/parameter/abort-signal.ts';
import { configurationVariable } from '../../src/parameter/configuration-variable.ts';
import { header } from '../../src/parameter/header.ts';
import { headers } from '../../src/parameter/headers.ts';
import { message } from '../../src/parameter/message.ts';
import type { ParameterContext, ParameterConverter } from '../../src/parameter/parameter-converter.ts';
import { payload } from '../../src/parameter/payload.ts';
import { reference } from '../../src/parameter/reference.ts';
import { ServiceContainer } from '../../src/scope/service-container.ts';
import type { BenchOptions, Verdict } from './bench.ts';
import { ChangeDetails } from './change-details.ts';
import { commandBody } from './command-body.ts';
import { command } from './destination.ts';
import { median } from './measurement.ts';
import { textTable } from './text-table.ts';

class Details {
  readonly details: ChangeDetails;
  constructor(details: ChangeDetails) {
    this.details = details;
  }
}

const toDetails = defineTypeConverter({
  from: ChangeDetails,
  to: Details,
  convert: (details) => new Details(details),
});

class Prices {
  of(article: string): number {
    return article.length;
  }
}

// These names are not declared, and the type of what they stand for does not matter here.
const service = (name: string) => reference(name as 'logger');

/** Each is the one parameter of a function that does nothing. */
const subjects: Readonly<Record<string, readonly ParameterConverter[]>> = {
  'no parameter': [],
  'payload()': [payload()],
  'payload(type)': [payload(ChangeDetails)],
  'header(name)': [header(Header.id)],
  'header(name, type)': [header(Header.id, Type.String())],
  'headers()': [headers()],
  'message()': [message()],
  'abortSignal()': [abortSignal()],
  'configurationVariable(name)': [configurationVariable('multiplier')],
  'reference(singleton)': [service('singleton')],
  'reference(scoped)': [service('scoped')],
  'reference(logger)': [reference('logger')],
  'header, expression': [header(Header.id, { expression: `value & '-' & headers.correlationId` })],
  'payload, a path': [payload({ expression: 'payload.billing.iban' })],
  'payload, expression': [payload({ expression: '$sum(payload.lines.(amount * price))' })],
  'payload, function': [payload({ expression: ({ payload }) => payload.billing.iban })],
  'payload, method of a service': [payload({ expression: "reference('singleton').of(payload.personId)" })],
  'payload(class)': [payload(Details)],
};

const notSent = () => {
  throw new Error('nothing is sent here');
};

/** What each parameter converter costs on a command of 1 KB of JSON, the scope of its call included. */
export async function benchConverters({ quick }: BenchOptions): Promise<Verdict> {
  const [rounds, calls] = quick ? [5, 10_000] : [15, 50_000];
  const transport = command(Buffer.from(commandBody));
  const message = { headers: transport.headers, payload: transport.body };
  const services = new ServiceContainer(
    (all) =>
      all.register({
        singleton: asFunction(() => new Prices()).singleton(),
        scoped: asFunction(() => new Prices())
          .scoped()
          .disposer(() => {}),
      }),
    { logger: pino({ level: 'silent' }), distributedBus: notSent, commandBus: notSent, eventBus: notSent },
  );
  const context: ParameterContext = {
    services,
    conversion: new ConversionService([toDetails]),
    variables: { multiplier: 10 },
  };
  const invokers = Object.entries(subjects).map(([name, parameters]) => {
    const invoker = methodInvoker(parameters, () => {}, { ...context, handler: 'bench' });
    return { name, invoker, micros: [] as number[] };
  });
  for (let round = 0; round <= rounds; round++) {
    for (const { invoker, micros } of invokers) {
      const startedAt = performance.now();
      for (let call = 0; call < calls; call++) {
        const result = invokeInScope(invoker, services.open({ message, deadline: new NoDeadline() }));
        if (result instanceof Promise) await result;
      }
      // In the first round the code is not compiled yet.
      if (round > 0) micros.push(((performance.now() - startedAt) * 1000) / calls);
    }
  }
  const lines = invokers.map(({ name, micros }) => [name, median(micros).toFixed(2)]);
  return { text: textTable(['parameter', 'µs per call'], lines), failed: false };
}
