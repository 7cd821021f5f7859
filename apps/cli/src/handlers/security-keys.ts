import { setTimeout as pause } from 'node:timers/promises';
import {
  ceremonyAnswer, endWebauthnKeyAnswer, stepUpResult, webauthnKeysAnswer, type CeremonyAnswer, type StepUpResult,
} from '#contracts'; // prettier-ignore
import { table } from '../core/say.js';
import { openInBrowser } from '../io/browser.js';
import type { Gate } from '../io/gate.js';
import type { Output } from '../io/output.js';

/** Nothing was confirmed, and so nothing was sent. */
export class NotConfirmed extends Error {}

const pollMs = 1_000;

/** Opens the page of a security key and waits until it was used there. Throws NotConfirmed when nobody did. */
export async function useSecurityKey(gate: Gate, output: Output, begun: CeremonyAnswer): Promise<StepUpResult> {
  const isOpen = await openInBrowser(begun.url);
  const words = isOpen ? 'Your browser shows what you confirm. If it does not, open' : 'Open this address to confirm with your security key:'; // prettier-ignore
  output.always(`${words}\n\n  ${begun.url}\n`);
  const path = `/v1/step-up/${begun.id}/result?c=${begun.secret}`;
  for (;;) {
    const result = await gate.call('credentials', path, stepUpResult);
    if (result.state === 'done') return result;
    if (result.state === 'expired') throw new NotConfirmed('nobody used the security key in time: nothing was sent, try again');
    await pause(pollMs);
  } // prettier-ignore
}

/** Enrols a key of one's own, or opens an enrolment for somebody else, who then has to use the link. */
export async function addSecurityKey(
  gate: Gate,
  output: Output,
  { label, person }: { label: string; person?: string },
): Promise<void> {
  const body = { label, ...(person !== undefined && { person }) };
  const begun = await gate.call('credentials', '/v1/webauthn-keys', ceremonyAnswer, { method: 'POST', body });
  if (person !== undefined) {
    const { url, expires_at } = begun;
    output.result({ url, expires_at }, `Hand this address to ${person}, by a way that you trust, to be used until ${expires_at}:\n\n  ${url}`);
    return;
  }
  await useSecurityKey(gate, output, begun);
  output.result({ enrolled: true, label }, `Enrolled. “${label}” confirms your decisions from now on.`);
} // prettier-ignore

export async function listSecurityKeys(gate: Gate, output: Output): Promise<void> {
  const answer = await gate.call('credentials', '/v1/webauthn-keys', webauthnKeysAnswer);
  const rows = answer.keys.map((key) => [key.label, key.enrolled_at, key.enrolled_by, key.credential_id]);
  output.result(answer, rows.length === 0 ? 'You have no security key.' : table(['label', 'since', 'by', 'key'], rows));
}

export async function endSecurityKey(gate: Gate, output: Output, id: string): Promise<void> {
  const path = `/v1/webauthn-keys/${encodeURIComponent(id)}/end`;
  const answer = await gate.call('credentials', path, endWebauthnKeyAnswer, { method: 'POST' });
  output.result(answer, 'Ended. A registrar can enrol another one for you.');
}
