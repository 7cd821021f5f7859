/** What a door answered. */
export interface Answer {
  status: number;
  text: string;
  body: Record<string, unknown>;
}

/** Status and code, or state, of an answer. */
export const codeOf = ({ status, body }: Answer): string =>
  `${String(status)} ${String(body['code'] ?? body['state'])}`;

export async function read(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, text, body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {} };
}
