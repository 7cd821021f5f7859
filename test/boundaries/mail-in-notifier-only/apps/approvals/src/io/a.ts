import * as known from 'nodemailer';
export const a = known;
