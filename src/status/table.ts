// A text table in a box, drawn as calicoctl draws it: headings centred, cells to the left.

export function boxTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+`;
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    rule,
    line(headings.map((heading, column) => centred(heading, widths[column] ?? 0))),
    rule,
    ...rows.map((row) => line(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)))),
    ...(rows.length > 0 ? [rule] : []),
  ].join('\n');
}

function centred(text: string, width: number): string {
  return text.padStart(text.length + Math.floor((width - text.length) / 2)).padEnd(width);
}
