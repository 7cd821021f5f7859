import { createHash } from 'node:crypto';
import { request } from 'node:http';
export const leaf = [createHash, request];
