import * as known from 'pino';
export const a = known;
