import { coversResource, type CapsAnswer, type Known, type Width, type WidthCode } from '#contracts';

/** What the group of a profile can do at its target, as `sallyport.powers` answers: which profile there, what kind of power, over what. */
export interface Power {
  profile: string;
  power: 'installed' | 'attribute' | 'predefined' | 'connects' | 'changes' | 'creates';
  detail: string;
}

export interface Registered {
  agents: readonly Known<'agents'>[];
  resources: readonly Known<'resources'>[];
  /** Undefined when policy does not say. */
  caps: CapsAnswer | undefined;
}

type Profile = Known<'profiles'>;

/** Where a profile is wider than the agents and the rules that use it. What nobody may ask for is only good for whoever has taken something over. */
export function widerThanUsed(profile: Profile, { agents, resources, caps }: Registered): Width[] {
  const { actions, resources: patterns } = profile.spec;
  const scopes = agents.flatMap(({ spec }) => spec.scope);
  const isAsked = (resource: string, of: readonly string[]): boolean =>
    scopes.some((scope) => scope.actions.some((action) => of.includes(action)) && isIn(scope.resources, resource));
  const covered = resources.map(({ id }) => id).filter((id) => isIn(patterns, id));
  // Where nothing that it covers is registered yet, only the names can be compared.
  const isUsed = (action: string): boolean =>
    covered.length === 0
      ? scopes.some((scope) => scope.actions.includes(action))
      : covered.some((id) => isAsked(id, [action]));
  const idle = actions.filter((action) => !isUsed(action));
  const unused = covered.filter((id) => !isAsked(id, actions));
  return [
    ...told(profile, 'action_of_nobody', idle),
    ...told(profile, 'resource_of_nobody', unused),
    ...aboveRules(profile, caps),
  ];
}

const isIn = (patterns: readonly string[], id: string): boolean => patterns.some((one) => coversResource(one, id));

function aboveRules(profile: Profile, caps: CapsAnswer | undefined): Width[] {
  if (caps === undefined) return told(profile, 'rules_unknown', ['policy does not answer']);
  const { max_ttl_seconds: ttl, uses } = profile.spec;
  const above = (mine: number, most: number): string[] => (mine > most ? [`${String(mine)}, at most ${String(most)}`] : []);
  return [
    ...told(profile, 'ttl_above_rules', above(ttl, caps.ttl_seconds)),
    ...told(profile, 'uses_above_rules', above(uses, caps.uses)),
  ];
} // prettier-ignore

/** Where the target would let a lease do more than the profile is for. `powers` are those of its target. */
export function widerAtTarget(profile: Profile, powers: readonly Power[]): Width[] {
  const own = powers.filter((one) => one.profile === profile.spec.target_profile);
  const of = (...kinds: Power['power'][]): string[] =>
    own.filter(({ power }) => kinds.includes(power)).map(({ detail }) => detail);
  const [installed] = of('installed');
  if (installed === undefined) return told(profile, 'not_at_target', [profile.spec.target_profile ?? '']);
  const reads = profile.spec.read_only === true;
  return [
    ...told(profile, 'special_rights', of('attribute', 'predefined')),
    ...told(profile, 'other_database', of('connects')),
    ...(reads ? told(profile, 'can_change', of('changes')) : []),
    ...(reads ? told(profile, 'can_create', of('creates')) : []),
  ];
}

/** What is installed at a target for longer than any registered profile gives it, or for none at all. */
export function leftAtTarget(target: string, profiles: readonly Profile[], powers: readonly Power[]): Width[] {
  const installed = powers.filter(({ power }) => power === 'installed');
  return installed.flatMap(({ profile: name, detail }): Width[] => {
    const users = profiles.filter(({ spec }) => spec.target === target && spec.target_profile === name);
    if (users.length === 0) return [{ profile: name, target, code: 'of_no_profile', detail: 'no registered profile uses it' }];
    const longest = Math.max(...users.map(({ spec }) => spec.max_ttl_seconds));
    const words = `${detail} s there, ${String(longest)} s registered`;
    return Number(detail) > longest ? users.map(({ id }) => ({ profile: id, target, code: 'ttl_at_target', detail: words })) : [];
  });
} // prettier-ignore

const mostNamed = 5;

/** One line for each kind of width, with the first few of what it is about. */
export function told({ id, spec }: Profile, code: WidthCode, about: readonly string[]): Width[] {
  if (about.length === 0) return [];
  const more = about.length - mostNamed;
  const named = more > 0 ? [...about.slice(0, mostNamed), `${String(more)} more`] : about;
  return [{ profile: id, target: spec.target, code, detail: named.join(', ') }];
}
