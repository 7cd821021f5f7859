import { readFileSync } from 'node:fs';
export const a = (): string => readFileSync('/etc/hostname', 'utf8');
