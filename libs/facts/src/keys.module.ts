import { Module, type DynamicModule } from '@nestjs/common';
import { CommonSettings } from '#platform';
import { Keyring, Trust } from '#trust';
import { KeyFilesWatch } from './key-files-watch.js';

/** Global: `Trust` (the gate's public keys) and `Keyring` (what this service signs with), from the files that the settings name, as they are now. */
@Module({})
export class KeysModule {
  static forService(): DynamicModule {
    return {
      module: KeysModule,
      global: true,
      providers: [
        {
          provide: Trust,
          inject: [CommonSettings],
          useFactory: ({ SALLYPORT_TRUST_FILE: path }: CommonSettings) => Trust.read(path),
        },
        {
          provide: Keyring,
          inject: [CommonSettings, Trust],
          useFactory: ({ SALLYPORT_KEYS_FILE: path }: CommonSettings, trust: Trust) => Keyring.read(path, trust),
        },
        KeyFilesWatch,
      ],
      exports: [Trust, Keyring],
    };
  }
}
