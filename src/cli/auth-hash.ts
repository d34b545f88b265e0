import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { LittoralError } from '../errors.ts';
import { digestOf, validateKeyText } from '../http/auth/api-keys.ts';
import { exitProcess, print } from './output.ts';

export function authHashCommand(): Command {
  return new Command('auth:hash')
    .summary('print the SHA-256 of a key, for auth.keys')
    .description(
      'Print the SHA-256 of a key, which stands in the configuration in place of the key. The key is read from standard input, because arguments are visible to other users.',
    )
    .option('--generate', 'make a new key, and print it in the first line')
    .action(async ({ generate = false }: { readonly generate?: boolean }) => {
      const key = generate ? randomBytes(32).toString('base64url') : (await text(process.stdin)).replace(/\r?\n$/, '');
      const issue = validateKeyText(key);
      if (issue !== undefined) throw new LittoralError('wrong-usage', `The key on standard input ${issue}.`);
      const hash = digestOf(key).toString('hex');
      await print(generate ? `${key}\n${hash}\n` : `${hash}\n`);
      await exitProcess(0);
    });
}
