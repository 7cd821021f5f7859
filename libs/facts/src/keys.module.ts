import { Module, type DynamicModule } from '@nestjs/common';
import { CommonSettings } from '#platform';
import { Keyring, Trust } from '#trust';

/** Global: `Trust` (the gate's public keys) and `Keyring` (what this service signs with), from the files that the settings name. */
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
          inject: [CommonSettings],
          useFactory: ({ SALLYPORT_KEYS_FILE: path }: CommonSettings) => Keyring.read(path),
        },
      ],
      exports: [Trust, Keyring],
    };
  }
}
