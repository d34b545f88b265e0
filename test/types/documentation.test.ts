import { fileURLToPath } from 'node:url';
import ts from 'typescript59';
import { expect, test } from 'vitest';

const source = fileURLToPath(new URL('../../src/', import.meta.url));
const entries = ['index.ts', 'testing.ts'];

/** The names of what an entry exports without a docstring, and of the members of its types and classes. */
function undocumented(entry: string): string[] {
  const options: ts.CompilerOptions = { noLib: true, types: [], target: ts.ScriptTarget.ES2022 };
  const host = ts.createCompilerHost(options);
  // Only littoral's own files: the types of libraries are documented elsewhere.
  host.resolveModuleNameLiterals = (literals, importer) =>
    literals.map(({ text }) => {
      const file = text.startsWith('.') ? fileURLToPath(new URL(text, `file://${importer}`)) : undefined;
      return { resolvedModule: file === undefined ? undefined : { resolvedFileName: file, extension: '.ts' } };
    });
  const program = ts.createProgram([source + entry], { ...options, allowImportingTsExtensions: true }, host);
  const checker = program.getTypeChecker();
  const isDocumented = (symbol: ts.Symbol) => {
    // Each overload, because an editor shows the docstring of the one that is called.
    const isFunction = (symbol.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Method)) !== 0;
    const overloads = isFunction ? checker.getTypeOfSymbol(symbol).getCallSignatures() : [];
    return [symbol, ...overloads].every((documented) => documented.getDocumentationComment(checker).length > 0);
  };
  const file = checker.getSymbolAtLocation(program.getSourceFile(source + entry) as ts.SourceFile) as ts.Symbol;
  return checker.getExportsOfModule(file).flatMap((exported) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    const members = [...(symbol.members?.values() ?? [])].filter(isPublicMember);
    const issues = members.filter((member) => !isDocumented(member)).map(({ name }) => `${exported.name}.${name}`);
    return isDocumented(symbol) ? issues : [exported.name, ...issues];
  });
}

/** A property, accessor or method that users can name. */
function isPublicMember({ flags, name }: ts.Symbol): boolean {
  const kinds = ts.SymbolFlags.Property | ts.SymbolFlags.Method | ts.SymbolFlags.Accessor;
  return (flags & kinds) !== 0 && !name.startsWith('__') && !name.includes('#');
}

test.each(entries)('%s exports nothing without documentation', (entry) => {
  expect(undocumented(entry)).toEqual([]);
});
