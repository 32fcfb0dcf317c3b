// What happened: the daemon's own ring of events where it keeps one, else what this page has seen since it was opened.

import { askJson } from './api.js';
import { byId, clock, h, mono } from './dom.js';
import { model } from './model.js';
import { isOpen, whenOpened } from './tabs.js';

const SHOWN = 200;

export function startEvents() {
  whenOpened('events', load);
}

export function updateEvents({ changed }) {
  if (isOpen('events') && changed.size > 0) load();
}

async function load() {
  const answer = await askJson('/events');
  if (answer.problem === undefined) show(answer.events.slice(-SHOWN).reverse(), 'as the daemon keeps them');
  else show(model.seen.slice(0, SHOWN), 'seen since this page was opened');
}

function show(events, what) {
  const rows = events.map(({ at, peer, text }) =>
    h('tr', {}, h('td', {}, mono(clock(at))), h('td', {}, peer ?? ''), h('td', { class: 'wide' }, text)),
  );
  const headings = h('tr', {}, h('th', {}, 'UTC'), h('th', {}, 'Peer'), h('th', {}, 'What happened'));
  byId('events').replaceChildren(
    h('p', { class: 'quiet' }, rows.length === 0 ? `Nothing happened, ${what}.` : `The last events, ${what}.`),
    h('div', { class: 'scroll' }, h('table', {}, h('thead', {}, headings), h('tbody', {}, rows))),
  );
}
