import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { loadSettings } from '#platform';
import {
  defaultPorts,
  freePortsOfWorld,
  portNames,
  portSetting,
  portsFrom,
  refuseTakenPorts,
} from './ports-of-world.js';
import { worldSettings } from './world-settings.js';

let squatter: Server | undefined;
afterEach(() => {
  squatter?.close();
});

describe('ports', () => {
  it.each(portNames)('a taken port is told with its number and its setting: %s', async (name) => {
    const ports = await freePortsOfWorld();
    squatter = createServer().listen(ports[name], '127.0.0.1');
    await once(squatter, 'listening');

    const refusal = refuseTakenPorts(ports, portNames);

    await expect(refusal).rejects.toThrow(
      `Port ${String(ports[name])} (${name}) is taken. Free it, or set ${portSetting(name)} to another.`,
    );
  });

  it('two parts on one port are told with both settings', () => {
    const settings = { SALLYPORT_AUDIT_PORT: '7107', SALLYPORT_SMTP_PORT: '7192' };
    expect(() => portsFrom(loadSettings(worldSettings, settings))).toThrow(
      [
        'SALLYPORT_AUDIT_PORT and SALLYPORT_REGISTRY_PORT are both 7107.',
        'SALLYPORT_SMTP_PORT and SALLYPORT_KAFKA_PORT are both 7192.',
      ].join('\n'),
    );
  });

  it('no setting means the default', () => {
    expect(portsFrom(loadSettings(worldSettings, { SALLYPORT_INTAKE_PORT: '' }))).toEqual(defaultPorts);
  });
});

describe('the settings of npm start', () => {
  it('are refused all at once: no port, and a name that nothing knows', () => {
    const settings = { SALLYPORT_INTAKE_PORT: '7x', SALLYPORT_POLICY_PORT: '70000', SALLYPORT_POLCY_PORT: '7102' };
    expect(() => loadSettings(worldSettings, settings)).toThrow(
      /SALLYPORT_POLCY_PORT is not a setting[^]+SALLYPORT_INTAKE_PORT is malformed[^]+SALLYPORT_POLICY_PORT is malformed/u,
    );
  });

  it('leave the settings of single services to these', () => {
    expect(() => loadSettings(worldSettings, { SALLYPORT_AUDIT_CHECKPOINT_SECONDS: '5' })).not.toThrow();
  });
});
