/**
 * Characters that a person cannot see, or that make a text look different from what it is: C0 and C1 controls, soft
 * hyphen, bidirectional controls, zero-width characters, line separators, variation selectors, tags (CVE-2021-42574 and kin).
 */
const hidden =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\u{e0000}-\u{e0fff}]/gu;

const controlInText = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/u;

/** True when an id or a name holds nothing hidden and no line break. */
export function machineText(text: string): boolean {
  return text.search(hidden) === -1;
}

/** True when a value that may span lines (a statement, a payload) holds nothing hidden but newline and tab. */
export function machineLines(text: string): boolean {
  return text.replaceAll(/[\n\t]/gu, '').search(hidden) === -1;
}

/** True when free text (a justification, a rollback plan) holds no control character but newline and tab. Shown through `safeText` only. */
export function freeText(text: string): boolean {
  return !controlInText.test(text);
}

/** For showing to people, on any screen, in any mail: hidden characters become `\u{...}` chips that can be seen. */
export function safeText(text: string, { lines = false } = {}): string {
  return text.toWellFormed().replace(hidden, (char) => (lines && (char === '\n' || char === '\t') ? char : chip(char)));
}

function chip(char: string): string {
  return `⟨U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
}
