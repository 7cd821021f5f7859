import * as known from 'jose';
export const a = known;
