import { describe, expect, it } from '@jest/globals';
import type { Finding, Verdict } from '#contracts';
import { askAgainAt } from './verdict.js';

const finding = (effect: Finding['effect'], params: Record<string, unknown> = {}) => ({ effect, params }) as Finding;
const at = (...findings: Finding[]): string | undefined => askAgainAt({ iat: 1_800_000_000, findings } as Verdict);

describe('when a denied action may be asked for again', () => {
  it('is when the last of what stands against it is over', () => {
    const both = [finding('deny', { ask_again_s: 60 }), finding('deny', { ask_again_s: 90 }), finding('allow')];
    expect(at(...both)).toBe(new Date(1_800_000_090_000).toISOString());
  });

  it('is not said where something stays, or where nothing stands against it', () => {
    expect(at(finding('deny', { ask_again_s: 60 }), finding('deny'))).toBeUndefined();
    expect(at(finding('deny', { ask_again_s: '60' }))).toBeUndefined();
    expect(at(finding('allow'), finding('require_approval', { ask_again_s: 60 }))).toBeUndefined();
  });
});
