import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inCache } from './place.mjs';
import { outputOf, runToEnd } from './run.mjs';
import { kafkaVersion, slf4jBindingVersion } from './versions.mjs';

const otherwise =
  'or set SALLYPORT_KAFKA_BROKERS=host:port to a Kafka that runs already (`docker compose up -d kafka` starts one)';
const jars = inCache('kafka', 'libs');
const stamp = join(jars, 'version');
/** The versions of Kafka and of what prints its log. */
export const wanted = `${kafkaVersion} ${slf4jBindingVersion}`;

/** Apache Kafka as jars. First found wins: brokers that run elsewhere; `KAFKA_HOME`; Maven. */
export const kafkaJars = {
  name: 'Apache Kafka',
  doing: `Maven fetches the jars of ${kafkaVersion}`,
  after: [],
  done: () => brokersElsewhere() || kafkaHome() !== undefined || fetched(),
  missing() {
    if (brokersElsewhere()) return [];
    const home = kafkaHome();
    if (home !== undefined && !existsSync(join(home, 'libs'))) return [`KAFKA_HOME=${home} has no folder libs.`];
    return [noJava(), ...(home !== undefined || fetched() ? [] : [noMaven()])].filter((line) => line !== undefined);
  },
  async run(logFile) {
    const scratch = inCache('kafka', 'fetch');
    rmSync(scratch, { recursive: true, force: true });
    mkdirSync(scratch, { recursive: true });
    const pom = join(scratch, 'pom.xml');
    writeFileSync(pom, projectWithKafka());
    const goal = [
      'dependency:copy-dependencies',
      `-DoutputDirectory=${join(scratch, 'libs')}`,
      '-DincludeScope=runtime',
    ];
    const code = await runToEnd({ command: ['mvn', '-B', '-f', pom, ...goal], logFile });
    if (code === 0) {
      writeFileSync(join(scratch, 'libs', 'version'), wanted);
      rmSync(jars, { recursive: true, force: true });
      // A data folder that another version formatted is not this one's.
      rmSync(inCache('kafka', 'formatted'), { recursive: true, force: true });
      renameSync(join(scratch, 'libs'), jars);
    }
    rmSync(scratch, { recursive: true, force: true });
    return code;
  },
};

export const brokersElsewhere = () => (process.env.SALLYPORT_KAFKA_BROKERS ?? '') !== '';
export const kafkaHome = () => process.env.KAFKA_HOME || undefined;
const fetched = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;

function noJava() {
  const version = outputOf(['java', '-version']);
  const major = Number(/version "(\d+)/u.exec(version ?? '')?.[1] ?? 0);
  if (major >= 17) return undefined;
  const found = version === undefined ? 'none found' : `found ${major}`;
  return `Java 17 or newer is needed for Kafka (${found}). Install it (Debian: apt-get install openjdk-17-jre-headless), ${otherwise}.`;
}

function noMaven() {
  if (outputOf(['mvn', '--version']) !== undefined) return undefined;
  return `Maven is needed to fetch Kafka. Install it (Debian: apt-get install maven), or set KAFKA_HOME to an unpacked Apache Kafka 4, ${otherwise}.`;
}

function projectWithKafka() {
  const dependency = (group, artifact, version) =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>',
    '<groupId>sallyport</groupId><artifactId>kafka-jars</artifactId><version>1</version><packaging>pom</packaging>',
    '<dependencies>',
    dependency('org.apache.kafka', 'kafka_2.13', kafkaVersion),
    dependency('org.apache.logging.log4j', 'log4j-slf4j-impl', slf4jBindingVersion),
    '</dependencies></project>',
  ].join('\n');
}
