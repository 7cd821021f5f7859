import * as known from '@open-policy-agent/opa-wasm';
export const a = known;
