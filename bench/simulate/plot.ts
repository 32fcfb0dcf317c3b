// A line chart as SVG: both axes logarithmic, a line for each series, readable on light and dark ground. Pure.

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Plot {
  readonly title: string;
  /** What x counts. */
  readonly unit: string;
  readonly series: readonly Series[];
  /** A value of the y axis in words. */
  readonly text: (y: number) => string;
}

const WIDTH = 720;
const HEIGHT = 380;
const LEFT = 80;
const RIGHT = 170;
const TOP = 44;
const BOTTOM = 48;
/** Of a series on light and on dark ground: tell them apart without colours by the shapes of their points. */
const COLOURS = [
  ['#b4541a', '#f0a060'],
  ['#1f6f8b', '#6cc0dc'],
  ['#5b4b9a', '#b3a4f0'],
] as const;
const POINT = 4.5;
/** Names are at least so far apart. */
const LABEL_HEIGHT = 16;

export function svg(plot: Plot): string {
  const xs = plot.series.flatMap(({ points }) => points.map(([x]) => x));
  const ys = plot.series.flatMap(({ points }) => points.map(([, y]) => y));
  const xTicks = [...new Set(xs)].sort((a, b) => a - b);
  const yTicks = decades(Math.min(...ys), Math.max(...ys));
  const x = scale(xTicks[0]!, xTicks.at(-1)!, LEFT, WIDTH - RIGHT);
  const y = scale(yTicks[0]!, yTicks.at(-1)!, HEIGHT - BOTTOM, TOP);
  const parts = [
    `<text class="title" x="${LEFT}" y="24">${plot.title}</text>`,
    ...yTicks.map((tick) => horizontal(y(tick), plot.text(tick))),
    ...apart(xTicks, x).map(
      (tick) =>
        `<text class="tick" x="${round(x(tick))}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${tick.toLocaleString('en')}</text>`,
    ),
    `<text class="tick" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${plot.unit}</text>`,
    ...plot.series.map(({ points }, index) =>
      lineOf(
        points.map(([px, py]) => [x(px), y(py)]),
        index,
      ),
    ),
    ...labels(plot.series, y),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${plot.title}">\n${style()}\n${parts.join('\n')}\n</svg>\n`;
}

function style(): string {
  const rules = (ground: 0 | 1, ink: string, faint: string) =>
    `text{fill:${ink}}.grid{stroke:${faint}}${COLOURS.map((pair, index) => `.s${index}{stroke:${pair[ground]}}.f${index}{fill:${pair[ground]}}`).join('')}`;
  return `<style>text{font:13px system-ui,sans-serif}.title{font-size:15px;font-weight:600}.tick{font-size:12px}path{fill:none;stroke-width:2}${rules(0, '#24292f', '#d0d7de')}@media(prefers-color-scheme:dark){${rules(1, '#e6edf3', '#3d444d')}}</style>`;
}

function horizontal(y: number, text: string): string {
  return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(y)}" y2="${round(y)}"/><text class="tick" x="${LEFT - 8}" y="${round(y + 4)}" text-anchor="end">${text}</text>`;
}

function lineOf(points: readonly (readonly [number, number])[], index: number): string {
  const path = points.map(([x, y], at) => `${at === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join('');
  return `<path class="s${index}" d="${path}"/>${points.map(([x, y]) => shape(x, y, index)).join('')}`;
}

function shape(x: number, y: number, index: number): string {
  const [left, right, top, bottom] = [x - POINT, x + POINT, y - POINT, y + POINT].map(round);
  if (index === 0) return `<circle class="f0" cx="${round(x)}" cy="${round(y)}" r="${POINT}"/>`;
  const corners =
    index === 1
      ? `${left},${top} ${right},${top} ${right},${bottom} ${left},${bottom}`
      : `${round(x)},${top} ${right},${bottom} ${left},${bottom}`;
  return `<polygon class="f${index}" points="${corners}"/>`;
}

/** Names beside the plot, each as high as its line ends, or as near as there is room. */
function labels(series: readonly Series[], y: (value: number) => number): string[] {
  const places = series
    .map(({ name, points }, index) => ({ name, index, y: y(points.at(-1)![1]) }))
    .sort((a, b) => a.y - b.y);
  let lowest = Number.NEGATIVE_INFINITY;
  const left = WIDTH - RIGHT + 20;
  return places.map(({ name, index, y: middle }) => {
    lowest = Math.max(middle, lowest + LABEL_HEIGHT);
    return `${shape(left, lowest, index)}<text class="f${index}" x="${left + 10}" y="${round(lowest + 4)}">${name}</text>`;
  });
}

/** Those of the values whose texts do not touch. */
function apart(ticks: readonly number[], x: (value: number) => number): number[] {
  const kept: number[] = [];
  for (const tick of ticks) if (kept.length === 0 || x(tick) - x(kept.at(-1)!) > 36) kept.push(tick);
  return kept;
}

/** Powers of ten around the values. */
function decades(least: number, most: number): number[] {
  const first = Math.floor(Math.log10(least));
  const last = Math.max(first + 1, Math.ceil(Math.log10(most)));
  return Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
}

function scale(from: number, to: number, start: number, end: number): (value: number) => number {
  const width = Math.log(to / from) || 1;
  return (value) => start + (Math.log(value / from) / width) * (end - start);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
