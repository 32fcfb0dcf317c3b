// The program `birdcl`: one command from the command line, or command after command from standard input. The daemon at the
// other end may be ours or a real BIRD. As with BIRD 1.6 the exit code says only whether there was a daemon to talk to.

import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { reasonOf } from '../files.ts';
import { expandCommand, helpFor } from './client-commands.ts';
import { ClientConnection, type ReplyLine } from './client-connection.ts';
import { readOptions } from './getopt.ts';
import { type Pager, pagerFor } from './pager.ts';

/** calico-node's, then Debian's; the first that is there is taken. */
const SOCKETS = ['/var/run/calico/bird.ctl', '/var/run/bird/bird.ctl'];
const LOCAL_SOCKET = 'bird.ctl';
const PROMPT = 'bird> ';

const USAGE = 'Usage: birdcl [-s <control-socket>] [-v] [-r] [-l]\n';

export async function runBirdcl(argv: readonly string[]): Promise<number> {
  const options = readOptions('s:vrl', [], argv);
  if ('problem' in options) return fail(`birdcl: ${options.problem}\n${USAGE}`);
  const { values, rest } = options;
  const usual = values.has('l') ? LOCAL_SOCKET : (SOCKETS.find(existsSync) ?? SOCKETS[0]!);
  const path = values.get('s') ?? usual;
  const pager = pagerFor(process.stdin, process.stdout);
  const client = new Client(pager, values.has('v'));
  try {
    await client.connect(path);
  } catch (error) {
    return fail(`Unable to connect to server control socket (${path}): ${reasonOf(error)}\n`);
  }
  try {
    if (values.has('r')) await client.ask('restrict');
    if (rest.length > 0) await client.obey(rest.join(' '));
    else await converse(client);
    return 0;
  } catch (error) {
    // Ends of connections are what is expected here; they are sentences.
    if (!(error instanceof Error)) throw error;
    return fail(`${error.message}\n`);
  } finally {
    client.close();
    pager.close();
  }
}

class Client {
  readonly #pager: Pager;
  readonly #isVerbose: boolean;
  #connection: ClientConnection | undefined;

  constructor(pager: Pager, isVerbose: boolean) {
    this.#pager = pager;
    this.#isVerbose = isVerbose;
  }

  async connect(path: string): Promise<void> {
    this.#connection = await ClientConnection.open(path, (line) => this.#show(line));
    await this.#pager.flush();
  }

  /** A line of the user; false: no more of them. */
  async obey(line: string): Promise<boolean> {
    if (/^\s*$/.test(line)) return true;
    if (/\?\s*$/.test(line)) {
      await this.#print(helpFor(line.slice(0, line.lastIndexOf('?'))));
      return true;
    }
    const expansion = expandCommand(line);
    switch (expansion.type) {
      case 'ambiguous':
        await this.#print(['Ambiguous command, possible expansions are:', ...expansion.lines]);
        return true;
      case 'unknown':
        await this.#print(["No such command. Press `?' for help."]);
        return true;
      case 'command':
        if (expansion.text === 'exit' || expansion.text === 'quit') return false;
        if (expansion.text === 'help') await this.#print(["Write `?' behind a command, or in place of one."]);
        else await this.ask(expansion.text);
        return true;
    }
  }

  async ask(command: string): Promise<void> {
    await this.#connection!.ask(command);
    await this.#pager.flush();
  }

  close(): void {
    this.#connection?.close();
  }

  async #print(lines: readonly string[]): Promise<void> {
    for (const line of lines) this.#pager.write(line);
    await this.#pager.flush();
  }

  #show({ type, code, text, line }: ReplyLine): void {
    switch (type) {
      case 'asynchronous':
        this.#pager.write(`>>> ${text}`);
        return;
      case 'continuation':
        this.#pager.write(this.#isVerbose ? `     ${text}` : text);
        return;
      case 'coded':
        if (code !== 0) this.#pager.write(this.#isVerbose ? line : text);
        return;
      case 'strange':
        this.#pager.write(`??? <${line}>`);
        return;
    }
  }
}

/** Until the user has enough. What is read from a file or a pipe is shown as if it had been typed. */
async function converse(client: Client): Promise<void> {
  const isTyped = process.stdin.isTTY === true;
  for await (const line of isTyped ? typedLines() : pipedLines()) {
    if (!(await client.obey(line))) return;
  }
  process.stdout.write('\n');
}

async function* pipedLines(): AsyncGenerator<string> {
  const { stdin, stdout } = process;
  stdout.write(PROMPT);
  for await (const line of createInterface({ input: stdin })) {
    stdout.write(`${line}\n`);
    yield line;
    stdout.write(PROMPT);
  }
}

/** Between lines the keys belong to the pager. */
async function* typedLines(): AsyncGenerator<string> {
  const { stdin: input, stdout: output } = process;
  let history: string[] = [];
  for (;;) {
    const lines = createInterface({ input, output, prompt: PROMPT, history });
    lines.on('history', (all) => {
      history = [...all];
    });
    const line = await new Promise<string | undefined>((resolve) => {
      lines.once('line', resolve);
      lines.once('close', () => resolve(undefined));
      lines.prompt();
    });
    lines.close();
    if (line === undefined) return;
    yield line;
  }
}

function fail(text: string): number {
  process.stderr.write(text);
  return 1;
}
