// The sessions as a picture: colour and shape say how each is, hovering says why, choosing shows the details. Thousands of
// peers are drawn at once; afterwards only what changed is touched.

import { age, byId, h, s } from './dom.js';
import { CENTER, HEIGHT, HUB, layout, point, WIDTH } from './layout.js';
import { groups, model, STANDING_TEXT, standing } from './model.js';

/** Beyond these numbers names and healthy lines would be a grey mass; a group of few has both in any case. */
const MOST_LABELS = 30;
const FEW = 8;
const MOST_LINKS = 220;

/** By peer: the elements that change, and the order of the arrow keys. */
let drawn = new Map();
let order = [];
let focused = 0;
let chosen;
let choose = () => {};

export function startPicture(onChoose) {
  choose = onChoose;
  const place = byId('picture');
  place.addEventListener('pointerover', (event) => showTip(peerAt(event), event));
  place.addEventListener('pointermove', (event) => showTip(peerAt(event), event));
  place.addEventListener('pointerleave', hideTip);
  place.addEventListener('click', (event) => {
    const name = peerAt(event);
    if (name !== undefined) choose(name);
  });
  place.addEventListener('keydown', onKey);
  place.addEventListener('focusout', hideTip);
}

/** @param moved peers came or went: everything is placed anew */
export function updatePicture({ changed, moved }) {
  if (moved) draw();
  else for (const name of changed) paint(name);
}

export function markChosen(name) {
  drawn.get(chosen)?.group.classList.remove('chosen');
  chosen = name;
  drawn.get(chosen)?.group.classList.add('chosen');
}

function draw() {
  const parts = groups();
  const all = parts.flatMap(([, , peers]) => peers);
  drawn = new Map();
  order = all.map(({ name }) => name);
  focused = Math.min(focused, Math.max(0, order.length - 1));
  const svg = s('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'group', 'aria-label': 'Sessions of this node' });
  const links = s('g', {});
  const nodes = s('g', {});
  if (parts.length > 0) {
    const counts = parts.map(([, , peers]) => peers.length);
    const labelled = counts.map((count) => count <= (all.length <= MOST_LABELS ? MOST_LABELS : FEW));
    const sectors = layout(counts, labelled);
    parts.forEach(([, title, peers], index) => {
      const { places, size } = sectors[index];
      peers.forEach((peer, at) => {
        const entry = peerElements(peer, places[at], size, all.length <= MOST_LINKS || labelled[index]);
        if (labelled[index]) entry.group.append(peerLabel(peer, places[at].angle, size));
        links.append(entry.link);
        nodes.append(entry.group);
        drawn.set(peer.name, entry);
      });
      nodes.append(groupLabel(title, peers, sectors[index], parts.length === 1));
    });
  }
  svg.append(links, nodes, hub());
  byId('picture').replaceChildren(svg);
  for (const name of order) paint(name);
  drawn.get(order[focused])?.group.setAttribute('tabindex', '0');
  markChosen(chosen);
}

function peerElements(peer, { x, y }, size, showsLink) {
  const link = s('line', { x1: CENTER.x, y1: CENTER.y, x2: x, y2: y, class: 'link' });
  const halo = s('circle', { r: Math.max(size * 1.9, size + 4), class: 'halo' });
  const mark = s('g', {});
  const group = s(
    'g',
    { class: 'peer', role: 'button', tabindex: '-1', transform: `translate(${x} ${y})` },
    halo,
    mark,
  );
  group.dataset.peer = peer.name;
  return { group, mark, link, size, showsLink, standing: undefined };
}

function peerLabel(peer, angle, size) {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const anchor = Math.abs(cos) < 0.35 ? 'middle' : cos > 0 ? 'start' : 'end';
  const x = anchor === 'middle' ? 0 : Math.sign(cos) * (size + 11);
  const y = anchor === 'middle' ? Math.sign(sin) * (size + 12) + 4 : 4;
  return s('text', { x, y, 'text-anchor': anchor }, labelOf(peer));
}

/** Under which name people know the peer: that of its Node, or of the resource that asks for it. */
function labelOf({ origin, peerIP }) {
  const [, name] = /^(?:Node|BGPPeer) (.+)$/.exec(origin.at(-1) ?? '') ?? [];
  return short(name ?? peerIP);
}

function groupLabel(title, peers, { angle, inner }, isOnly) {
  const at = isOnly ? { x: CENTER.x, y: CENTER.y + HUB + 22 } : point(angle, (HUB + inner) / 2 + 4);
  const text = s('text', { ...at, class: 'group', 'text-anchor': 'middle' }, title);
  const count = s('tspan', { x: at.x, dy: 17, class: 'quiet' }, '');
  text.append(count);
  text.dataset.count = peers[0].role;
  return text;
}

function hub() {
  const { report } = model;
  return s(
    'g',
    { class: 'hub', transform: `translate(${CENTER.x} ${CENTER.y})` },
    s('circle', { r: HUB }),
    s('text', { 'text-anchor': 'middle', y: 0 }, short(report.node)),
    s('text', { 'text-anchor': 'middle', y: 17, class: 'quiet' }, `AS ${report.agent.asNumber ?? '–'}`),
  );
}

function short(name) {
  return name.length <= 15 ? name : `${name.slice(0, 14)}…`;
}

function paint(name) {
  const peer = model.peers.get(name);
  const entry = drawn.get(name);
  if (peer === undefined || entry === undefined) return;
  const now = standing(peer);
  entry.group.setAttribute('aria-label', `${peer.name}, ${peer.peerIP}: ${peer.info}`);
  if (now === entry.standing) return;
  entry.standing = now;
  entry.mark.setAttribute('class', now);
  entry.mark.replaceChildren(symbol(now, entry.size));
  entry.link.setAttribute('class', `link ${now}`);
  entry.link.setAttribute('visibility', now !== 'up' || entry.showsLink ? 'visible' : 'hidden');
  countGroups();
}

let counting = false;

/** Once for all peers that are painted together. */
function countGroups() {
  if (counting) return;
  counting = true;
  queueMicrotask(() => {
    counting = false;
    for (const [role, , peers] of groups()) {
      const up = peers.filter((peer) => peer.state === 'Established').length;
      const place = byId('picture').querySelector(`[data-count="${role}"] tspan`);
      if (place !== null) place.textContent = `${up} of ${peers.length}`;
    }
  });
}

function symbol(kind, size) {
  const wide = size * 1.15;
  if (kind === 'up') return s('circle', { r: size });
  if (kind === 'trying') return s('path', { d: `M0 ${-wide}L${wide} 0L0 ${wide}L${-wide} 0Z` });
  const arm = size * 0.9;
  return s('path', { d: `M${-arm} ${-arm}L${arm} ${arm}M${-arm} ${arm}L${arm} ${-arm}` });
}

function peerAt(event) {
  return event.target.closest?.('.peer')?.dataset.peer;
}

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

function onKey(event) {
  const { key } = event;
  if (order.length === 0) return;
  if (key === 'Enter' || key === ' ') choose(order[focused]);
  else if (key === 'Home') focusPeer(0);
  else if (key === 'End') focusPeer(order.length - 1);
  else if (key === 'Escape') hideTip();
  else if (key in STEPS) focusPeer((focused + STEPS[key] + order.length) % order.length);
  else return;
  event.preventDefault();
}

function focusPeer(index) {
  drawn.get(order[focused])?.group.setAttribute('tabindex', '-1');
  focused = index;
  const { group } = drawn.get(order[index]);
  group.setAttribute('tabindex', '0');
  group.focus();
  const { right, top } = group.getBoundingClientRect();
  showTip(order[index], { clientX: right, clientY: top });
}

function showTip(name, { clientX, clientY }) {
  const peer = model.peers.get(name);
  if (peer === undefined) return hideTip();
  const tip = byId('tip');
  tip.replaceChildren(
    h('strong', {}, peer.name),
    h('div', { class: 'quiet' }, `${peer.peerIP}, AS ${peer.asNumber}`),
    h('div', {}, `${peer.info} (${STANDING_TEXT[standing(peer)]} for ${age(peer.since, model.report.lastUpdated)})`),
  );
  tip.hidden = false;
  const { offsetWidth: width, offsetHeight: height } = tip;
  tip.style.left = `${Math.max(8, Math.min(clientX + 14, innerWidth - width - 8))}px`;
  tip.style.top = `${Math.max(8, Math.min(clientY + 14, innerHeight - height - 8))}px`;
}

function hideTip() {
  byId('tip').hidden = true;
}
