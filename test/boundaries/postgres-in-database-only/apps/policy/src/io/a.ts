import * as known from 'pg';
export const a = known;
