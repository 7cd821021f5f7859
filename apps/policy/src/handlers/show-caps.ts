import { Injectable } from '@nestjs/common';
import type { CapsAnswer } from '#contracts';
import { PolicyRuntime } from '../io/policy-runtime.js';

/** The fold begins with these and each finding can only lower them. */
@Injectable()
export class ShowCaps {
  constructor(private readonly rules: PolicyRuntime) {}

  handle(): CapsAnswer {
    const { credential_ttl_s: ttl_seconds, credential_max_uses: uses } = this.rules.engine.bundle.config.defaults;
    return { ttl_seconds, uses };
  }
}
