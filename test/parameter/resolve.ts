import { ConversionService } from '../../src/conversion/conversion-service.ts';
import type { MessageHeaders } from '../../src/message/message-headers.ts';
import type { ParameterConverter, ParameterSite } from '../../src/parameter/parameter-converter.ts';

export const site: ParameterSite = {
  handler: "command handler 'billing.change'",
  parameter: 'command',
  conversion: new ConversionService(),
};

/** What a converter makes of one message. */
export function resolve<Argument>(
  converter: ParameterConverter<Argument>,
  headers: MessageHeaders,
  payload: unknown = new Uint8Array(),
): Argument | Promise<Argument> {
  return converter.prepare(site)({ message: { headers, payload } });
}

/** The same for a payload of text with a content type. */
export function resolveBody<Argument>(
  converter: ParameterConverter<Argument>,
  contentType: unknown,
  body: string | Uint8Array,
): Argument | Promise<Argument> {
  return resolve(converter, { contentType }, Buffer.from(body));
}
