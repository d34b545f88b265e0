import { writeFile } from 'node:fs/promises';
import { createGateway } from '../src/gateway/gateway.ts';

/** The OpenAPI document of the gateway, from the schemas of its own routes. */
export async function openApiDocument(): Promise<string> {
  const config = { service: 'billing', channel: 'in-memory', logLevel: 'silent' } as const;
  const { app } = createGateway(config, { environment: {} });
  const document = (await app.inject('/openapi.json')).json();
  await app.close();
  return `${JSON.stringify(document, null, 2)}\n`;
}

export const openApiFile = new URL('openapi.json', import.meta.url);

if (process.argv[1] === import.meta.filename) await writeFile(openApiFile, await openApiDocument());
