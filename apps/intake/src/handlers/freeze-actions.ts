import type { Tx } from '#database';
import { Fault } from '#platform';
import { Injectable } from '@nestjs/common';
import type { Ask } from '../core/ask.js';
import { isProven, type Unproven } from '../core/authenticate.js';
import { isActionId } from '../core/freshness.js';
import { clashWith, settle, type Candidate, type Proven, type Settled } from '../core/settle.js';
import { ActionsStore } from '../io/actions.store.js';
import { ConsultRegistry } from './consult-registry.js';
import { KeepLimits, type Short } from './keep-limits.js';
import { SayFrozen } from './say-frozen.js';
import { Supersede } from './supersede.js';

/** What became of one ask, in the order asked. */
export type Freezing = { kind: 'unproven'; unproven: Unproven } | Settled;

export type Checked = Proven | Unproven;

export interface Slice {
  checked: readonly Checked[];
  /** Over HTTP the agent is asked to wait, and the id stays unused: called before anything is kept, may throw. */
  onShort?: (short: Short) => void;
}

/**
 * Both doors: proves the agent, freezes the action, and says so. Four beats over the whole slice; what is kept and what
 * is said are one transaction.
 */
@Injectable()
export class FreezeActions {
  constructor(
    private readonly facts: ConsultRegistry,
    private readonly actions: ActionsStore,
    private readonly limits: KeepLimits,
    private readonly superseding: Supersede,
    private readonly sayFrozen: SayFrozen,
  ) {}

  /** Before the transaction where that can be chosen: an unknown key may have to be asked for. */
  async prove(asks: readonly Ask[], aud: string): Promise<Checked[]> {
    return this.facts.authenticate(asks, aud);
  }

  async handle({ checked, onShort }: Slice, tx: Tx): Promise<Freezing[]> {
    const proven = checked.filter(isProven);
    if (proven.length === 0) return inOrder(checked, []);
    const { at, used } = await this.actions.load(idsOf(proven), tx);
    const known = new Map(used.map((row) => [row.id, row]));
    const settled = await this.#judge(() =>
      settle(proven, { used: known, now: at, judge: (one) => this.facts.judge(one, at) }),
    );
    return inOrder(checked, await this.#keep(settled, tx, onShort));
  }

  /** Again for as long as the registry has something that the copy had not: an action type first, a principal after it. */
  async #judge(judgeAll: () => Settled[]): Promise<Settled[]> {
    let settled = judgeAll();
    while (await this.facts.learn(settled)) settled = judgeAll();
    return settled;
  }

  async #keep(settled: readonly Settled[], tx: Tx, onShort: Slice['onShort']): Promise<Settled[]> {
    const fresh = settled.flatMap((one) => (one.kind === 'new' ? [one.candidate] : []));
    if (fresh.length === 0) return [...settled];
    const candidates = await this.superseding.check(await this.limits.keep(fresh, tx, onShort), tx);
    const receivedAt = await this.actions.add(candidates, tx);
    const kept = new Map(candidates.filter((one) => receivedAt.has(idOf(one))).map((one) => [idOf(one), one]));
    await this.sayFrozen.handle([...kept.values()], receivedAt, tx);
    await this.superseding.end([...kept.values()], tx);
    const lost = await this.#lost(
      candidates.filter((one) => !kept.has(idOf(one))),
      tx,
    );
    return settled.map((one) => finalOf(one, kept, lost));
  }

  /** Another instance used the id between our look and our insert: its row is visible now. */
  async #lost(candidates: readonly Candidate[], tx: Tx): Promise<Map<string, Settled>> {
    if (candidates.length === 0) return new Map();
    const { used } = await this.actions.load(candidates.map(idOf), tx);
    const rows = new Map(used.map((row) => [row.id, row]));
    return new Map(
      candidates.map((candidate): [string, Settled] => {
        const row = rows.get(idOf(candidate));
        // Neither ours nor anybody's: nothing may be said before that is clear.
        if (row === undefined)
          throw new Fault('database_conflict', { retryable: true, message: 'an id was used and freed' });
        return [row.id, clashWith(row, candidate) ?? { kind: 'again', used: row }];
      }),
    );
  }
}

const idOf = ({ header }: Candidate): string => header.ce.id;

const idsOf = (proven: readonly Proven[]): string[] => proven.map(({ header }) => header.ce.id).filter(isActionId);

function finalOf(settled: Settled, kept: ReadonlyMap<string, Candidate>, lost: ReadonlyMap<string, Settled>): Settled {
  if (settled.kind !== 'new' && settled.kind !== 'twice') return settled;
  const id = idOf(settled.kind === 'new' ? settled.candidate : settled.of);
  const candidate = kept.get(id);
  if (candidate === undefined) return lost.get(id) ?? settled;
  return settled.kind === 'new' ? { kind: 'new', candidate } : { kind: 'twice', of: candidate };
}

function inOrder(checked: readonly Checked[], settled: readonly Settled[]): Freezing[] {
  let next = 0;
  return checked.map((one): Freezing => {
    if (!isProven(one)) return { kind: 'unproven', unproven: one };
    const fate = settled[next++];
    if (fate === undefined) throw new Error('every proven request has a fate');
    return fate;
  });
}
