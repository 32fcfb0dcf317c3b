// The tables behind tabs, by the pattern that screen readers know: arrow keys choose, one tab stop for all.

import { byId } from './dom.js';

const tabs = () => [...document.querySelectorAll('[role="tab"]')];
const openers = new Map();

/** @param onOpen called whenever the tab is opened */
export function whenOpened(name, onOpen) {
  openers.set(name, onOpen);
}

export function isOpen(name) {
  return !byId(name).hidden;
}

export function open(name) {
  for (const tab of tabs()) {
    const isIt = tab.getAttribute('aria-controls') === name;
    tab.setAttribute('aria-selected', String(isIt));
    tab.tabIndex = isIt ? 0 : -1;
    byId(tab.getAttribute('aria-controls')).hidden = !isIt;
  }
  openers.get(name)?.();
}

export function startTabs() {
  for (const tab of tabs()) tab.addEventListener('click', () => open(tab.getAttribute('aria-controls')));
  document.querySelector('[role="tablist"]').addEventListener('keydown', (event) => {
    const all = tabs();
    const at = all.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    const next = all[(to + all.length) % all.length];
    open(next.getAttribute('aria-controls'));
    next.focus();
    event.preventDefault();
  });
}
