import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** The version of this package, from its own package.json: found by name, wherever this file was built to. */
export const version: string = require('littoral/package.json').version;
