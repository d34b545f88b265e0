const maxListed = 20;

/** Names in a row, for an error, which must stay readable: of many only the first, and how many more there are. */
export function listed(names: readonly string[], separator = ', '): string {
  const more = names.length - maxListed;
  if (more <= 0) return names.join(separator);
  return `${names.slice(0, maxListed).join(separator)}${separator}${more} more`;
}
