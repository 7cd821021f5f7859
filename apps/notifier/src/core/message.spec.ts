import { describe, expect, it } from '@jest/globals';
import { mailText, messageKinds, reminderAt, subjectOf, webhookBody, type Told } from './message.js';

const told: Told = {
  kind: 'new',
  actionId: '01975f3a-7c00-7b1e-8d2f-3a4b5c6d7e8f',
  headline: 'db.schema.migrate on prod/orders, asked by migrator-1',
  severity: 'high',
  deadlineAt: '2026-05-30T09:00:00.000Z',
  link: 'https://gate.example/requests/01975f3a-7c00-7b1e-8d2f-3a4b5c6d7e8f',
};

describe('what people are told', () => {
  it('names the command that shows the request, and none that decides it', () => {
    expect(mailText(told)).toContain(`sallyport approvals show ${told.actionId}`);
    expect(mailText(told)).not.toMatch(/approvals (approve|deny)/u);
  });

  it('has one link, to the page that decides nothing', () => {
    expect(mailText(told).match(/https?:\S+/gu)).toEqual([told.link]);
  });

  it.each(messageKinds)('%s has a subject and a next step', (kind) => {
    expect(subjectOf({ ...told, kind })).toMatch(/^\[high\] [A-Z]/u);
    expect(mailText({ ...told, kind })).toContain('sallyport ');
  });

  it('shows hidden characters of a name instead of obeying them', () => {
    const text = mailText({ ...told, headline: 'a\u202Eb\nBcc: everybody' });
    expect(text).not.toContain('\u202E');
    expect(text).not.toContain('\nBcc');
    expect(subjectOf({ ...told, headline: 'a\r\nBcc: x' })).not.toMatch(/[\r\n]/u);
  });

  it('keeps webhooks thin', () => {
    expect(JSON.parse(webhookBody(told, '2026-05-30T08:00:00.000Z'))).toEqual({
      type: 'sallyport.people.new',
      timestamp: '2026-05-30T08:00:00.000Z',
      data: {
        action_id: told.actionId,
        headline: told.headline,
        severity: 'high',
        link: told.link,
        deadline_at: '2026-05-30T09:00:00.000Z',
      },
    });
  });

  it('reminds at the beginning of the last fifth', () => {
    expect(reminderAt('2026-05-30T08:00:00.000Z', '2026-05-30T09:00:00.000Z').toISOString()).toBe(
      '2026-05-30T08:48:00.000Z',
    );
  });
});
