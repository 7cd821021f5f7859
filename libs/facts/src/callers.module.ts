import type { DynamicModule } from '@nestjs/common';
import { z } from 'zod';
import type { Known } from '#contracts';
import { Database, DatabaseClock } from '#database';
import { CommonSettings, Fault, serviceNames, ThisProcess, urlName } from '#platform';
import { Keyring, Trust } from '#trust';
import {
  Callers,
  HttpTrustModule,
  KnownCallers,
  SqlJtiStore,
  type Issuer,
  type KeyOwner,
  type PersonKeys,
} from '#trust/http';
import { AskedKeys } from './asked-keys.js';
import { CatchUp } from './catch-up.js';
import { Peers } from './peers.js';
import { RegistryCopy } from './registry-copy.js';

const names = z.array(z.string().min(1));

/** Of a token only its subject is read, never a group or a role: who may do what, the registry says. */
const oneIssuer = z
  .strictObject({
    issuer: z.url(),
    jwks_uri: z.url().optional(),
    clients: names.min(1),
    native_clients: names.default([]),
    audiences: z.partialRecord(z.enum(serviceNames), z.string().min(1)).default({}),
    subject_claim: z
      .string()
      .regex(/^\w{1,64}$/u)
      .default('sub'),
  })
  .refine(({ clients, native_clients }) => native_clients.every((client) => clients.includes(client)))
  .refine(({ audiences }) => isDistinct(Object.values(audiences)));

const issuers = z.array(oneIssuer).refine((listed) => isDistinct(listed.map(({ issuer }) => issuer)));

const isDistinct = (texts: readonly string[]): boolean => new Set(texts).size === texts.length;

const form = '{issuer, jwks_uri?, clients, native_clients?, audiences?, subject_claim?}';

/** Spread into the settings of a service that people call. */
export const issuerSettings = {
  SALLYPORT_OIDC_ISSUERS: z
    .string()
    .transform((text, context): z.infer<typeof issuers> => {
      const parsed = issuers.safeParse(parseJson(text));
      if (parsed.success) return parsed.data;
      context.addIssue({
        code: 'custom',
        message: `expected a JSON list of ${form}: each issuer once, native_clients among its clients, each of its audiences for one service`,
      });
      return z.NEVER;
    })
    .describe(
      `OpenID providers whose people may sign in: a JSON list of ${form}. People vote with a client of native_clients: one on their own machine, such as the command line. audiences: by service, what its tokens name it as, where that is not its public URL. subject_claim: the claim that names a person, if not sub; never one that a person can change`,
    ),
};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function issuersOf(listed: z.infer<typeof issuers>): Issuer[] {
  return listed.map(({ issuer, jwks_uri, clients, native_clients, audiences, subject_claim }) => ({
    issuer,
    clients,
    nativeClients: native_clients,
    audiences,
    subjectClaim: subject_claim,
    ...(jwks_uri === undefined ? {} : { jwksUri: jwks_uri }),
  }));
}

/** A key that the copy does not know may be seconds old: the registry is asked once before its holder is turned away. */
class LearningCallers extends Callers {
  private readonly known: KnownCallers;

  constructor(
    private readonly copy: RegistryCopy,
    private readonly catchUp: CatchUp,
  ) {
    super();
    this.known = new KnownCallers(copy);
  }

  override async byKey(jkt: string): Promise<KeyOwner | undefined> {
    this.#requireCopy();
    const owner = this.known.byKey(jkt);
    if (owner !== undefined) return owner;
    await this.catchUp.learn({ kids: [jkt] });
    return this.known.byKey(jkt);
  }

  override byIdentity(iss: string, sub: string): Known<'people'> | undefined {
    this.#requireCopy();
    return this.known.byIdentity(iss, sub);
  }

  /** A process that has just started does not know yet whom it knows. */
  #requireCopy(): void {
    if (!this.copy.isReady)
      throw new Fault('registry_unavailable', { retryable: true, message: 'the copy is being read' });
  }
}

/**
 * The guards of `#trust/http`, with callers as this service's copy of the registry knows them. Needs the `proof_jti` table
 * where agents call, and where people change something.
 *
 * @param keysIn where the service keeps the list of people's keys itself; the others ask it
 */
export function callersModule(people: readonly Issuer[], keysIn?: (database: Database) => PersonKeys): DynamicModule {
  return HttpTrustModule.forService({
    inject: [CommonSettings, ThisProcess, Trust, Keyring, RegistryCopy, CatchUp, Database, DatabaseClock],
    useFactory: (...[settings, service, trust, keyring, copy, catchUp, database, clock]: CallerParts) => ({
      publicUrl: settings[urlName(service.name)],
      trust,
      keyring,
      callers: new LearningCallers(copy, catchUp),
      jtis: new SqlJtiStore(database),
      issuers: people,
      now: () => clock.now(),
      personKeys: keysIn?.(database) ?? new AskedKeys(new Peers(settings, keyring, clock)),
    }),
  });
}

type CallerParts = [CommonSettings, ThisProcess, Trust, Keyring, RegistryCopy, CatchUp, Database, DatabaseClock];
