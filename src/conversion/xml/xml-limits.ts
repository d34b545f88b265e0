/** Maximum number of nested elements. */
export const maxXmlDepth = 100;
/** Maximum number of attributes and children of different names of one element. */
export const maxXmlFields = 1_000;
/**
 * Maximum number of different names of elements and attributes of a document. JavaScript takes ten times as long for an
 * object whose names no other object has.
 */
export const maxXmlNames = 20_000;
/** Maximum number of elements and attributes of a document. */
export const maxXmlNodes = 100_000;

/**
 * Maximum number of tabs and line ends in attributes, of `]` in CDATA sections, of `-` in comments and of `?` in
 * processing instructions. The parser handles these one by one.
 */
export const maxXmlSigns = 250_000;

/** Maximum number of comments, CDATA sections and processing instructions of a document. */
export const maxXmlSections = 50_000;

/** A part of a document that is not content: its beginning, its end, and the sign that the end consists of. */
interface Section {
  readonly begin: string;
  readonly end: string;
  readonly sign: number;
}

const sections: readonly Section[] = [
  { begin: '<!--', end: '-->', sign: 0x2d },
  { begin: '<![CDATA[', end: ']]>', sign: 0x5d },
  { begin: '<?', end: '?>', sign: 0x3f },
];

/** Returns the limit that a document exceeds; undefined if it exceeds none. */
export function exceededXmlLimit(text: string): string | undefined {
  if (text.length <= maxXmlSigns) return undefined;
  let signs = 0;
  let found = 0;
  for (let at = text.indexOf('<'); at !== -1; ) {
    const section = sections.find(({ begin }) => text.startsWith(begin, at));
    const end = section ? endOfSection(text, at, section) : endOfTag(text, at);
    if (section) found += 1;
    signs += section ? countSign(text, at, end, section.sign) : countWhiteSpace(text, at, end);
    if (found > maxXmlSections) {
      return `more than ${maxXmlSections} comments, CDATA sections and processing instructions`;
    }
    if (signs > maxXmlSigns) {
      return `more than ${maxXmlSigns} tabs and line ends in attributes, ] in CDATA sections, - in comments and ? in processing instructions`;
    }
    at = text.indexOf('<', end);
  }
  return undefined;
}

function endOfSection(text: string, at: number, { begin, end }: Section): number {
  const index = text.indexOf(end, at + begin.length);
  return index === -1 ? text.length : index;
}

/** Returns the index of the end of a tag, which is no `>` in the value of an attribute. */
function endOfTag(text: string, at: number): number {
  let quote = 0;
  for (let index = at; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (quote !== 0) {
      if (code === quote) quote = 0;
    } else if (code === 0x22 || code === 0x27) quote = code;
    else if (code === 0x3e) return index;
  }
  return text.length;
}

function countSign(text: string, start: number, end: number, sign: number): number {
  let count = 0;
  for (let index = start; index < end; index++) if (text.charCodeAt(index) === sign) count++;
  return count;
}

function countWhiteSpace(text: string, start: number, end: number): number {
  let count = 0;
  for (let index = start; index < end; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x09 || code === 0x0a) count++;
  }
  return count;
}
