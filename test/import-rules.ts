import type { Import } from './source-imports.ts';

/** What a layer may import of the other layers. */
export type LayerTable = Readonly<Record<string, readonly string[] | 'anything'>>;

/** Where each library may be imported: folders, which end in a slash, and files. */
export type LibraryHomes = Readonly<Record<string, readonly string[]>>;

/** The layer of a file: the folder in `src`, or the file there, or `routes`. */
export function layerOf(file: string): string {
  const [, layer = file] = /^(?:src\/)?([^/]+?)(?:\.ts|\/.*)$/.exec(file) ?? [];
  return layer;
}

/** Imports that the table does not allow, a sentence each. */
export function layerViolations(imports: readonly Import[], table: LayerTable, free: readonly string[]): string[] {
  return imports.filter(isOwn).flatMap(({ from, to }) => {
    const [importer, imported] = [layerOf(from), layerOf(to)];
    const allowed = table[importer];
    if (allowed === undefined) return [`${from}: the layer ${importer} is not in the table`];
    if (importer === imported || free.includes(imported)) return [];
    if (allowed === 'anything' || allowed.includes(imported)) return [];
    return [`${from} imports ${to}: ${importer} may not import ${imported}`];
  });
}

/** Imports of libraries elsewhere than in their homes, a sentence each. */
export function libraryViolations(imports: readonly Import[], homes: LibraryHomes): string[] {
  return imports
    .filter((one) => !isOwn(one) && !one.to.startsWith('node:'))
    .flatMap(({ from, to }) => {
      const home = homes[to];
      if (home === undefined) return [`${from} imports ${to}, which has no home`];
      const isAtHome = home.some((place) => (place.endsWith('/') ? from.startsWith(place) : from === place));
      return isAtHome ? [] : [`${from} imports ${to}, whose home is ${home.join(', ')}`];
    });
}

/** Files that import one another in a circle, each circle once, from its first file to itself. */
export function importCycles(imports: readonly Import[]): string[][] {
  const own = imports.filter(isOwn);
  const finished = new Set<string>();
  const cycles: string[][] = [];
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) {
      cycles.push([...path.slice(path.indexOf(file)), file]);
    } else if (!finished.has(file)) {
      for (const { from, to } of own) if (from === file) visit(to, [...path, file]);
      finished.add(file);
    }
  };
  for (const { from } of own) visit(from, []);
  return cycles;
}

function isOwn({ to }: Import): boolean {
  return /^(src|routes)\//.test(to);
}
