import { version } from '../version.ts';

/** What the OpenAPI document says beside the routes themselves. */
export const openApi = {
  openapi: '3.1.0',
  info: {
    title: 'littoral',
    description:
      'HTTP gateway and sidecar for distributed commands and events. Whatever is answered with 202 has been confirmed by the broker.',
    version,
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/', description: 'This gateway.' }],
  tags: [
    { name: 'Send', description: 'Commands, events and messages.' },
    { name: 'Endpoints', description: 'What receives messages here.' },
    { name: 'Health', description: 'For orchestrators.' },
    { name: 'Documents', description: 'This description.' },
  ],
};
