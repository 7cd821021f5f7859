import { z } from 'zod';
import { requestType, requestValue, serviceEvents, topics, outcomeNames, outcomeValue } from '#contracts';

interface Message {
  type: string;
  topic: string;
  summary: string;
  schema: z.ZodType;
}

const messages: Message[] = [
  { type: requestType, topic: topics.requests, summary: 'an agent asks', schema: requestValue },
  ...serviceEvents.map((event) => ({
    type: event.type,
    topic: event.topic,
    summary: event.emitted,
    schema: event.data,
  })),
  ...outcomeNames.map((name) => ({
    type: `sallyport.outcome.${name}.v1`,
    topic: topics.outcomes,
    summary: `the agent is told: ${name}`,
    schema: outcomeValue,
  })),
];

const ref = (kind: string, name: string): { $ref: string } => ({ $ref: `#/${kind}/${name}` });

/** `docs/asyncapi.json`: AsyncAPI 3.0 of every topic, from the same schemas that validate at run time. */
export function asyncapi(version: string): string {
  const channels = Object.values(topics).filter((topic) => messages.some((message) => message.topic === topic));
  const document = {
    asyncapi: '3.0.0',
    info: {
      title: 'Sallyport',
      version,
      description: 'CloudEvents 1.0 in Kafka binary mode; the payload is the event’s data.',
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(
      channels.map((topic) => [
        topic,
        {
          address: topic,
          messages: Object.fromEntries(
            messages.filter((m) => m.topic === topic).map((m) => [m.type, ref('components/messages', m.type)]),
          ),
        },
      ]),
    ),
    operations: Object.fromEntries(
      channels.map((topic) => [
        `${topic === topics.requests ? 'receive' : 'send'}:${topic}`,
        { action: topic === topics.requests ? 'receive' : 'send', channel: ref('channels', topic) },
      ]),
    ),
    components: {
      messages: Object.fromEntries(
        messages.map((m) => [
          m.type,
          { name: m.type, summary: m.summary, payload: z.toJSONSchema(m.schema, { io: 'input' }) },
        ]),
      ),
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
