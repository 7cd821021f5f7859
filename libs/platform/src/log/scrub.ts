const longestText = 300;

/**
 * Text of an error or of somebody else's library, made fit for a log: whatever stands in quotes is a value and not a word, a long run without spaces may
 * be a token, and an address may carry credentials. The second net only: the first is the list of fields.
 */
export function scrub(text: string): string {
  return text
    .slice(0, longestText * 4)
    .replace(/[a-z][a-z0-9+.-]*:\/\/\S+/giu, '…')
    .replace(/(["'`])(?:(?!\1).)*\1/gsu, '$1…$1')
    .replace(/[^\s"'`()[\]{},;]{24,}/gu, '…')
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .slice(0, longestText);
}
