import type { MessageHeaders } from '../../src/message/message-headers.ts';
import {
  invocationOfMessage,
  type ParameterConverter,
  type ParameterSite,
} from '../../src/parameter/parameter-converter.ts';
import { directoryOf, parameterContext, servicesOf } from './parameter-context.ts';

export const site: ParameterSite = {
  handler: "command handler 'billing.change'",
  parameter: 'command',
  ...parameterContext(),
};

/** What a converter makes of one message. */
export function resolve<Argument>(
  converter: ParameterConverter<Argument>,
  headers: MessageHeaders,
  payload: unknown = new Uint8Array(),
): Argument | Promise<Argument> {
  return converter.prepare(site)(invocationOfMessage({ headers, payload }));
}

/** The same for a payload of text with a content type. */
export function resolveBody<Argument>(
  converter: ParameterConverter<Argument>,
  contentType: unknown,
  body: string | Uint8Array,
): Argument | Promise<Argument> {
  return resolve(converter, { contentType }, Buffer.from(body));
}

/** What a converter makes of a message, with these services and configuration variables. */
export function resolveWith<Argument>(
  converter: ParameterConverter<Argument>,
  {
    payload,
    headers = {},
    services = {},
    variables = {},
    parameter = 'command',
  }: {
    readonly payload?: unknown;
    readonly headers?: MessageHeaders;
    readonly services?: Readonly<Record<string, unknown>>;
    readonly variables?: Readonly<Record<string, unknown>>;
    readonly parameter?: string;
  },
): Argument | Promise<Argument> {
  const context = parameterContext({ services: directoryOf(services), variables });
  const invocation = invocationOfMessage({ headers, payload });
  return converter.prepare({ ...site, ...context, parameter })({ ...invocation, services: servicesOf(services) });
}
