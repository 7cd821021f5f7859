import { expect } from '@jest/globals';
import { serviceNames, type ServiceName } from '#platform';
import {
  addKey, Keyring, readKeysFile, readTrustFile, removeKey, retireKey, useKey, type GateFiles, type Step,
} from '#trust'; // prettier-ignore
import type { KeyPurpose } from '#contracts';
import { replaceFile } from '../../apps/cli/src/io/key-file.js';
import { eventually } from './eventually.js';
import type { RunningGate } from './running-gate.js';

interface Rotated {
  service: ServiceName;
  purpose: KeyPurpose;
  old: string;
  fresh: string;
}

/**
 * Changes every key of every service of a running gate, a step at a time, as an operator does with `sallyport keys`. A step is over when
 * all services say that they have taken it up; that takes a second or two, so the waits of the command are not needed here.
 */
export class Rotation {
  readonly keys: Rotated[] = [];
  /** The keyrings as they were before: with what a thief would have kept. */
  readonly before: ReadonlyMap<ServiceName, Keyring>;
  readonly #files;

  constructor(private readonly gate: RunningGate) {
    this.#files = gate.world.files.keys(gate.trust.gate);
    this.before = new Map(serviceNames.map((name) => [name, new Keyring(readKeysFile(this.#files.keysFile(name)))]));
  }

  async add(): Promise<void> {
    for (const [service, keyring] of this.before) {
      for (const [purpose, old] of keyring.signing()) {
        const fresh = this.#step(service, (files) => addKey(files, purpose));
        this.keys.push({ service, purpose, old, fresh });
      }
    }
    await this.#all(`${String(2 * this.keys.length)} pinned, 0 of them retired`);
  }

  async use(): Promise<void> {
    for (const { service, fresh } of this.keys) this.#step(service, (files) => useKey(files, fresh));
    const names = (service: ServiceName): string[] => this.keys.flatMap((key) => (key.service === service ? `${key.purpose} ${key.fresh.slice(0, 8)}` : [])); // prettier-ignore
    await Promise.all(serviceNames.map((service) => this.#shows(service, ...names(service))));
  }

  async retire(): Promise<void> {
    const at = new Date().toISOString();
    for (const { service, old } of this.keys) this.#step(service, (files) => retireKey(files, old, at));
    await this.#all(`${String(this.keys.length)} of them retired`);
  }

  /** Takes one retired key out, as after a theft. */
  async remove(service: ServiceName, purpose: KeyPurpose): Promise<void> {
    const { old = '' } = this.keys.find((key) => key.service === service && key.purpose === purpose) ?? {};
    this.#step(service, (files) => removeKey(files, old));
    await this.#all(`${String(2 * this.keys.length - 1)} pinned`);
  }

  #step(service: ServiceName, take: (files: GateFiles) => Step): string {
    const { trustFile, keysFile } = this.#files;
    const step = take({ keys: readKeysFile(keysFile(service)), trust: readTrustFile(trustFile) });
    if (!step.ok) throw new Error(`${service}: ${step.why}`);
    replaceFile(trustFile, step.files.trust);
    replaceFile(keysFile(service), step.files.keys);
    return step.kid;
  }

  async #all(text: string): Promise<void> {
    await Promise.all(serviceNames.map((service) => this.#shows(service, text)));
  }

  async #shows(service: ServiceName, ...texts: string[]): Promise<void> {
    await eventually(async () => {
      const answer = await fetch(`${this.gate.world.serviceUrl(service)}/readyz`);
      const { parts } = (await answer.json()) as { parts: Record<string, { detail: string }> };
      for (const text of texts) expect([service, parts['keys']?.detail]).toEqual([service, expect.stringContaining(text)]);
    }, { everyMs: 100 }); // prettier-ignore
  }
}
