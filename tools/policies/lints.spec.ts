import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { lintConfirmations } from './confirmed-facts.js';
import { lint } from './lints.js';
import { findOpa } from './opa.js';
import { parse } from './syntax.js';

const dir = mkdtempSync(join(tmpdir(), 'sallyport-lints-'));
afterAll(() => {
  rmSync(dir, { recursive: true });
});

async function lintOf(file: string, body: string): Promise<string[]> {
  const where = file.replace(/\.rego$/u, '').split('/').join('.');
  mkdirSync(dirname(join(dir, file)), { recursive: true });
  writeFileSync(join(dir, file), `package sallyport.${where}\n\n${body}\n`);
  return lint(await parse(await findOpa(), dir, file));
}

const finding = (effect: string): string => `{"rule": "X-001", "effect": "${effect}", "code": "c", "params": {}}`;
const scope = 'rules/scope/x.rego';
const incident = 'rules/incident/x.rego';

describe('a finding that lets an action through', () => {
  it.each([
    ['a fact', 'input.subject.state == "active"'],
    ['the frozen action', 'input.action.name == "x"'],
    ['a fact by a literal path', 'object.get(input, ["subject", "state"], "") == "active"'],
  ])('may read %s', async (_, condition) => {
    expect(await lintOf(scope, `finding contains ${finding('allow')} if ${condition}`)).toStrictEqual([]);
  });

  it.each([
    ['a claim', 'input.claims.incident == "x"'],
    ['a claim as a whole', 'count(input.claims) > 0'],
    ['a claim by its name as text', 'input["claims"].incident == "x"'],
    ['a claim by a literal path', 'object.get(input, ["claims", "incident"], "") == "x"'],
    ['a claim by a computed name', 'some name; input[name].incident == "x"'],
    ['a claim by a computed path', 'object.get(input, [input.action.name], "") == "x"'],
    ['a claim in the whole input', 'walk(input)'],
    ['a claim in the input under another name', 'all := input; all.claims.incident == "x"'],
  ])('may not read %s', async (_, condition) => {
    const body = `finding contains ${finding('allow')} if {\n\t${condition.replaceAll('; ', '\n\t')}\n}`;
    expect(await lintOf(scope, body)).toContain('an allow finding reads a claim');
  });

  it('may not read a claim through other rules either, however many', async () => {
    const body = `finding contains ${finding('emergency')} if first\n\nfirst if second(1)\n\nsecond(_) if input.claims.incident == "x"`;
    expect(await lintOf(incident, body)).toContain('an emergency finding reads a claim');
  });

  it('may stand beside a denial that reads one', async () => {
    const body = `finding contains ${finding('allow')} if input.action.name == "x"\n\nfinding contains ${finding('deny')} if input.claims.incident == "x"`;
    expect(await lintOf(scope, body)).toStrictEqual([]);
  });
});

describe('a rule', () => {
  it.each([
    ['allows outside of scope', 'rules/pay/x.rego', `finding contains ${finding('allow')}`, 'allow may only be found in rules/scope/'],
    ['knows an emergency outside of incidents', 'rules/pay/x.rego', `finding contains ${finding('emergency')}`, 'emergency may only be found in rules/incident/'],
    ['asks people although it is a guard', 'guard/x.rego', `finding contains ${finding('require_approval')}`, 'a guard finds require_approval'],
    ['computes its effect', 'rules/pay/x.rego', 'finding contains {"rule": "X-001", "effect": input.action.name, "code": "c", "params": {}}', 'the effect of a finding is computed'],
    ['says no code', 'rules/pay/x.rego', 'finding contains {"rule": "X-001", "effect": "deny", "params": {}}', 'a finding has no code'],
    ['has two ids', 'rules/pay/x.rego', `finding contains ${finding('deny')}\n\nfinding contains {"rule": "X-002", "effect": "deny", "code": "c", "params": {}}`, 'has 2 rule ids'],
    ['finds nothing', 'rules/pay/x.rego', 'x := 1', 'finds nothing'],
    ['reads the findings of another', 'rules/pay/x.rego', `finding contains ${finding('deny')} if data.sallyport.rules.scope.x.finding`, 'reads data.sallyport.rules.scope.x.finding'],
    ['reads data by a numeric key', 'rules/pay/x.rego', `finding contains ${finding('deny')} if data.config.list[1]`, 'reads data by a numeric key'],
    ['reads data by a computed name', 'rules/pay/x.rego', `finding contains ${finding('deny')} if data[input.action.name]`, 'reads data by a computed name'],
  ])('that %s is reported', async (_, file, body, words) => {
    expect(await lintOf(file, body)).toContain(words);
  });

  it('in another package than its path is reported', async () => {
    writeFileSync(join(dir, 'lost.rego'), 'package sallyport.found\n\nx := 1\n');
    expect(lint(await parse(await findOpa(), dir, 'lost.rego'))).toContain('package data.sallyport.found does not match its path');
  });
});

describe('a point that people confirm', () => {
  const beside = (fact?: string): string[] => {
    const confirmations = [{ id: 'c', text: 't', ...(fact !== undefined && { fact }) }];
    return lintConfirmations({ 'X-001': { title: 't', severity: 'low', controls: ['c'], confirmations } });
  };

  it.each(['subject.limits', 'context.counterparty', 'context.velocity', undefined])('may stand beside %s', (fact) => {
    expect(beside(fact)).toStrictEqual([]);
  });

  it.each(['context.spend', 'context.spend.own_minor', 'context.open_reviews'])('beside %s is reported', (fact) => {
    expect(beside(fact)).toStrictEqual([`X-001: c is confirmed beside ${fact}, which moves by itself`]);
  });
});
