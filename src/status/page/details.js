// Everything about one peer, beside the picture.

import { age, byId, bytes, clock, h, mono, number, pairs } from './dom.js';
import { model, STANDING_TEXT, standing } from './model.js';

const TYPES = {
  NodeMesh: 'node-to-node mesh',
  NodePeer: 'node specific',
  GlobalPeer: 'global',
  LocalWorkload: 'local workload',
  Static: 'static',
};

let shown;

export function showPeer(name) {
  shown = name;
  updateDetails();
}

export function updateDetails() {
  const place = byId('details');
  const peer = model.peers.get(shown);
  if (peer !== undefined) place.replaceChildren(...peerParts(peer));
  else if (shown !== undefined)
    place.replaceChildren(h('p', { class: 'quiet' }, `${shown} is no peer of this node any more.`));
  else place.replaceChildren(...overview());
}

/** Before anything is chosen: what deserves a look. */
function overview() {
  const troubled = [...model.peers.values()].filter((peer) => standing(peer) !== 'up');
  if (troubled.length === 0) {
    const text =
      model.peers.size === 0 ? 'This node has no peers.' : 'All sessions are Established. Choose one to see more.';
    return [h('p', { class: 'quiet' }, text)];
  }
  return [
    h('h3', {}, 'Not Established'),
    h(
      'ul',
      { class: 'story' },
      troubled.slice(0, 12).map((peer) => h('li', {}, h('strong', {}, peer.name), h('p', {}, peer.info))),
    ),
    troubled.length > 12 && h('p', { class: 'quiet' }, `and ${number(troubled.length - 12)} more`),
  ].filter(Boolean);
}

function peerParts(peer) {
  const now = model.report.lastUpdated;
  const kind = standing(peer);
  const { counters } = peer;
  return [
    h('p', { class: 'title' }, peer.name, h('span', { class: `badge ${kind}` }, STANDING_TEXT[kind])),
    peer.description !== undefined && h('p', { class: 'quiet' }, peer.description),
    h('p', { class: 'reason' }, peer.info),
    pairs([
      ['Address', mono(peer.peerIP)],
      ['AS', `${peer.asNumber}${peer.asNumber === peer.localASNumber ? ' (ours)' : `, ours is ${peer.localASNumber}`}`],
      ['Type', TYPES[peer.type] ?? peer.type],
      ['Families', peer.families.join(', ')],
      ['Made by', peer.origin.join(', ')],
      ['Since', `${clock(peer.since)} UTC, ${age(peer.since, now)} ago`],
      ...(peer.connection === undefined
        ? []
        : [['Connection', mono(`${peer.connection.local} to ${peer.connection.remote}`)]]),
      ...(peer.passive ? [['Connects', 'the peer to us']] : []),
    ]),
    ...errorParts(peer),
    h('h3', {}, 'Routes'),
    pairs([
      ['Received', `${number(counters.received)}, of them let in ${number(counters.accepted)}`],
      ['Told', number(counters.advertised)],
      ['UPDATEs', `${number(counters.updatesIn)} in, ${number(counters.updatesOut)} out`],
      ['Octets', `${bytes(counters.bytesIn)} in, ${bytes(counters.bytesOut)} out`],
      ['Sessions lost', number(counters.flaps)],
    ]),
    ...negotiatedParts(peer),
    h(
      'p',
      { class: 'hint' },
      h('a', { href: `#explain=${encodeURIComponent(peer.name)}` }, 'Why is it configured like this?'),
    ),
  ].filter(Boolean);
}

function errorParts({ lastError, retryAt }) {
  if (lastError === undefined) return [];
  const rows = [['At', `${clock(lastError.at)} UTC`]];
  if (lastError.code !== undefined) {
    rows.push(['NOTIFICATION', `${lastError.direction}, code ${lastError.code}, subcode ${lastError.subcode}`]);
  }
  if (retryAt !== undefined) rows.push(['Next attempt', `${clock(retryAt)} UTC`]);
  const help = lastError.help !== undefined && h('p', { class: 'quiet' }, lastError.help);
  return [h('h3', {}, 'Last error'), h('div', { class: 'reason' }, h('p', {}, lastError.text), help), pairs(rows)];
}

function negotiatedParts({ negotiated }) {
  if (negotiated === undefined) return [];
  const { routerID, holdTime, keepaliveTime, families, capabilities } = negotiated;
  return [
    h('h3', {}, 'Agreed on'),
    pairs([
      ['Router ID', mono(routerID)],
      ['Hold time', holdTime === 0 ? 'off' : `${holdTime} s, KEEPALIVE every ${keepaliveTime} s`],
      ['Carries', families.join(', ') || 'nothing'],
      ['Its OPEN', capabilities.join(', ')],
    ]),
  ];
}
