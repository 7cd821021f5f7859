/** The parts that npm does not pin. Where each may come from instead stands in `kafka.mjs` and `opa.mjs`. */
export const kafkaVersion = '4.4.0';
export const slf4jBindingVersion = '2.25.1';
export const opaVersion = '1.22.2';
