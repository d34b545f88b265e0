import { asClass } from 'awilix';
import { defineCommandHandler, defineConfig, payload, reference } from 'littoral';
import Type from 'typebox';

class Notifier {
  notify(_personId: string): void {}
}

class Printer {
  async print(_page: number): Promise<void> {}
}

const Person = Type.Object({ personId: Type.String() });

const changeDetails = defineCommandHandler({
  routingKey: 'billing.changeDetails',
  distributed: true,
  parameters: {
    command: payload(Person),
    notifier: reference(Notifier),
    bus: reference('distributedBus'),
  },
  async handle({ command, notifier, bus }) {
    notifier.notify(command.personId);
    await bus.convertAndPublishEvent('billing.detailsWereChanged', command);
  },
});

const close = defineCommandHandler({
  routingKey: 'billing.close',
  distributed: true,
  payload: Person,
  handle({ personId }) {
    if (personId === 'unknown') throw new Error('no such person');
  },
});

const print = defineCommandHandler({
  routingKey: 'billing.print',
  distributed: true,
  parameters: { page: payload(Type.Object({ page: Type.Integer() })), printer: reference(Printer) },
  handle: ({ page, printer }) => printer.print(page.page),
});

export default defineConfig({
  service: 'billing',
  handlers: [changeDetails, close, print],
  container: (container) =>
    container.register({ notifier: asClass(Notifier).singleton(), printer: asClass(Printer).singleton() }),
  configuration: { isDevelopmentMode: false },
});
