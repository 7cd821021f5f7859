/**
 * What the page runs, served beside it and never inside it. It asks the authenticator for exactly what the page names
 * (WebAuthn Level 3, section 5.1) and sends the answer; it reads nothing else and writes text only.
 */
export const pageScript = `'use strict';
const main = document.querySelector('main');
const button = document.querySelector('button');
const say = (text) => { document.querySelector('output').textContent = text; };

async function ask() {
  const options = JSON.parse(main.dataset.options);
  const made = main.dataset.kind === 'enrol'
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  const body = JSON.stringify({ secret: new URLSearchParams(location.search).get('c'), credential: made.toJSON() });
  const headers = { 'content-type': 'application/json' };
  return fetch(location.pathname + '/answer', { method: 'POST', headers, body, referrerPolicy: 'no-referrer' });
}

button.addEventListener('click', async () => {
  button.disabled = true;
  say('Waiting for your security key.');
  try {
    const answer = await ask();
    const said = await answer.json();
    main.dataset.state = answer.ok ? 'done' : said.code;
    say(answer.ok ? 'Done. Go back to where you came from.' : said.title + '. Nothing was confirmed.');
    button.disabled = answer.ok;
  } catch (error) {
    main.dataset.state = 'failed';
    say('Your security key did not confirm (' + error.name + '). Nothing was confirmed.');
    button.disabled = false;
  }
});
`;

export const pageStyle = `body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 52rem; padding: 0 1rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1rem; margin: 1.5rem 0 0.25rem; }
pre, li, dd { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; }
pre { border: 1px solid; padding: 0.5rem; } dt { font-weight: bold; } dd { margin: 0 0 0.5rem; }
.claimed { border-left: 4px solid; padding-left: 1rem; } button { font: inherit; padding: 0.5rem 1rem; }
`;

/** No script but the page's own, no frame, no form, no other address; and nothing that this page loads is told where it was. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'publickey-credentials-get=(self), publickey-credentials-create=(self)',
};
