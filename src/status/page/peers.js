// The table of peers: search, order, pages. All of them are here already; only a page of them is drawn.

import { age, byId, h, mono, number, s } from './dom.js';
import { model, STANDING_TEXT, standing } from './model.js';
import { isOpen, whenOpened } from './tabs.js';

const PAGE = 100;
const RANK = { down: 0, trying: 1, up: 2 };
const COLUMNS = [
  ['State', (peer) => RANK[standing(peer)]],
  ['Peer', (peer) => peer.name],
  ['Address', (peer) => peer.peerIP],
  ['AS', (peer) => peer.asNumber],
  ['Since', (peer) => peer.since],
  ['In', (peer) => peer.counters.accepted],
  ['Out', (peer) => peer.counters.advertised],
  ['Why', (peer) => peer.info],
];
const NUMBERS = new Set(['AS', 'In', 'Out']);

let text = '';
let onlyDown = false;
let column = 1;
let descending = false;
let page = 0;
let choose = () => {};

export function startPeers(onChoose) {
  choose = onChoose;
  const search = h('input', {
    type: 'search',
    placeholder: 'Name, address, AS or reason',
    'aria-label': 'Search peers',
    oninput: () => {
      text = search.value.trim().toLowerCase();
      page = 0;
      update();
    },
  });
  const filter = h('input', {
    type: 'checkbox',
    id: 'only-down',
    onchange: () => {
      onlyDown = filter.checked;
      page = 0;
      update();
    },
  });
  byId('peers').append(
    h(
      'div',
      { class: 'bar' },
      search,
      h('label', {}, filter, ' only those not Established'),
      h('span', { class: 'grow' }),
    ),
    h('div', { class: 'scroll' }, h('table', {}, h('thead', {}), h('tbody', {}))),
  );
  byId('peers')
    .querySelector('.bar')
    .append(h('span', { class: 'quiet pages' }));
  whenOpened('peers', update);
}

export function updatePeers() {
  if (isOpen('peers')) update();
}

function update() {
  const found = search();
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  page = Math.min(page, pages - 1);
  const place = byId('peers');
  place.querySelector('thead').replaceChildren(h('tr', {}, COLUMNS.map(heading)));
  place.querySelector('tbody').replaceChildren(...found.slice(page * PAGE, (page + 1) * PAGE).map(row));
  place.querySelector('.pages').replaceChildren(...turner(found.length, pages));
}

function search() {
  const [, key] = COLUMNS[column];
  const sign = descending ? -1 : 1;
  return [...model.peers.values()]
    .filter((peer) => !onlyDown || peer.state !== 'Established')
    .filter((peer) => text === '' || words(peer).includes(text))
    .sort((a, b) => sign * compare(key(a), key(b)) || compare(a.name, b.name));
}

function words({ name, peerIP, asNumber, info, type, role, description = '' }) {
  return `${name} ${peerIP} ${asNumber} ${info} ${type} ${role} ${description}`.toLowerCase();
}

function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

function heading([title], index) {
  const sorted = index === column ? (descending ? 'descending' : 'ascending') : 'none';
  const arrow = index === column ? (descending ? ' ↓' : ' ↑') : '';
  const onclick = () => {
    descending = index === column && !descending;
    column = index;
    update();
    byId('peers').querySelectorAll('th button')[index].focus();
  };
  const number = NUMBERS.has(title) ? 'number' : undefined;
  return h('th', { 'aria-sort': sorted, class: number }, h('button', { type: 'button', onclick }, `${title}${arrow}`));
}

function row(peer) {
  const kind = standing(peer);
  return h(
    'tr',
    {},
    h('td', {}, mark(kind), STANDING_TEXT[kind]),
    h('td', {}, h('button', { type: 'button', class: 'plain', onclick: () => choose(peer.name) }, peer.name)),
    h('td', {}, mono(peer.peerIP)),
    h('td', { class: 'number' }, String(peer.asNumber)),
    h('td', {}, age(peer.since, model.report.lastUpdated)),
    h('td', { class: 'number' }, number(peer.counters.accepted)),
    h('td', { class: 'number' }, number(peer.counters.advertised)),
    h('td', { class: 'wide' }, peer.state === 'Established' ? '' : peer.info),
  );
}

const SHAPES = {
  up: () => s('circle', { r: 6 }),
  trying: () => s('path', { d: 'M0-6.5 6.5 0 0 6.5-6.5 0Z' }),
  down: () => s('path', { d: 'M-5-5 5 5M-5 5 5-5' }),
};

function mark(kind) {
  return s('svg', { viewBox: '-8 -8 16 16', class: `mark ${kind}`, 'aria-hidden': 'true' }, SHAPES[kind]());
}

function turner(count, pages) {
  const go = (to) => () => {
    page = to;
    update();
  };
  const [first, last] = [Math.min(count, page * PAGE + 1), Math.min(count, (page + 1) * PAGE)];
  return [
    `${number(first)}–${number(last)} of ${number(count)} `,
    pages > 1 && h('button', { type: 'button', disabled: page === 0, onclick: go(page - 1) }, 'Previous'),
    ' ',
    pages > 1 && h('button', { type: 'button', disabled: page === pages - 1, onclick: go(page + 1) }, 'Next'),
  ].filter(Boolean);
}
