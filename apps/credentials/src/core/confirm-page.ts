import type { Confirmation, DecisionView, PullBody } from '#contracts';
import { safeText, stageText } from '#trust';
import type { About, Ceremony, Place } from './ceremony.js';

/** How long the browser waits for the key. Milliseconds. */
const keyMs = 120_000;

interface Shown {
  ceremony: Pick<Ceremony, 'about' | 'challenge' | 'holder'>;
  place: Place;
  /** Keys that may be used; for an enrolment those that are there already. */
  credentialIds: readonly string[];
  algorithms: readonly number[];
}

/**
 * The page on which a security key is used, whole: what it is used for, in words and to the letter, and what the browser is to ask the
 * authenticator for. Everything that others wrote is text, with its hidden characters made visible.
 */
export function confirmPage(shown: Shown): string {
  const { about } = shown.ceremony;
  const { title, body, button } = partsOf(about);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${text(title)}</title>
<link rel="stylesheet" href="page.css"><script src="page.js" defer></script></head>
<body><main data-kind="${about.kind}" data-options="${text(JSON.stringify(optionsOf(shown)))}">
<h1>${text(title)}</h1>
${body}
<p><button type="button">${text(button)}</button></p><p><output></output></p></main></body></html>
`;
}

/** In the JSON form that browsers parse (WebAuthn Level 3, section 5.1.8). */
function optionsOf({ algorithms, ceremony, credentialIds, place }: Shown): object {
  const { about, challenge, holder } = ceremony;
  const named = credentialIds.map((id) => ({ type: 'public-key', id }));
  if (about.kind !== 'enrol') {
    return { challenge, rpId: place.rpId, allowCredentials: named, userVerification: 'required', timeout: keyMs };
  }
  return {
    challenge,
    rp: { id: place.rpId, name: `Sallyport ${about.gate}` },
    user: { id: Buffer.from(holder.person).toString('base64url'), name: holder.person, displayName: holder.person },
    pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
    excludeCredentials: named,
    authenticatorSelection: { userVerification: 'required', residentKey: 'discouraged' },
    attestation: 'none',
    timeout: keyMs,
  };
}

function partsOf(about: About): { title: string; body: string; button: string } {
  switch (about.kind) {
    case 'enrol':
      return {
        title: `Enrol a security key for ${about.person}`,
        body: `<p>“${text(about.label)}” will confirm decisions of ${text(about.person)} at ${text(about.gate)}. Go on only if you asked for this and it is your own key.</p>`,
        button: 'Enrol this key',
      };
    case 'pull':
      return { title: 'Pull the kill switch', body: pullPart(about.pull), button: 'Confirm the pull with your security key' };
    case 'vote': {
      const word = about.confirms.decision === 'approve' ? 'Approve' : 'Deny';
      return { title: `${word}: ${about.view.headline}`, body: viewPart(about.view), button: `${word}, with your security key` };
    }
  }
} // prettier-ignore

function pullPart(pull: PullBody): string {
  const what = pull.scope === 'global' ? 'everything' : `${pull.scope} ${pull.id}`;
  return list([
    ['what stops', what],
    ['why', pull.reason],
  ]);
}

/** In the order in which a person decides: who, what, where, how much, to the letter, facts, findings, points; last what the agent itself says. */
function viewPart(view: DecisionView): string {
  const { access, action, agent, resource } = view;
  const stages = view.stages.map(
    (one) => `${String(one.stage)}. ${String(one.quorum)} of ${stageText(one)}${nextOf(one)}${pointsOf(one.confirmations)}`,
  );
  return [
    list([
      ['who asks', `${agent.id}, version ${String(agent.version)}, of ${agent.owner}; ${agent.proof}`],
      ...(agent.on_behalf_of === undefined ? [] : [['on behalf of', agent.on_behalf_of] as const]),
      ['what', `${action.name}${action.inspectable ? '' : ' (UNINSPECTABLE: nobody has registered what this means)'}`],
      ['where', `${resource.type} ${resource.id}`],
      ['would grant', `${access.profile}, ${String(access.ttl_seconds)} s, ${String(access.uses)} use(s)`],
    ]),
    section('what it says', [JSON.stringify(action.properties, null, 2)], 'pre'),
    section('summed up, too long to show', (action.summaries ?? []).map((summary) => JSON.stringify(summary, null, 2)), 'pre'),
    section(action.summaries === undefined ? 'exact bytes' : 'text', [view.exact], 'pre'),
    section('facts', view.facts.map(({ name, source, value }) => `${name} = ${JSON.stringify(value)} (${source})`)),
    section('findings', view.findings.map(({ code, controls, rule, title }) => `${rule} ${title} (${code}; ${controls.join(', ')})`)),
    section(view.parallel === true ? 'who decides, all at once, on which points' : 'who decides, on which points', stages),
    section('never decide', view.excluded.map(({ person, why }) => `${person} (${why})`)),
    `<p>action ${text(view.action_id)}<br>${text(view.action_digest)}</p>`,
    `<div class="claimed">${section(view.unverified.label, [JSON.stringify(view.unverified.context, null, 2)], 'pre')}</div>`,
  ].join('\n');
} // prettier-ignore

const nextOf = ({ escalate }: DecisionView['stages'][number]): string =>
  escalate === undefined ? '' : `, or ${escalate.to} after ${String(escalate.after_seconds)} s without a decision`;

const pointsOf = (points: readonly Confirmation[]): string =>
  points.map(({ id, text: said }) => `\n${id}: ${said}`).join('');

function section(title: string, lines: readonly string[], as: 'pre' | 'li' = 'li'): string {
  if (lines.length === 0) return '';
  const items = lines.map((line) => `<${as}>${text(line)}</${as}>`).join('');
  return `<h2>${text(title)}</h2>${as === 'li' ? `<ul>${items}</ul>` : items}`;
}

function list(rows: readonly (readonly [string, string])[]): string {
  return `<dl>${rows.map(([name, said]) => `<dt>${text(name)}</dt><dd>${text(said)}</dd>`).join('')}</dl>`;
}

/** What others wrote, for an element or an attribute: no markup, nothing hidden. */
function text(said: string): string {
  const marks: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return safeText(said, { lines: true }).replaceAll(/[&<>"']/gu, (mark) => marks[mark] ?? '');
} // prettier-ignore
