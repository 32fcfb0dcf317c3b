// The text format of Prometheus, as far as tests read it: one series a line.

export interface Series {
  readonly name: string;
  /** As they stand between the braces. */
  readonly labels: string;
  readonly value: string;
}

export function seriesOf(text: string): readonly Series[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [, name = '', labels = '', value = ''] = /^([a-zA-Z_:]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    return { name, labels, value };
  });
}
