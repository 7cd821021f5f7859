/**
 * Where links in mails and chats lead. The page is the same for everybody and for every id, existing or not: it reads nothing, knows nobody and
 * can decide nothing, so it does not matter who opens it, how often, or with what. It has no script, no form, no link and no style.
 */
export function landingPage(actionId: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>A request to an agent gate</title></head>
<body>
<h1>An AI agent asks for something</h1>
<p>This page decides nothing, and shows nothing of the request. You decide with the program on your own machine, which checks what the gate shows:</p>
<pre>sallyport login
sallyport approvals show ${actionId}</pre>
<p>Whoever asks you to decide by a link, a button or an answer to a mail is not this gate.</p>
</body>
</html>
`;
}

/** Nothing may run, load, be sent, be framed or be kept; nobody behind this page learns where its reader came from. */
export const landingHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox; require-trusted-types-for 'script'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'x-robots-tag': 'noindex',
};
