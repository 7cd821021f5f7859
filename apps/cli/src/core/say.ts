import { safeText } from '#trust';

/** Widest line that is written on purpose. */
export const width = 100;
/** Where the text beside a label begins. */
export const textColumn = 17;

/**
 * Breaks a text at spaces into lines that fit behind `indent` columns; a word that is too long is broken where it must be.
 * Empty lines one after another are counted instead of shown: they could push away what stands below.
 */
export function wrap(text: string, indent: number): string[] {
  const room = width - indent;
  const lines = safeText(text, { lines: true }).replaceAll('\t', '    ').split('\n');
  return withoutGaps(lines).flatMap((line) => wrapLine(line, room));
}

/** Breaks a text so that not one character is lost or moved; whatever cannot be seen, line breaks too, becomes visible. */
export function chop(text: string, indent: number): string[] {
  const lines: string[] = [];
  let rest = safeText(text);
  do {
    const at = fitting(rest, width - indent);
    lines.push(rest.slice(0, at));
    rest = rest.slice(at);
  } while (rest !== '');
  return lines;
}

function withoutGaps(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let gap = 0;
  const close = (): void => {
    if (gap === 1) kept.push('');
    if (gap > 1) kept.push(`⟨${String(gap)} empty lines⟩`);
    gap = 0;
  };
  for (const line of lines) {
    if (line.trim() === '') {
      gap += 1;
      continue;
    }
    close();
    kept.push(line);
  }
  close();
  return kept;
}

function wrapLine(line: string, room: number): string[] {
  const lines: string[] = [];
  let rest = line;
  for (;;) {
    const end = fitting(rest, room);
    if (end === rest.length) return [...lines, rest];
    const space = rest.lastIndexOf(' ', end);
    const at = space > end / 2 ? space : end;
    lines.push(rest.slice(0, at));
    rest = rest.slice(at).trimStart();
  }
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18aff}\u{1b000}-\u{1b2ff}\u{1f000}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;

/** Columns that a text takes on a terminal, at most: East Asian characters and emoji take two. */
export function columns(text: string): number {
  let taken = 0;
  for (const char of text) taken += wide.test(char) ? 2 : 1;
  return taken;
}

/** How much of the text fits into `room` columns; at least one character, and never half of one. */
function fitting(text: string, room: number): number {
  let taken = 0;
  let at = 0;
  for (const char of text) {
    taken += wide.test(char) ? 2 : 1;
    if (taken > room && at > 0) return at;
    at += char.length;
  }
  return at;
}

/** `label` in its column, then the text; further lines stand below the text. A label that is too wide stands on a line of its own. */
export function row(label: string, text: string): string[] {
  return beside(label, wrap(text, textColumn));
}

/** As `row`, for lines that are ready. */
export function beside(label: string, lines: readonly string[]): string[] {
  const head = `  ${safeText(label)}`;
  const gap = ' '.repeat(textColumn);
  const below = (text: string): string => (text === '' ? '' : `${gap}${text}`);
  if (columns(head) >= textColumn) return [...chop(head, 0), ...lines.map(below)];
  const [first = '', ...more] = lines;
  return [first === '' ? head.trimEnd() : `${head.padEnd(textColumn)}${first}`, ...more.map(below)];
}

/** What is told on standard error when something fails: one line, whatever others wrote into it. */
export function oneLine(text: string): string {
  return `${safeText(text.trim().replace(/\s*\n\s*/gu, '; '))}\n`;
}

/** A value as a person reads it: text as it is, everything else as JSON. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A table with a heading, columns as wide as their widest cell. Cells never break: ids in them are for copying. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heading, ...rows.map((cells) => cells.map((cell) => safeText(cell)))];
  const widths = heading.map((_, column) => Math.max(...all.map((cells) => columns(cells[column] ?? ''))));
  const cellOf = (cell: string, column: number): string =>
    cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - columns(cell)));
  return all.map((cells) => cells.map(cellOf).join('  ').trimEnd()).join('\n');
}
