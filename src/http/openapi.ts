import { version } from '../version.ts';

/** The description of the server that serves the document. */
const description = 'This gateway.';

/** The parts of the OpenAPI document beside the routes. */
export const openApi = {
  openapi: '3.1.0',
  info: {
    title: 'littoral',
    description:
      'HTTP gateway and sidecar for distributed commands and events. Whatever is answered with 202 has been confirmed by the broker.',
    version,
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/', description }],
  tags: [
    { name: 'Send', description: 'Commands, events and messages.' },
    { name: 'Receive', description: 'For an application that fetches its messages.' },
    { name: 'Endpoints', description: 'What receives messages here.' },
    { name: 'Dead letters', description: 'Messages that could not be handled.' },
    { name: 'Health', description: 'For orchestrators.' },
    { name: 'Documents', description: 'This description.' },
  ],
};

/**
 * The document as it holds for a caller: behind a proxy all paths stand under a prefix. The address of the host is that
 * which the document was read from.
 */
export function withPrefix<Document extends object>(document: Document, prefix: string): Document {
  return prefix === '' ? document : { ...document, servers: [{ url: prefix, description }] };
}
