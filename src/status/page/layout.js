// Where things stand in the picture: the node in the middle, a sector for each group of peers, rings within it. Geometry
// only. All sizes are in the units of the picture's own coordinates.

export const WIDTH = 960;
export const HEIGHT = 540;
export const CENTER = { x: WIDTH / 2, y: HEIGHT / 2 };
export const HUB = 46;

const INNER = 92;
const OUTER = 226;
/** The picture is wider than high. */
const STRETCH = 1.7;
const LARGEST_STEP = 58;
const ONE_RING_STEP = 27;
const SMALLEST_SHARE = 0.15;
const GAP = 0.14;
const TURN = 2 * Math.PI;

/**
 * @param counts how many peers each group has
 * @param labelled for each group whether its peers have names beside them, which need room
 * @returns for each group its middle `angle`, the radius `inner` where its peers begin, their `places` and `size`
 */
export function layout(counts, labelled) {
  return sectorsOf(counts).map((sector, index) => {
    const { count, start, span } = sector;
    const step = stepFor(sector);
    const places = placesIn(count, start, span, step, labelled[index] ? OUTER * 0.86 : OUTER);
    return {
      angle: start + span / 2,
      inner: Math.min(...places.map(({ radius }) => radius)),
      size: Math.max(2.6, Math.min(9, step * 0.36)),
      places,
    };
  });
}

export function point(angle, radius) {
  return { x: CENTER.x + Math.cos(angle) * radius * STRETCH, y: CENTER.y + Math.sin(angle) * radius };
}

/** Shares of the circle by size, but none too small to be seen; the first one has its middle at the top. */
function sectorsOf(counts) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const gap = counts.length > 1 ? GAP : 0;
  const weights = counts.map((count) => Math.max(SMALLEST_SHARE, count / total));
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const spans = weights.map((weight) => (weight / sum) * TURN - gap);
  let start = -Math.PI / 2 - spans[0] / 2;
  return counts.map((count, index) => {
    const sector = { count, start, span: spans[index] };
    start += spans[index] + gap;
    return sector;
  });
}

/** The largest distance between peers at which the group fits; on one ring, where that does not crowd it. */
function stepFor({ count, span }) {
  const onOneRing = (OUTER * 0.86 * span) / count;
  if (onOneRing >= ONE_RING_STEP) return Math.min(LARGEST_STEP, onOneRing);
  let step = LARGEST_STEP;
  while (step > 3 && capacity(ringsFor(step, OUTER), span, step) < count) step *= 0.94;
  return step;
}

function ringsFor(step, outer) {
  const rings = [];
  for (let radius = outer; radius >= INNER; radius -= step) rings.push(radius);
  return rings;
}

function capacity(rings, span, step) {
  return rings.reduce((sum, radius) => sum + onRing(radius, span, step), 0);
}

function onRing(radius, span, step) {
  return Math.max(1, Math.floor((radius * span) / step));
}

/** On as few rings as it takes, the outer ones first, spread evenly. */
function placesIn(count, start, span, step, outer) {
  const places = [];
  let left = count;
  let used = 0;
  const rings = ringsFor(step, outer);
  let room = 0;
  while (room < count && used < rings.length) room += onRing(rings[used++], span, step);
  const chosen = rings.slice(0, used);
  const length = chosen.reduce((sum, radius) => sum + radius, 0);
  chosen.forEach((radius, ring) => {
    const isLast = ring === chosen.length - 1;
    const here = isLast ? left : Math.min(left, Math.round((count * radius) / length));
    left -= here;
    for (let index = 0; index < here; index++) {
      const angle = start + ((index + 0.5) / here) * span;
      places.push({ ...point(angle, radius), angle, radius });
    }
  });
  return places;
}
