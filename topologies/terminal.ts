// How labs talk to a person: lines with times, colours on a terminal only, nothing that needs one.

export interface Terminal {
  /** A line of progress, with the seconds since the start. */
  progress(text: string): void;
  /** A command as the reader could type it, and what it printed. */
  command(prompt: string, output: string): void;
  line(text?: string): void;
}

export function openTerminal(startedAt = performance.now()): Terminal {
  const colours = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
  const paint = (code: number, text: string) => (colours ? `\x1b[${code}m${text}\x1b[0m` : text);
  const line = (text = '') => {
    process.stdout.write(`${text}\n`);
  };
  return {
    line,
    progress(text) {
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(2).padStart(6);
      line(`${paint(DIM, `${seconds} s`)}  ${text}`);
    },
    command(prompt, output) {
      line();
      line(paint(BOLD, prompt));
      line(output.trimEnd());
    },
  };
}

const BOLD = 1;
const DIM = 2;
