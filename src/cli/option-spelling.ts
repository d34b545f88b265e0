import type { Command } from 'commander';

/** Converts options to their declared spelling, because users may write each in camelCase or in kebab-case. */
export function withDeclaredSpelling(args: readonly string[], commands: readonly Command[]): string[] {
  const declared = new Map<string, string>();
  for (const { long } of commands.flatMap(({ options }) => options)) {
    if (long) declared.set(camelCase(long), long).set(kebabCase(long), long);
  }
  const end = args.indexOf('--');
  return args.map((arg, index) => {
    if (end !== -1 && index > end) return arg;
    const [, name = arg, value = ''] = /^(--[^=]+)(=.*)?$/s.exec(arg) ?? [];
    return (declared.get(name) ?? name) + value;
  });
}

function camelCase(option: string): string {
  return `--${option.slice(2).replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())}`;
}

function kebabCase(option: string): string {
  return option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
