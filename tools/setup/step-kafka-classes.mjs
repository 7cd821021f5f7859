import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inCache, inRoot, pinnedNode } from './place.mjs';
import { outputOf, runToEnd } from './run.mjs';
import { brokersElsewhere, kafkaHome, wanted } from './step-kafka.mjs';

const folder = inCache('kafka');
const classes = join(folder, 'classes.jsa');
const stamp = join(folder, 'classes-of');

/** What Kafka's Java loads at a start, in the form in which it is loaded fastest. Without it everything works, slower. */
export const kafkaClasses = {
  name: 'Kafka classes',
  doing: 'one start of Kafka, so that later ones are faster',
  after: ['Apache Kafka', 'build'],
  missing: () => [],
  done: () => brokersElsewhere() || (existsSync(stamp) && readFileSync(stamp, 'utf8') === whose()),
  async run(logFile) {
    mkdirSync(folder, { recursive: true });
    rmSync(classes, { force: true });
    const script = inRoot('dist', 'tools', 'prepare', 'kafka-classes.js');
    const code = await runToEnd({ command: [pinnedNode, script, classes], logFile });
    if (code === 0) writeFileSync(stamp, whose());
    return code;
  },
};

/** Java takes the file only for the same jars at the same place, and if it is the same Java. */
const whose = () => `${wanted} in ${kafkaHome() ?? folder}, ${outputOf(['java', '-version'])}`;
