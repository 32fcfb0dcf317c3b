// Elements in few words, and numbers and moments as people read them. Texts become text nodes, never markup.

const SVG = 'http://www.w3.org/2000/svg';

/** `on…` is a listener, `false` and `undefined` are left away, everything else is an attribute. */
export function h(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function s(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.flat(2).filter((child) => child !== undefined && child !== false));
  return element;
}

export function byId(id) {
  return document.getElementById(id);
}

const NUMBERS = new Intl.NumberFormat('en');

export function number(value) {
  return NUMBERS.format(value);
}

export function plural(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

const UNITS = [
  ['d', 86400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
];

/** `3 d`, `2 h`, `12 s`: how long before `now` the moment was. */
export function age(moment, now) {
  const seconds = Math.max(0, Math.round((Date.parse(now) - Date.parse(moment)) / 1000));
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? ['s', 1];
  return `${Math.floor(seconds / size)} ${unit}`;
}

/** Day and time in UTC, as the daemon's log has them. */
export function clock(moment) {
  return `${moment.slice(0, 10)} ${moment.slice(11, 19)}`;
}

export function bytes(count) {
  if (count < 1024) return `${count} B`;
  const exponent = Math.min(3, Math.floor(Math.log2(count) / 10));
  return `${(count / 1024 ** exponent).toFixed(1)} ${['', 'KiB', 'MiB', 'GiB'][exponent]}`;
}

export function pairs(rows) {
  return h(
    'dl',
    { class: 'pairs' },
    rows.map(([term, ...values]) => [h('dt', {}, term), h('dd', {}, ...values)]),
  );
}

export function mono(text) {
  return h('span', { class: 'mono' }, text);
}
