import { Database, DatabaseClock, DatabaseModule } from '#database';
import { AskedKeys, issuersOf, KeysModule, Peers } from '#facts';
import { MessagingModule } from '#messaging';
import { CommonSettings } from '#platform';
import { Keyring, Trust } from '#trust';
import { HttpTrustModule, SqlJtiStore } from '#trust/http';
import { Module, type DynamicModule } from '@nestjs/common';
import type { Settings } from './config.js';
import { DeleteEntry } from './handlers/delete-entry.js';
import { FindCaller } from './handlers/find-caller.js';
import { BootstrapPlatform, LoadBootstrap } from './handlers/load-bootstrap.js';
import { LookUp } from './handlers/look-up.js';
import { PutEntry } from './handlers/put-entry.js';
import { ReadEntries } from './handlers/read-entries.js';
import { ProvisionGroup } from './handlers/scim/provision-group.js';
import { ProvisionPerson } from './handlers/scim/provision-person.js';
import { ReadProvisioned } from './handlers/scim/read-provisioned.js';
import { RecordProvisioned } from './handlers/scim/record-provisioned.js';
import { RemoveProvisioned } from './handlers/scim/remove-provisioned.js';
import { RecordVersion } from './handlers/record-version.js';
import { SwitchAgent } from './handlers/switch-agent.js';
import { BootstrapFile } from './io/bootstrap-file.js';
import { CallersStore } from './io/callers.store.js';
import { EntriesStore } from './io/entries.store.js';
import { LookupStore } from './io/lookup.store.js';
import { RegisteredCallers } from './io/registered-callers.js';
import { ScimProviders } from './io/scim-providers.js';
import { ScimStore } from './io/scim.store.js';
import { VersionsStore } from './io/versions.store.js';
import { AddScim } from './migrations/add-scim.js';
import { CreateRegistry } from './migrations/create-registry.js';
import { RememberCalls } from './migrations/remember-calls.js';
import { RegistryController } from './registry.controller.js';
import { ScimAnswer } from './scim-answer.js';
import { ScimGuard } from './scim-guard.js';
import { ScimCatalogueController, ScimController } from './scim.controller.js';

/** No copy of the registry among them: the tables here are what the copies are made from. */
export const migrations = [CreateRegistry, AddScim, RememberCalls];

/** Who calls, as the tables here say; agents and tools are nobody. */
@Module({ providers: [CallersStore, RegisteredCallers], exports: [CallersStore, RegisteredCallers] })
class CallersPart {}

type CallerParts = [CommonSettings, Trust, Keyring, RegisteredCallers, Database, DatabaseClock];

/** The door for identity providers. */
const scim = [
  ProvisionGroup,
  ProvisionPerson,
  ReadProvisioned,
  RecordProvisioned,
  RemoveProvisioned,
  ScimAnswer,
  ScimGuard,
  ScimStore,
];

@Module({})
export class RegistryModule {
  static forSettings(settings: Settings): DynamicModule {
    return {
      module: RegistryModule,
      imports: [
        DatabaseModule.forService({ schema: 'registry', migrations }),
        // Says registry.changed; hears nothing.
        MessagingModule.forService({ service: 'registry', hears: [] }),
        KeysModule.forService(),
        CallersPart,
        HttpTrustModule.forService({
          imports: [CallersPart],
          inject: [CommonSettings, Trust, Keyring, RegisteredCallers, Database, DatabaseClock],
          useFactory: (...[common, trust, keyring, callers, database, clock]: CallerParts) => ({
            publicUrl: common.SALLYPORT_REGISTRY_URL,
            trust,
            keyring,
            callers,
            jtis: new SqlJtiStore(database),
            personKeys: new AskedKeys(new Peers(common, keyring, clock)),
            issuers: issuersOf(settings.SALLYPORT_OIDC_ISSUERS),
            now: () => clock.now(),
          }),
        }),
      ],
      // The catalogue first: its names would otherwise be read as kinds.
      controllers: [RegistryController, ScimCatalogueController, ScimController],
      providers: [
        DeleteEntry,
        FindCaller,
        BootstrapPlatform,
        LoadBootstrap,
        LookUp,
        PutEntry,
        ReadEntries,
        RecordVersion,
        SwitchAgent,
        EntriesStore,
        LookupStore,
        VersionsStore,
        ...scim,
        { provide: ScimProviders, useValue: scimProvidersOf(settings) },
        { provide: BootstrapFile, useValue: new BootstrapFile(settings.SALLYPORT_REGISTRY_BOOTSTRAP_FILE) },
      ],
    };
  }
}

/** Read when the module is made: a provider whose token cannot be used stops the process at its start. */
function scimProvidersOf(settings: Settings): ScimProviders {
  const named = settings.SALLYPORT_REGISTRY_SCIM_PROVIDERS.map(({ token_file: tokenFile, ...rest }) => ({
    ...rest,
    tokenFile,
  }));
  const issuers = settings.SALLYPORT_OIDC_ISSUERS.map(({ issuer }) => issuer);
  return ScimProviders.read(named, { mode: settings.SALLYPORT_MODE, issuers });
}
