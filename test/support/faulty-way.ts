import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * What becomes of what is sent: `open` hands it on. `swallow` takes it and hands on nothing, for good. `stop` does not read it,
 * so that both sides wait, and hands it on later. `refuse` breaks every connection.
 */
export type Passing = 'open' | 'swallow' | 'stop' | 'refuse';

interface Pair {
  client: Socket;
  server: Socket;
  /** The next answer breaks off. */
  isCut: boolean;
  /** Something of it was swallowed: it can never be whole again. */
  isLost: boolean;
}

type Side = 'client' | 'server';

/** A TCP way to one port of this machine that goes wrong as a network does: nobody on either side is told. */
export class FaultyWay {
  readonly #pairs = new Set<Pair>();
  readonly #cuts = new Set<string>();
  #passing: Passing = 'open';

  private constructor(
    private readonly server: Server,
    private readonly to: number,
  ) {}

  static async to(port: number): Promise<FaultyWay> {
    // Half open: an end that is swallowed is not answered either.
    const server = createServer({ allowHalfOpen: true });
    const way = new FaultyWay(server, port);
    server.on('connection', (client) => {
      way.#join(client);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return way;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  become(passing: Passing): void {
    this.#passing = passing;
    for (const pair of this.#pairs) this.#follow(pair);
  }

  /** The answer to the next question with this text in it breaks off in the middle, and the connection with it. */
  cutAnswerTo(text: string): void {
    this.#cuts.add(text);
  }

  /** How many of them nobody has asked. */
  get cutsLeft(): number {
    return this.#cuts.size;
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) breakOff(pair);
    this.server.close();
    await once(this.server, 'close');
  }

  #join(client: Socket): void {
    const server = connect({ port: this.to, host: '127.0.0.1', allowHalfOpen: true });
    const pair: Pair = { client, server, isCut: false, isLost: false };
    this.#pairs.add(pair);
    this.#hand(pair, 'client', 'server');
    this.#hand(pair, 'server', 'client');
    this.#follow(pair);
  }

  #follow(pair: Pair): void {
    for (const side of [pair.client, pair.server]) {
      if (this.#passing === 'stop') side.pause();
      else side.resume();
    }
    const isBroken = this.#passing === 'refuse' || (this.#passing === 'open' && pair.isLost);
    if (isBroken) breakOff(pair);
  }

  #hand(pair: Pair, from: Side, to: Side): void {
    const over = (): void => {
      if (this.#passing === 'swallow') pair.isLost = true;
      else if (!pair.isLost) pair[to].end();
    };
    pair[from].on('data', (bytes: Buffer) => {
      if (this.#passing === 'swallow') pair.isLost = true;
      if (!pair.isLost) this.#pass(pair, to, bytes);
    });
    pair[from].on('end', over);
    pair[from].on('error', over);
    pair[from].on('close', () => {
      over();
      if (pair.client.destroyed && pair.server.destroyed) this.#pairs.delete(pair);
    });
  }

  #pass(pair: Pair, to: Side, bytes: Buffer): void {
    const isAnswer = to === 'client';
    if (!isAnswer) pair.isCut ||= this.#takesCut(bytes);
    if (!isAnswer || !pair.isCut) {
      pair[to].write(bytes);
      return;
    }
    pair.client.end(bytes.subarray(0, bytes.length / 2));
    pair.server.destroy();
  }

  #takesCut(question: Buffer): boolean {
    const text = question.toString('latin1');
    return [...this.#cuts].some((cut) => text.includes(cut) && this.#cuts.delete(cut));
  }
}

function breakOff({ client, server }: Pair): void {
  client.destroy();
  server.destroy();
}
