import { serviceNames, settingsTable, type ServiceName } from '#platform';
import { settingsOf } from '../world/service-settings.js';

/** `docs/settings.md`: every setting of every service, from the schemas that the services read their environment with. */
export async function settingsPage(): Promise<string> {
  const parts = await Promise.all(serviceNames.map(partOf));
  return [
    '# Settings',
    '',
    'Generated from the services’ own schemas by `npm run docs`. Do not edit. A secret may also come from the file that `<NAME>_FILE` names.',
    'An unknown `SALLYPORT_` name stops a service at start, with everything else that is wrong.',
    '',
    ...parts.flat(),
  ].join('\n');
}

async function partOf(service: ServiceName): Promise<string[]> {
  const rows = settingsTable(await settingsOf(service)).map((row) => {
    const notes = [row.required ? 'required' : '', row.secret ? 'secret' : '', row.demoOnly ? 'demo only' : ''];
    const cells = [
      `\`${row.name}\``,
      code(row.defaultValue),
      code(row.demoValue),
      notes.filter(Boolean).join(', '),
      row.meaning,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [`## ${service}`, '', '| name | default | in demo mode | | meaning |', '|---|---|---|---|---|', ...rows, ''];
}

const code = (text: string | undefined): string => (text === undefined || text === '' ? '' : `\`${text}\``);
