import { EventEmitter } from 'node:events';
import { expect, it } from '@jest/globals';
import { makeDataSource } from './data-source.js';

it('a connection is listened to from its first moment on: its error ends no process', () => {
  const url = 'postgres://nobody@127.0.0.1:9/none';
  const source = makeDataSource({ url, schema: 's', pool: 1, applicationName: 'spec', onPoolError: () => undefined });
  const { onConnect } = source.options.extra as { onConnect: (client: EventEmitter) => void };
  const client = new EventEmitter();
  onConnect(client);
  expect(client.emit('error', new Error('terminating connection due to administrator command'))).toBe(true);
});
