/** Spellings of other languages that JSONata cannot parse, each with the spelling to use. */
const slips: readonly (readonly [RegExp, string])[] = [
  [/!==/g, '"not equal" is !='],
  [/===?/g, '"equal" is a single ='],
  [/<>/g, '"not equal" is !='],
  [/&&/g, 'write and'],
  [/\|\|/g, 'write or'],
  [/\bAND\b/g, 'write and, in small letters'],
  [/\bOR\b/g, 'write or, in small letters'],
  [/\?\./g, 'a step on a missing value gives no value; write . alone'],
  [/\?->/g, 'a step on a missing value gives no value; write . alone'],
  [/=>/g, 'a function is function($x){ … }'],
  [/->/g, 'a field is written with a dot: payload.x'],
  [/\bnot\s+in\b/g, 'write $not(a in b)'],
  [/\bnot\b(?!\s*\()/g, 'write $not(…)'],
  [/!(?!=)/g, 'write $not(…)'],
  [/\*\*/g, 'a power is $power(a, b)'],
  [/\bmatches\b/g, 'write $contains(text, /pattern/)'],
  [
    /\b(?:contains|starts\s+with|ends\s+with)\b/g,
    'write $contains(text, /^beginning/), with the pattern that is meant',
  ],
  [/~(?!>)/g, 'texts are joined with &'],
  [/`[^`]*\$\{/g, 'texts are joined with &'],
];

/** Literals, in which no spelling is searched: texts, names in backticks, comments. */
const literals = /'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:[^`$]|\$(?!\{))*`|\/\*[\s\S]*?\*\//g;

/**
 * @param position behind the token that could not be parsed
 * @returns the spelling to use instead; undefined if there is no spelling of another language
 */
export function findSlip(text: string, position: number): string | undefined {
  const code = text.replace(literals, (literal) => ' '.repeat(literal.length));
  for (const [pattern, remedy] of slips) {
    for (const { 0: found, index } of code.matchAll(pattern)) {
      // The parser stops at the beginning of the spelling, at its end, or at the token behind it.
      const behind = index + found.length;
      const next = behind + (/^\s*[\w$]*/.exec(code.slice(behind))?.[0].length ?? 0);
      if (index < position && position <= Math.max(next, behind + 1))
        return `${found.trim()} is not JSONata's: ${remedy}`;
    }
  }
  return undefined;
}
