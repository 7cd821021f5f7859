import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { approvalCancelRequested, approvalExpired, type ActionState } from '#contracts';
import type { Caller } from '#trust/http';
import { anAgent, aPerson } from '../../apps/policy/src/registry.fixture.js';
import { eventually } from '../support/eventually.js';
import { Story } from './notifier-story.js';
import { agentId, NotifierWorld, SeenWaiters } from './notifier-world.js';

let world: NotifierWorld;
jest.setTimeout(30_000);

beforeAll(async () => {
  world = await NotifierWorld.start();
}, 60_000);
afterAll(() => world.end());

const agent = (id: string): Caller => ({ kind: 'agent', agent: anAgent({}, { id }), jkt: 'k' });
const person = (id: string): Caller => ({ kind: 'person', person: aPerson(id), iss: 'i', sub: id, clientId: 'c' });
const now = { seconds: 0, known: undefined };
const alarms = (actionId: string) =>
  world.logged.filter((line) => line.includes('outcome.second_terminal') && line.includes(actionId));

/** An action that waits for the database administrators. */
async function waiting(...groups: string[]): Promise<Story> {
  const story = new Story(world);
  await world.hear(story.isAccepted());
  await world.hear(story.needsApproval(...(groups.length === 0 ? ['dba'] : groups)));
  await world.hear(story.isOpened());
  return story;
}

async function stateOf(story: Story): Promise<ActionState> {
  return (await world.door().handle(story.id, agent(agentId), now)).state;
}

describe('an outcome that is not what it says it is', () => {
  const forgeries: [string, (story: Story) => ReturnType<Story['isEnded']>][] = [
    ['signed for another agent', (story) => story.isEnded('completed', { agentId: 'stranger' })],
    ['signed about another action', (story) => story.isEnded('completed', { actionId: new Story(world).id })],
    ['under another event id', (story) => withOutcome(story, { id: new Story(world).id })],
    ['under another type', (story) => withOutcome(story, { type: 'sallyport.outcome.refused.v1' })],
  ];

  /** A true outcome whose attributes were changed afterwards. */
  function withOutcome(story: Story, changed: object) {
    const event = story.isEnded();
    const data = event.data as { outcome: { ce: object } };
    return { ...event, data: { ...data, outcome: { ...data.outcome, ce: { ...data.outcome.ce, ...changed } } } };
  }

  it.each(forgeries)('%s is told nobody, ends nothing and is a dead letter', async (_, forge) => {
    const story = await waiting();
    const told = world.told(story.id).length;
    const dead = world.deadLetters().length;
    await world.hear(forge(story));
    expect(await stateOf(story)).toBe('pending');
    expect(world.told(story.id)).toHaveLength(told);
    expect(world.deadLetters().slice(dead)).toMatchObject([{ key: story.id, code: 'evidence_invalid' }]);
    expect(alarms(story.id)).toEqual([]);
  });

  it('signed by a service that may say it, but not on this topic, is told nobody', async () => {
    const story = await waiting();
    const told = world.told(story.id).length;
    const dead = world.deadLetters().length;
    const outcome = story.outcome('cancelled', 'policy', {}, 'stopped');
    const event = story.isEnded();
    await world.hear({ ...event, data: { ...(event.data as object), outcome } });
    expect(await stateOf(story)).toBe('pending');
    expect(world.told(story.id)).toHaveLength(told);
    expect(world.deadLetters()).toHaveLength(dead + 1);
  });

  it('is counted by topic', async () => {
    const sql = `SELECT coalesce(sum(count), 0)::integer AS count FROM refused_outcomes WHERE topic = 'sallyport.leases.v1'`;
    const count = async () => (await world.database.query<{ count: number }>(sql))[0]?.count ?? 0;
    const before = await count();
    const story = await waiting();
    await world.hear(story.isEnded('completed', { agentId: 'stranger' }));
    expect(await count()).toBe(before + 1);
  });

  it('does not keep the true ones of the same slice from being told', async () => {
    const [good, bad] = [await waiting(), await waiting()];
    await world.hear(bad.isEnded('completed', { agentId: 'stranger' }), good.isOffered());
    expect(await stateOf(good)).toBe('offered');
    expect(await stateOf(bad)).toBe('pending');
  });
});

describe('what is forwarded', () => {
  it('is the exact text of the holder under its attributes and signature, keyed by the action', async () => {
    const story = await waiting();
    const event = story.isOffered();
    const { outcome } = event.data as {
      outcome: { ce: { id: string; type: string }; value: string; signature: string };
    };
    await world.hear(event); // prettier-ignore
    expect(world.told(story.id).at(-1)).toMatchObject({
      value: outcome.value,
      headers: { ce_id: outcome.ce.id, ce_type: outcome.ce.type, 'sallyport-signature': outcome.signature },
    });
  });

  it('goes to the topic that the agent names', async () => {
    const story = await waiting();
    world.registry.change('agents', agentId, { outcomes: 'own' });
    await world.hear(story.isOffered());
    expect(world.sent.at(-1)).toMatchObject({ topic: 'sallyport.outcomes.own.v1', key: story.id });
    world.registry.change('agents', agentId, { outcomes: undefined });
  });

  it('is never a second end, which alarms', async () => {
    const story = await waiting();
    await world.hear(story.isEnded('completed'));
    const told = world.told(story.id).length;
    await world.hear(story.isEnded('ttl'));
    expect(world.told(story.id)).toHaveLength(told);
    expect(alarms(story.id)).toHaveLength(1);
    expect(await world.door().handle(story.id, agent(agentId), now)).toMatchObject({ state: 'ended', code: 'completed' });
  }); // prettier-ignore

  it('is one end when two instances hear two at the same moment', async () => {
    const story = await waiting();
    await Promise.all([world.hear(story.isEnded('completed')), world.hear(story.isEnded('ttl'))]);
    const ends = world.told(story.id).filter(({ headers }) => headers['ce_type'] === 'sallyport.outcome.ended.v1');
    expect(ends).toHaveLength(1);
    expect(alarms(story.id)).toHaveLength(1);
  });

  it('changes nothing when it is heard again, and alarms nobody', async () => {
    const story = new Story(world);
    const events = [story.isAccepted(), story.needsApproval('dba'), story.isOpened(), story.isReplaced('dba')];
    events.push(story.isOffered(), story.isEnded());
    for (const event of events) await world.hear(event);
    const before = [world.sent.length, await world.messagesOf(story.id), await rows(story)];
    for (const event of events) await world.hear(event);
    expect([world.sent.length, await world.messagesOf(story.id), await rows(story)]).toEqual(before);
    expect(alarms(story.id)).toEqual([]);
  });

  const rows = (story: Story) =>
    world.database.query(
      'SELECT state, rank, code, stages, open_stage, replaced, deadline_at FROM actions WHERE action_id = $1',
      [story.id],
    );
});

describe('the state of an action', () => {
  it('is not taken back by an earlier one that is heard later', async () => {
    const story = await waiting();
    const [offered, ended] = [story.isOffered(), story.isEnded()];
    await world.hear(ended);
    await world.hear(offered);
    await world.hear(story.isAccepted());
    const answer = await world.door().handle(story.id, agent(agentId), now);
    expect(answer).toMatchObject({ state: 'ended', code: 'completed' });
    expect(answer.history.map(({ state }) => state)).toEqual(['pending', 'ended', 'offered']);
  });

  it('belongs to the agent that a signature names, whatever an unsigned event said before', async () => {
    const story = new Story(world);
    await world.hear(story.say(approvalCancelRequested, { code: 'stopped', by: 'x' }, 'stranger'));
    await expect(world.door().handle(story.id, agent('stranger'), now)).rejects.toThrow('not_found');
    await world.hear(story.isAccepted());
    expect(await stateOf(story)).toBe('accepted');
    await world.hear(story.say(approvalCancelRequested, { code: 'stopped', by: 'x' }, 'stranger'));
    expect(await stateOf(story)).toBe('accepted');
    await expect(world.door().handle(story.id, agent('stranger'), now)).rejects.toThrow('not_found');
  });
});

describe('telling people', () => {
  it('asks each group of the open stage once per channel, and the next stage when it opens', async () => {
    world.group('dba', { mail: 'dba@example.com', webhook: { url_secret: 'u', key_secret: 'k' } }, ['anna']);
    const story = await waiting('dba', 'security');
    await world.hear(story.isAccepted());
    expect(await world.messagesOf(story.id)).toEqual(['new dba mail 1', 'new dba webhook 1']);
    await world.hear(story.isVoted());
    await world.hear(story.isVoted());
    expect(await world.messagesOf(story.id)).toEqual(['new dba mail 1', 'new dba webhook 1', 'new security mail 2']);
    world.group('dba', { mail: 'dba@example.com' }, ['anna']);
  });

  it('asks the members of groups without a channel of their own one by one, each once, and tells them the end', async () => {
    const members = ['mia', 'max', 'mute'];
    world.group('pushed', {}, members);
    world.group('also-pushed', {}, ['max']);
    for (const id of ['mia', 'max']) world.person(id, `${id}@example.com`);
    const story = await waiting('pushed', 'also-pushed');
    const asked = ['new person:max mail 1', 'new person:mia mail 1'];
    expect((await world.messagesOf(story.id)).sort()).toEqual(asked);
    await world.hear(
      story.say(approvalExpired, { code: 'approval_expired', outcome: story.outcome('expired', 'approvals') }),
    );
    const told = ['expired person:max mail 0', 'expired person:mia mail 0'];
    expect((await world.messagesOf(story.id)).sort()).toEqual([...told, ...asked]);
  });

  it('asks whom only the signed verdict names, in whichever order opening and verdict are heard', async () => {
    const story = new Story(world);
    await world.hear(story.isOpened());
    expect(await world.messagesOf(story.id)).toEqual([]);
    const other = new Story(world);
    const foreign = other.needsApproval('security');
    await world.hear({ ...foreign, subject: story.id, data: { ...(foreign.data as object), action_id: story.id } });
    expect(await world.messagesOf(story.id)).toEqual([]);
    await world.hear(story.needsApproval('dba'));
    expect(await world.messagesOf(story.id)).toEqual(['new dba mail 1']);
  });

  it('asks people by name, and the next group once it is said that nobody has decided; tells all of them the end', async () => {
    world.person('nora', 'nora@example.com');
    const story = new Story(world);
    for (const event of [story.needsSomebody('nora', 'dba', 'security'), story.isOpened()]) await world.hear(event);
    const first = ['new dba mail 1', 'new person:nora mail 1'];
    expect((await world.messagesOf(story.id)).sort()).toEqual(first);
    await world.hear(story.isEscalated('dba'));
    expect((await world.messagesOf(story.id)).sort()).toEqual(first);
    for (const event of [story.isEscalated('security'), story.isEscalated('security')]) await world.hear(event);
    expect((await world.messagesOf(story.id)).sort()).toEqual(['escalated security mail 1', ...first]);
    expect(await world.door().handle(story.id, person('nora'), now)).toMatchObject({ state: 'pending' });
    await expect(world.door().handle(story.id, person('nemo'), now)).rejects.toThrow('not_found');
    await world.hear(
      story.say(approvalExpired, { code: 'approval_expired', outcome: story.outcome('expired', 'approvals') }),
    );
    const end = ['expired dba mail 0', 'expired person:nora mail 0', 'expired security mail 0'];
    expect((await world.messagesOf(story.id)).filter((line) => line.startsWith('expired')).sort()).toEqual(end);
  });

  it('alarms the owner of the agent and soc-lead of a second redeem, once for each reason, whatever else was heard', async () => {
    world.person('olga', 'olga@example.com');
    world.group('soc-lead', { mail: 'soc@example.com' }, ['sam']);
    const story = new Story(world);
    await world.hear(story.isReplayed());
    await world.hear(story.isReplayed());
    await world.hear(story.isReplayed('too_late'));
    const [first, second] = [0, 2].map((stage) => [`replayed person:olga mail ${String(stage)}`, `replayed soc-lead mail ${String(stage)}`]);
    expect((await world.messagesOf(story.id)).sort()).toEqual([...(first ?? []), ...(second ?? [])].sort());
    const forged = new Story(world);
    await world.hear(forged.isReplayed('other_key', { why: 'too_late' }));
    expect(await world.messagesOf(forged.id)).toEqual([]);
  }); // prettier-ignore

  it('tells whoever received a seat, by the word of its giver only', async () => {
    world.person('eve', 'eve@example.com');
    const story = await waiting();
    await world.hear(story.isDelegated('eve', { isForged: true }));
    await world.hear(story.isDelegated('eve', { stands: false }));
    expect(await world.messagesOf(story.id)).toEqual(['new dba mail 1']);
    await world.hear(story.isDelegated('eve'));
    await world.hear(story.isDelegated('eve'));
    expect(await world.messagesOf(story.id)).toEqual(['new dba mail 1', 'delegated person:eve mail 0']);
  });

  it('tells whoever is new in a group, once, of what is due first there; and nobody where nothing waits', async () => {
    await world.database.query(`UPDATE actions SET state = 'expired'`);
    for (const one of ['anna', 'nina', 'omar']) world.person(one, `${one}@example.com`);
    world.group('dba', { mail: 'dba@example.com' }, ['anna', 'omar']);
    await world.hearGroup('dba');
    const [first, second] = [await waiting('dba', 'security'), await waiting('dba')];
    await world.database.query(`UPDATE actions SET deadline_at = deadline_at - interval '1 minute' WHERE action_id = $1`, [second.id]);
    world.person('nina', 'nina@example.com');
    world.group('security', { mail: 'security@example.com' }, ['sam', 'nina']);
    world.group('dba', { mail: 'dba@example.com' }, ['anna', 'nina']);
    world.person('nina', 'nina@example.com');
    for (const group of ['security', 'dba', 'dba']) await world.hearGroup(group);
    expect(await world.messagesOf(first.id)).toEqual(['new dba mail 1']);
    expect(await world.messagesOf(second.id)).toEqual(['new dba mail 1', 'joined person:nina mail 0']);
  }); // prettier-ignore

  it('tells of a replaced plan once more', async () => {
    const story = await waiting();
    await world.hear(story.isReplaced('dba'));
    expect(await world.messagesOf(story.id)).toEqual(['new dba mail 1', 'replaced dba mail 101']);
  });

  it('reminds those whose stage still waits, once', async () => {
    const story = await waiting();
    await world.fireReminder(`${story.id}:1`);
    await world.fireReminder(`${story.id}:1`);
    expect(await world.messagesOf(story.id)).toEqual(['new dba mail 1', 'reminder dba mail 1']);
  });

  it('reminds the open stage, though the timer of an earlier one is due in the same moment', async () => {
    const story = await waiting('dba', 'security');
    await world.hear(story.isVoted());
    await world.fireReminder(`${story.id}:2`, `${story.id}:1`);
    const reminders = (await world.messagesOf(story.id)).filter((line) => line.startsWith('reminder'));
    expect(reminders).toEqual(['reminder security mail 2']);
  });

  it.each([
    ['the next stage waits', (story: Story) => story.isVoted()],
    ['it was approved and offered', (story: Story) => story.isOffered()],
    ['it has ended', (story: Story) => story.isEnded()],
  ])('reminds nobody of a stage when %s', async (_, then) => {
    const story = await waiting('dba', 'security');
    await world.hear(then(story));
    await world.fireReminder(`${story.id}:1`);
    expect((await world.messagesOf(story.id)).filter((line) => line.startsWith('reminder'))).toEqual([]);
  });

  it('sets the reminder at the beginning of the last fifth', async () => {
    const story = await waiting();
    const [timer] = await world.database.query<{ left: number }>(
      `SELECT extract(epoch FROM a.deadline_at - t.due_at)::integer AS left FROM timers t, actions a
       WHERE t.ref = $1 AND a.action_id = $2`,
      [`${story.id}:1`, story.id],
    );
    expect(timer?.left).toBeGreaterThan(715);
    expect(timer?.left).toBeLessThan(725);
  });
});

describe('asking for an action', () => {
  it('shows it to its agent, the people of its plan and auditors, and is not found by anybody else', async () => {
    const story = await waiting();
    world.group('auditors', {}, ['olga']);
    for (const caller of [agent(agentId), person('anna'), person('olga')]) {
      expect(await world.door().handle(story.id, caller, now)).toMatchObject({ state: 'pending', agent_id: agentId });
    }
    for (const caller of [agent('stranger'), person('paul'), { kind: 'service', service: 'policy' } as const]) {
      const refused = world.door().handle(story.id, caller, now);
      await expect(refused).rejects.toThrow('not_found');
    }
    const unknown = world.door().handle(new Story(world).id, agent('stranger'), now);
    await expect(unknown).rejects.toThrow('not_found');
  });

  it('wakes by the commit of this process, not before', async () => {
    const story = await waiting();
    const asked = world.door().handle(story.id, agent(agentId), { seconds: 20, known: 'pending' });
    await eventually(() => {
      expect(world.waiters.begun).toContain(story.id);
    });
    const rolledBack = world.database.transaction(async (tx) => {
      await world.record.handle([story.isOffered()], tx);
      throw new Error('rolled back');
    });
    await expect(rolledBack).rejects.toThrow('rolled back');
    expect(world.waiters.over).not.toContain(story.id);
    await world.hear(story.isOffered());
    await eventually(() => {
      expect(world.waiters.over).toContain(story.id);
    });
    expect(await asked).toMatchObject({ state: 'offered', reasons: [{ code: 'approved' }] });
  });

  it('tells a question of a person to whoever may see the action, and wakes for it; the outcome carries only a code', async () => {
    const story = await waiting();
    const others = new SeenWaiters(world.actions, world.shutdown, world.log);
    const known = { seconds: 20, known: 'pending' } as const;
    const [here, there] = [world.door(), world.door(others)].map((door) => door.handle(story.id, agent(agentId), known));
    await eventually(() => {
      expect([world.waiters.begun.includes(story.id), others.begun]).toEqual([true, [story.id]]);
    });
    await world.hear(story.isQuestioned('Which \u202eorders?'));
    for (const answer of [await here, await there]) {
      expect(answer).toMatchObject({ state: 'pending', code: 'question_asked', question: { text: 'Which ⟨U+202E⟩orders?' } });
    }
    expect(world.told(story.id).at(-1)?.value).not.toContain('orders');
    // What came between two questions of the agent is not held back until the next one.
    const next = await world.door().handle(story.id, agent(agentId), { ...known, knownCode: 'approval_required' });
    expect(next.question).toBeDefined();
    await expect(world.door().handle(story.id, agent('stranger'), now)).rejects.toThrow('not_found');
  }); // prettier-ignore

  it('sees the commit of another instance', async () => {
    const story = await waiting();
    const others = new SeenWaiters(world.actions, world.shutdown, world.log);
    const asked = world.door(others).handle(story.id, agent(agentId), { seconds: 20, known: 'pending' });
    await eventually(() => {
      expect(others.begun).toEqual([story.id]);
    });
    await world.hear(story.isOffered());
    await eventually(() => {
      expect(others.over).toEqual([story.id]);
    });
    expect(await asked).toMatchObject({ state: 'offered' });
  });
});
