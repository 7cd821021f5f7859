import { z } from 'zod';
import { builtInGroups, mostToldOneByOne, routingHealthAnswer, widthsAnswer } from '#contracts';
import { openNote, parseCheckpoint, parseVerifierKey } from '#trust';
import { widthWords } from '../core/width-words.js';
import { Refused } from '../io/failures.js';
import type { Gate } from '../io/gate.js';
import type { Output } from '../io/output.js';
import type { DoorName } from '../io/settings.js';
import { allEntries } from './registry.js';

export interface Finding {
  name: string;
  ok: boolean;
  tried: string;
  result: string;
  fix?: string;
}

const readiness = z.object({
  ready: z.boolean(),
  parts: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string() })),
});
const channels = z.object({
  channels: z.array(
    z.object({ group: z.string(), channel: z.string(), state: z.string(), last_error: z.string().optional() }),
  ),
});
const group = z.looseObject({ id: z.string(), spec: z.looseObject({ members: z.array(z.string()) }).optional() });
const worstSkewMs = 5_000;

/** Looks at everything that has to work before the first request can be decided. Changes nothing. True when all is well. */
export async function doctor(gate: Gate, output: Output): Promise<boolean> {
  const services = Object.keys(gate.settings.services) as DoorName[];
  const checks = [
    ...services.map((service) => () => checkService(gate, service)),
    () => checkCheckpoint(gate),
    () => checkChannels(gate),
    () => checkGroups(gate),
    () => checkProfiles(gate),
    () => checkRouting(gate),
  ];
  const findings = (await Promise.all(checks.map((check) => check()))).flat();
  for (const finding of findings) output.result(finding, lineOf(finding));
  const bad = findings.filter(({ ok }) => !ok).length;
  output.note(bad === 0 ? 'All is well.' : `${String(bad)} of ${String(findings.length)} checks failed.`);
  return bad === 0;
}

export function lineOf({ ok, name, result, fix }: Finding): string {
  return `${ok ? 'ok  ' : 'BAD '}  ${name.padEnd(32)}${result}${ok || fix === undefined ? '' : `\n      ${' '.repeat(32)}fix: ${fix}`}`;
}

async function checkService(gate: Gate, service: DoorName): Promise<Finding[]> {
  const url = `${gate.settings.services[service]}/readyz`;
  const about = { name: service, tried: `GET ${url}` };
  const before = Date.now();
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    const report = readiness.parse(await response.json());
    const missing = Object.entries(report.parts).filter(([, part]) => !part.ok).map(([name, part]) => `${name}: ${part.detail}`); // prettier-ignore
    const result = report.ready ? 'ready' : missing.join('; ');
    return [
      { ...about, ok: report.ready, result, fix: `look at the log of ${service}` },
      ...skew(service, response, before),
    ];
  } catch {
    return [{ ...about, ok: false, result: 'does not answer', fix: `start ${service}, or correct its address` }];
  }
}

/** The Date header has whole seconds. A machine that is minutes off makes every proof and signature look stale. */
function skew(service: string, response: Response, before: number): Finding[] {
  const theirs = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(theirs) || Math.abs(theirs - before) < worstSkewMs) return [];
  const seconds = Math.round((theirs - before) / 1_000);
  return [
    {
      name: `clock of ${service}`,
      ok: false,
      tried: 'Date header',
      result: `${String(seconds)} s off`,
      fix: 'synchronise the clocks',
    },
  ];
}

async function checkCheckpoint(gate: Gate): Promise<Finding[]> {
  const about = { name: 'audit checkpoint', tried: 'GET /v1/log/checkpoint' };
  try {
    const note = await (await gate.fetch('audit', '/v1/log/checkpoint', { anonymous: true })).text();
    const key = gate.settings.audit_key === undefined ? undefined : parseVerifierKey(gate.settings.audit_key);
    if (key === undefined) return [{ ...about, ok: true, result: 'there is one; no key is known to check it with' }];
    const checkpoint = parseCheckpoint(openNote(note, key) ?? '');
    const ok = checkpoint !== undefined;
    return [
      {
        ...about,
        ok,
        result: ok ? `signed, ${String(checkpoint.size)} entries` : 'not signed by the known key',
        fix: 'stop and ask who changed the key',
      },
    ];
  } catch (error) {
    return [{ ...about, ok: false, result: wordsOf(error), fix: 'look at the log of audit' }];
  }
}

async function checkChannels(gate: Gate): Promise<Finding[]> {
  const about = { tried: 'GET /v1/channels' };
  try {
    const { channels: found } = await gate.call('notifier', '/v1/channels', channels);
    return found.map(({ group, channel, state, last_error }) => ({
      ...about,
      name: `channel of ${group}`,
      ok: state === 'ok' || state === 'untried',
      result:
        channel === 'none'
          ? 'none: nobody in this group is ever told'
          : `${channel}: ${state}${last_error === undefined ? '' : ` (${last_error})`}`,
      fix:
        channel === 'none'
          ? `give the group ${group} a mail address or a webhook, or its people (up to ${String(mostToldOneByOne)}) a mail address each`
          : 'mend the receiver; messages wait for it',
    }));
  } catch (error) {
    return [
      { ...about, name: 'channels', ok: false, result: wordsOf(error), fix: 'sign in as a registrar or auditor' },
    ];
  }
}

async function checkGroups(gate: Gate): Promise<Finding[]> {
  const about = { tried: 'GET /v1/groups' };
  try {
    const entries = await allEntries(gate, 'groups', group);
    const members = new Map(entries.map(({ id, spec }) => [id, spec?.members.length ?? 0]));
    const needed = new Set<string>([...builtInGroups.filter((group) => group !== 'break-glass'), ...members.keys()]);
    return [...needed].map((group) => {
      const count = members.get(group) ?? 0;
      // What one of them has pulled, two release.
      const least = group === 'security-officers' ? 2 : 1;
      return {
        ...about,
        name: `group ${group}`,
        ok: count >= least,
        result: `${String(count)} people`,
        fix: `register ${least === 1 ? 'people' : 'at least two people'} in ${group}`,
      };
    });
  } catch (error) {
    return [{ ...about, name: 'groups', ok: false, result: wordsOf(error), fix: 'sign in as a registrar' }];
  }
}

/** One line for each way in which a profile is wider than it needs to be; one for each that is not. */
async function checkProfiles(gate: Gate): Promise<Finding[]> {
  const about = { tried: 'GET /v1/profiles/width' };
  try {
    const { profiles, wide } = await gate.call('credentials', '/v1/profiles/width', widthsAnswer);
    const isWide = new Set(wide.map(({ profile }) => profile));
    const narrow = profiles.filter((profile) => !isWide.has(profile));
    return [
      ...narrow.map((profile) => ({ ...about, name: `profile ${profile}`, ok: true, result: 'no wider than it needs to be' })),
      ...wide.map((one) => ({ ...about, name: `profile ${one.profile}`, ok: false, ...widthWords(one) })),
    ];
  } catch (error) {
    return [{ ...about, name: 'profiles', ok: false, result: wordsOf(error), fix: 'sign in as a registrar or auditor' }];
  }
} // prettier-ignore

/** Whether what rules may ask of people can be had at all. Channels are looked at above, where it is known whether they work. */
async function checkRouting(gate: Gate): Promise<Finding[]> {
  const about = { name: 'routing', tried: 'GET /v1/routing/health' };
  try {
    const { agents, groups: looked, problems } = await gate.call('approvals', '/v1/routing/health', routingHealthAnswer);
    const stuck = problems.filter(({ kind }) => kind !== 'no_channel');
    const result = `${String(looked)} groups can decide what ${String(agents)} agents may ask`;
    if (stuck.length === 0) return [{ ...about, ok: true, result }];
    return stuck.map(({ detail, group, todo }) => ({ ...about, name: `routing to ${group}`, ok: false, result: detail, fix: todo }));
  } catch (error) {
    const fix = 'sign in as a registrar, security officer or auditor';
    return [{ ...about, ok: false, result: wordsOf(error), fix }];
  }
} // prettier-ignore

function wordsOf(error: unknown): string {
  if (error instanceof Refused) return error.problem.title;
  return error instanceof Error ? error.message : 'failed';
}
