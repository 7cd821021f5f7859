import { build } from './step-build.mjs';
import { kafkaJars } from './step-kafka.mjs';
import { npmPackages } from './step-npm.mjs';
import { kafkaClasses } from './step-kafka-classes.mjs';
import { opaCompiler } from './step-opa.mjs';
import { policies } from './step-policies.mjs';

/**
 * What a checkout needs before anything can start.
 *
 * @typedef {object} Step
 * @property {string} name
 * @property {string} doing What the person reads while it runs.
 * @property {string[]} after Names of the steps that must have ended first.
 * @property {() => boolean} done Nothing to do; answered in milliseconds.
 * @property {() => string[]} missing What the machine lacks for it: what to install, or which setting replaces it.
 * @property {(logFile: string) => Promise<number>} run Gives an exit code. Safe to repeat after being cut off anywhere.
 */

/** @type {Step[]} */
export const steps = [npmPackages, kafkaJars, opaCompiler, build, policies, kafkaClasses];
