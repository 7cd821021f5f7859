import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { policyConfig } from '#contracts';
import { root } from '../../../../tools/world/place.js';
import { routingNeeds } from './routing.js';

const config = policyConfig.parse(JSON.parse(readFileSync(join(root, 'policies/config.json'), 'utf8')));

it('names every group of the settings that decides, at the place where it stands', () => {
  const named = Object.entries(config).flatMap(([section, settings]) =>
    Object.entries(settings as object).flatMap(([name, value]) =>
      /(?:^|_)group$/u.test(name) ? [[`${section}.${name}`, value]] : [],
    ),
  );
  expect(named.length).toBeGreaterThan(6);
  const needs = new Map(routingNeeds(config).map(({ group, where }) => [where, group]));
  expect([...needs].sort()).toEqual(named.sort());
});

it('asks for as many people as any rule may at once, and for their limits', () => {
  const needs = routingNeeds(config);
  expect(needs.find(({ where }) => where === 'db.group')?.quorum).toBe(config.db.quorum_outside);
  expect(needs.find(({ where }) => where === 'data.group')?.quorum).toBe(config.data.bulk_quorum);
  const limits = needs.filter(({ where }) => where === 'pay.group').map(({ min_limit }) => min_limit);
  expect(limits).toContainEqual({ amount_minor: config.pay.currencies['EUR']?.directors_above_minor, currency: 'EUR' });
});
