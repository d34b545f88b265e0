import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Compilation, compileAsUser, compilers, createUserProject, type UserProject } from './compile-as-user.ts';
import { declarations } from './compiler-cost.ts';
import { beforeMistake, mistakes } from './mistakes.ts';

let project: UserProject;
beforeAll(async () => {
  project = await createUserProject();
});
afterAll(() => project[Symbol.asyncDispose]());

describe.each(compilers)('TypeScript $version', (compiler) => {
  let compilation: Compilation;
  beforeAll(async () => {
    const withMistakes = Object.entries(mistakes).map(([name, { code }]) => [name, beforeMistake + code]);
    compilation = await compileAsUser(project, compiler, { ...declarations, ...Object.fromEntries(withMistakes) });
  });

  test('reports nothing for the declarations of a service', () => {
    for (const name of Object.keys(declarations)) expect(compilation.errors[name], name).toBeUndefined();
  });

  test.each(Object.entries(mistakes))('reports %s once, with its cause', (name, { error }) => {
    const [reported, ...others] = compilation.errors[name] ?? [];
    expect(others).toEqual([]);
    for (const part of error) expect(reported).toContain(part);
    expect(reported).not.toContain('overload');
  });

  // One use of a type that makes TypeScript infer through TypeBox costs more than a million.
  test('needs less than 80,000 instantiations for forty handlers, twenty type converters and all mistakes', () => {
    expect(compilation.instantiations).toBeGreaterThan(10_000);
    expect(compilation.instantiations).toBeLessThan(80_000);
  });
});
