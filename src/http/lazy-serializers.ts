import { createRequire } from 'node:module';
import type { FastifyServerOptions } from 'fastify';

const require = createRequire(import.meta.url);

type CompilersFactory = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>;
type BuildSerializer = NonNullable<CompilersFactory['buildSerializer']>;

/**
 * Fastify's own serializers, each compiled for the first answer that needs it. Fastify compiles one for each status of
 * each route at start, about 150, and loads a validator for that, while a process uses a few of them.
 */
const buildSerializer: BuildSerializer = (schemas, options) => {
  let compile: ReturnType<BuildSerializer> | undefined;
  return (route) => {
    let serialize: ((data: unknown) => string) | undefined;
    return (data) => {
      compile ??= loadSerializerCompiler()(schemas, options);
      serialize ??= compile(route);
      return serialize(data);
    };
  };
};

function loadSerializerCompiler(): BuildSerializer {
  const selector: typeof import('@fastify/fast-json-stringify-compiler') = require('@fastify/fast-json-stringify-compiler');
  return selector() as BuildSerializer;
}

/** Accepts everything: requests are checked by other means than schemas. */
const buildValidator = (() => () => () => true) as unknown as NonNullable<CompilersFactory['buildValidator']>;

/** The compilers of the HTTP server, which load nothing before they are needed. */
export const lazyCompilers: CompilersFactory = { buildValidator, buildSerializer };
