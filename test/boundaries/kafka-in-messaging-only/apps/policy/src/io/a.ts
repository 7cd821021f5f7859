import * as known from 'kafkajs';
export const a = known;
