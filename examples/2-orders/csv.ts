import type { MediaTypeConverter } from 'littoral';

/** Reads `text/csv`: a list of objects, by the names in the first line. Enough for prices, which hold no commas. */
export const csvConverter: MediaTypeConverter = {
  name: 'CSV',
  matches: (source, target) => source.essence === 'text/csv' && target.essence === 'application/x-js',
  convert(payload) {
    const lines = new TextDecoder()
      .decode(payload as Uint8Array)
      .trim()
      .split(/\r?\n/);
    const [names = [], ...rows] = lines.map((line) => line.split(','));
    return rows.map((row) => Object.fromEntries(names.map((name, column) => [name, row[column]])));
  },
};
