import { safeText } from '#trust';

/** Widest line that is written on purpose. */
export const width = 100;

/** Breaks a text at spaces into lines that fit behind `indent` characters; a word that is too long is broken where it must be. */
export function wrap(text: string, indent: number): string[] {
  const room = width - indent;
  return safeText(text, { lines: true })
    .split('\n')
    .flatMap((line) => wrapLine(line.replaceAll('\t', '    '), room));
}

function wrapLine(line: string, room: number): string[] {
  const lines: string[] = [];
  let rest = line;
  while (rest.length > room) {
    const space = rest.lastIndexOf(' ', room);
    const at = space > room / 2 ? space : room;
    lines.push(rest.slice(0, at));
    rest = rest.slice(at).trimStart();
  }
  return [...lines, rest];
}

/** `label` in a column of 14, then the text; further lines stand below the text. */
export function row(label: string, text: string): string[] {
  const [first = '', ...more] = wrap(text, 16);
  return [`  ${label.padEnd(14)}${first}`, ...more.map((line) => `${' '.repeat(16)}${line}`)];
}

/** A value as a person reads it: text as it is, everything else as JSON. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A table with a heading, columns as wide as their longest cell. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const safe = rows.map((cells) => cells.map((cell) => safeText(cell)));
  const widths = heading.map((name, column) =>
    Math.max(name.length, ...safe.map((cells) => (cells[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd(); // prettier-ignore
  return [line(heading), ...safe.map(line)].join('\n');
}
