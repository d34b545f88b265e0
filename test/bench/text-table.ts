/** Lines of cells under their titles, the first column to the left, the others to the right. */
export function textTable(titles: readonly string[], lines: readonly (readonly string[])[]): string {
  const widths = titles.map((title, index) =>
    Math.max(...[title, ...lines.map((cells) => cells[index] ?? '')].map(({ length }) => length)),
  );
  const aligned = [titles, ...lines].map((cells) =>
    cells.map((cell, index) => (index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0))),
  );
  return aligned.map((cells) => cells.join('  ')).join('\n');
}
