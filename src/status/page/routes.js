// The table of routes, page by page from the daemon: a table of 100,000 is never here as a whole.

import { askJson } from './api.js';
import { byId, h, mono, number } from './dom.js';
import { model } from './model.js';
import { isOpen, whenOpened } from './tabs.js';

const PAGE = 100;
/** Milliseconds after a key before the daemon is asked. */
const PATIENCE = 250;
/** The daemon looks at some thousand prefixes for one answer, which may be empty and yet not the last. */
const MOST_ANSWERS = 60;

let family = 'ipv4';
let query = {};
/** Where the pages up to this one began. */
let cursors = [undefined];
let next;
let shownTables = '';
let asked = 0;

export function startRoutes() {
  let timer;
  const search = h('input', {
    type: 'search',
    placeholder: '10.65, 10.65.3.7, fd00::/16 or a peer',
    'aria-label': 'Search routes',
    oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(() => begin(searchFor(search.value.trim())), PATIENCE);
    },
  });
  const families = h(
    'select',
    {
      'aria-label': 'Family',
      onchange: () => {
        family = families.value;
        begin(query);
      },
    },
    h('option', { value: 'ipv4' }, 'IPv4'),
    h('option', { value: 'ipv6' }, 'IPv6'),
  );
  byId('routes').append(
    h('div', { class: 'bar' }, search, families, h('span', { class: 'grow' }), h('span', { class: 'quiet pages' })),
    h('p', { class: 'notice', hidden: true }),
    h(
      'div',
      { class: 'scroll' },
      h(
        'table',
        {},
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            HEADINGS.map((title) => h('th', {}, title)),
          ),
        ),
        h('tbody', {}),
      ),
    ),
  );
  whenOpened('routes', load);

  function begin(what) {
    query = what;
    if (what.overlaps !== undefined) family = what.overlaps.includes(':') ? 'ipv6' : 'ipv4';
    families.value = family;
    cursors = [undefined];
    load();
  }
}

/** The page is asked for again when the tables have changed. */
export function updateRoutes() {
  if (isOpen('routes') && JSON.stringify(model.report.tables) !== shownTables) load();
}

const HEADINGS = ['Prefix', '', 'Gateway', 'Interface', 'From', 'AS path', 'Local pref.', 'Decided by'];

/** What stands in the search field: a prefix, the beginning of one, an address, or the name of a session. */
export function searchFor(text) {
  if (text === '') return {};
  if (/^[\d.]+(\/\d+)?$/.test(text)) {
    const [address, length] = text.split('/');
    const octets = address.split('.').filter((part) => part !== '');
    const missing = 4 - octets.length;
    return {
      overlaps: `${[...octets, ...Array(Math.max(0, missing)).fill('0')].join('.')}/${length ?? octets.length * 8}`,
    };
  }
  if (/^[\da-f:.]+(\/\d+)?$/i.test(text) && text.includes(':')) {
    if (text.includes('/')) return { overlaps: text };
    const groups = text.split(':').filter((part) => part !== '');
    const isWhole = groups.length === 8 || (text.includes('::') && !text.endsWith('::'));
    return { overlaps: isWhole ? `${text}/128` : `${groups.join(':')}::/${groups.length * 16}` };
  }
  return { peer: text };
}

async function load() {
  const ticket = ++asked;
  const tables = JSON.stringify(model.report?.tables);
  const routes = [];
  let after = cursors.at(-1);
  let answer;
  for (let answers = 0; routes.length < PAGE && answers < MOST_ANSWERS; answers++) {
    answer = await askJson(`/routes?${new URLSearchParams(parameters(after))}`);
    if (ticket !== asked) return;
    if (answer.problem !== undefined) break;
    routes.push(...answer.routes);
    after = answer.next;
    if (after === undefined) break;
  }
  shownTables = tables;
  next = answer.problem === undefined ? after : undefined;
  show(routes, answer.problem);
}

function parameters(after) {
  return { family, limit: PAGE, ...query, ...(after === undefined ? {} : { after }) };
}

function show(routes, problem) {
  const place = byId('routes');
  const notice = place.querySelector('.notice');
  notice.hidden = problem === undefined;
  notice.textContent = problem ?? '';
  place.querySelector('tbody').replaceChildren(...routes.map(row));
  const paths = model.report.tables[family].paths;
  const count =
    routes.length === 0
      ? 'nothing found'
      : `${number(routes.length)} on page ${cursors.length}, ${number(paths)} in the table`;
  place
    .querySelector('.pages')
    .replaceChildren(
      `${count} `,
      h('button', { type: 'button', disabled: cursors.length === 1, onclick: back }, 'Previous'),
      ' ',
      h('button', { type: 'button', disabled: next === undefined, onclick: forward }, 'Next'),
    );
}

function forward() {
  cursors.push(next);
  load();
}

function back() {
  cursors.pop();
  load();
}

function row(route) {
  const { destination, type, gateway, interface: device, learnedFrom, asPath, localPref, decidedBy } = route;
  const from = learnedFrom.peerIP === undefined ? learnedFrom.sourceType : learnedFrom.protocol;
  return h(
    'tr',
    {},
    h('td', {}, h('a', { class: 'mono', href: `#explain=${encodeURIComponent(destination)}` }, destination)),
    h('td', {}, type === 'FIB' ? h('span', { class: 'badge up' }, 'best') : ''),
    h('td', {}, mono(gateway === 'N/A' ? '–' : gateway)),
    h('td', {}, device),
    h('td', {}, from),
    h('td', {}, asPath === '' ? '–' : mono(asPath)),
    h('td', {}, localPref === undefined ? '' : String(localPref)),
    h('td', { class: 'quiet' }, decidedBy ?? ''),
  );
}
