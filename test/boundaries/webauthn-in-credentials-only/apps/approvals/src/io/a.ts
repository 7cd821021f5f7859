import * as known from '@simplewebauthn/server';
export const a = known;
