import { join } from 'node:path';
import type { News } from './supervisor.js';

const column = 20;

/** What the supervisor says about a program, as a line for a person. A name of any length stands apart from its state. */
export function newsLine(news: News, dir: string): string {
  return `  ${news.name.padEnd(column)}  ${stateOf(news, dir)}`;
}

function stateOf(news: News, dir: string): string {
  switch (news.what) {
    case 'ready':
      return `ready (${(news.afterMs / 1000).toFixed(1)} s)`;
    case 'ended':
      return `ended by itself; its log: ${join(dir, 'logs', news.name)}.log`;
    case 'restarting':
      return `starts again in ${news.inMs / 1000} s`;
  }
}
