import { describe, expect, it } from '@jest/globals';
import { anAgent, FakeRegistry } from '../registry.fixture.js';
import { aRequest } from '../requests.fixture.js';
import { RegistryView } from '../io/registry-view.js';
import { exclusionsOf } from './exclusions.js';

const registry = new RegistryView(new FakeRegistry().copy);
const refund = (payee?: string) => aRequest('refund', payee === undefined ? {} : { properties: { payee } });

describe('who never decides', () => {
  it('the owner, the registrar and the principals of the agent', () => {
    const agent = anAgent({ principals: ['anna', 'paul'] });
    expect(exclusionsOf(agent, refund(), registry)).toStrictEqual([
      { person: 'olga', why: 'owner' },
      { person: 'rita', why: 'registrar' },
      { person: 'anna', why: 'in_delegation_chain' },
      { person: 'paul', why: 'in_delegation_chain' },
    ]);
  });

  it('a payee or beneficiary who is a person', () => {
    expect(exclusionsOf(anAgent(), refund('paul'), registry)).toContainEqual({ person: 'paul', why: 'excluded' });
    const beneficiary = aRequest('refund', { properties: { beneficiary: 'anna' } });
    expect(exclusionsOf(anAgent(), beneficiary, registry)).toContainEqual({ person: 'anna', why: 'excluded' });
    expect(exclusionsOf(anAgent(), refund('acme'), registry).map(({ person }) => person)).toStrictEqual([
      'olga',
      'rita',
    ]);
  });

  it('each person once, and no service', () => {
    const agent = anAgent({ owner: 'olga', principals: ['olga'] }, { by: 'service:approvals' });
    expect(exclusionsOf(agent, refund(), registry)).toStrictEqual([{ person: 'olga', why: 'owner' }]);
    expect(exclusionsOf(anAgent({}, { by: 'bootstrap' }), refund(), registry)).toHaveLength(1);
  });
});
