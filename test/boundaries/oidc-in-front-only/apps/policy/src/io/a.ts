import * as known from 'openid-client';
export const a = known;
