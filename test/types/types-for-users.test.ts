import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileAsUser, compilers, createUserProject, type UserProject } from './compile-as-user.ts';
import { declarations } from './compiler-cost.ts';
import { beforeMistake, mistakes } from './mistakes.ts';

let project: UserProject;
beforeAll(async () => {
  project = await createUserProject();
});
afterAll(() => project[Symbol.asyncDispose]());

describe.each(compilers)('TypeScript $version', (compiler) => {
  test('reports each likely mistake once, with its cause', async () => {
    const names = Object.keys(mistakes);
    const sources = Object.fromEntries(names.map((name) => [name, beforeMistake + mistakes[name]?.code]));
    const { errors } = await compileAsUser(project, compiler, sources);
    expect(Object.keys(errors).sort()).toEqual(names.sort());
    for (const [name, reported] of Object.entries(errors)) {
      expect(reported, name).toHaveLength(1);
      for (const part of mistakes[name]?.error ?? []) expect(reported[0], name).toContain(part);
      expect(reported[0], name).not.toContain('overload');
    }
  });

  // One use of a type that makes TypeScript infer through TypeBox costs more than a million.
  test('compiles forty handlers and twenty type converters with less than 60,000 instantiations', async () => {
    const { errors, instantiations } = await compileAsUser(project, compiler, declarations);
    expect(errors).toEqual({});
    expect(instantiations).toBeGreaterThan(10_000);
    expect(instantiations).toBeLessThan(60_000);
  });
});
