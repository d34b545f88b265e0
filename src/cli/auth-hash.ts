import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { LittoralError } from '../errors.ts';
import { digestOf, validateKeyText } from '../http/auth/api-keys.ts';
import { exitProcess, print } from './output.ts';
import { readKeyInput } from './read-key-input.ts';

export function authHashCommand(): Command {
  return new Command('auth:hash')
    .summary('print the SHA-256 of a key, for auth.keys')
    .description(
      'Print the SHA-256 of a key. The configuration contains it instead of the key. The command reads the key from standard input, because other users can see the arguments of a process.',
    )
    .option('--generate', 'create a new key, and print it on the first line')
    .action(async ({ generate = false }: { readonly generate?: boolean }) => {
      const key = generate ? randomBytes(32).toString('base64url') : await readKeyInput('key');
      const issue = validateKeyText(key);
      if (issue !== undefined) throw new LittoralError('wrong-usage', `The key on standard input ${issue}.`);
      const hash = digestOf(key).toString('hex');
      await print(generate ? `${key}\n${hash}\n` : `${hash}\n`);
      await exitProcess(0);
    });
}
