import { METHODS } from 'node:http';
import { Command } from 'commander';
import { LittoralError } from '../errors.ts';
import type { CheckedRequest } from '../gateway/check-access.ts';
import { accessText } from './access-text.ts';
import { nonEmpty } from './argument-values.ts';
import { configOption } from './config-option.ts';
import { loadComponents } from './load-components.ts';
import { exitProcess, print } from './output.ts';
import { readKeyInput } from './read-key-input.ts';

interface CheckOptions {
  readonly config?: string;
  readonly anonymous?: boolean;
  readonly certificate?: readonly string[];
}

const exitCode = { allowed: 0, refused: 1 } as const;

export function authCheckCommand(): Command {
  return new Command('auth:check')
    .summary('show whether a request would be allowed, and why')
    .usage('[options] <token> <method> <path>')
    .argument('<words...>', 'the key or token, or - to read it from standard input; a method; a path')
    .description(
      'Show whether a request would be allowed, by which credentials and grants, and which status it would get. The command sends no message and needs no broker; it fetches the keys of an issuer (jwksUrl). Write - in place of the token, and pass the token through standard input, because other users can see the arguments of a process, and shells store them. Exit codes: 0 allowed, 1 refused, 2 wrong usage.',
    )
    .option('--anonymous', 'check a request without a token; omit the token argument')
    .option(
      '--certificate <name>',
      'a name in the client certificate: a URI, DNS:… or CN=…; repeatable',
      certificateName,
    )
    .addOption(configOption())
    .action(async (words: readonly string[], options: CheckOptions) => {
      const request = await readRequest(words, options);
      const [{ createLogger, loadConfig, resolveConfig }, { checkAccess }] = await Promise.all([
        loadComponents(),
        import('../gateway/check-access.ts'),
      ]);
      // The command sends no message, so the channel need not be set, even in production.
      const config = resolveConfig(await loadConfig(options.config), { ...process.env, NODE_ENV: undefined });
      const check = await checkAccess({ config, logger: createLogger('silent') }, request);
      await print(accessText(request, config, check));
      await exitProcess(check.problem === undefined ? exitCode.allowed : exitCode.refused);
    });
}

/** @throws LittoralError `wrong-usage` */
async function readRequest(words: readonly string[], options: CheckOptions): Promise<CheckedRequest> {
  const hasToken = options.anonymous !== true && !(options.certificate !== undefined && words.length === 2);
  const [method = '', path = '', ...others] = hasToken ? words.slice(1) : words;
  if (path === '' || others.length > 0) {
    const wanted = hasToken ? 'a token, a method and a path' : 'a method and a path with --anonymous';
    throw wrongUsage(`auth:check needs ${wanted}, such as ${hasToken ? '- ' : ''}POST /events/order.placed.`);
  }
  if (!METHODS.includes(method.toUpperCase()))
    throw wrongUsage(`'${method}' is not an HTTP method. Write one such as POST.`);
  if (!/^\/[!-~]*$/.test(path)) {
    throw wrongUsage(
      'The path must begin with /, and contain only visible ASCII characters. Percent-encode all others.',
    );
  }
  const [word = ''] = words;
  const token = hasToken ? await (word === '-' ? readKeyInput('token') : word) : undefined;
  if (token !== undefined && !/^[!-~]+$/.test(token)) {
    throw wrongUsage('The token must not be empty, and may contain only visible ASCII characters.');
  }
  return { method: method.toUpperCase(), path, token, certificateNames: options.certificate };
}

function certificateName(name: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, nonEmpty(name)];
}

function wrongUsage(detail: string): LittoralError {
  return new LittoralError('wrong-usage', detail);
}
