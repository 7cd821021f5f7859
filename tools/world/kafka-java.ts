import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from './place.js';
import type { Words } from './leash.js';

/** How one Java process of Kafka runs. */
export interface KafkaJava {
  /** Lives for minutes: the JVM does not spend on making it fast what it never gets back. */
  brief?: boolean;
  /** At its orderly end it writes down the classes that it loaded (JEP 350), so that the next ones need not read them from the jars. */
  classesTo?: string;
}

/** Written by set-up. Of another Java or of other jars Java itself does not take it, and starts slower. */
const classes = join(cacheDir, 'kafka', 'classes.jsa');

const memory = ['-Xms256m', '-Xmx512m', '-XX:+UseSerialGC', '-Xshare:auto'];

/** The jars come from `KAFKA_HOME`, or else from set-up. */
export function kafkaJava({ brief, classesTo }: KafkaJava, ...mainAndArguments: string[]): Words {
  const speed = brief === true ? ['-XX:TieredStopAtLevel=1'] : [];
  const remembered = classesTo === undefined ? known() : [`-XX:ArchiveClassesAtExit=${classesTo}`];
  return ['java', ...memory, ...speed, ...remembered, '-cp', jars(), ...mainAndArguments];
}

function known(): string[] {
  return existsSync(classes) ? [`-XX:SharedArchiveFile=${classes}`] : [];
}

function jars(): string {
  return join(process.env['KAFKA_HOME'] ?? join(cacheDir, 'kafka'), 'libs', '*');
}
