// The status page: follows the daemon and tells the parts of the page what is new. It reads, and changes nothing.

import { showPeer, updateDetails } from './details.js';
import { age, byId, h, number, plural } from './dom.js';
import { startEvents, updateEvents } from './events.js';
import { startExplain } from './explain.js';
import { follow } from './live.js';
import { model, onChange, take } from './model.js';
import { startPeers, updatePeers } from './peers.js';
import { markChosen, startPicture, updatePicture } from './picture.js';
import { startRoutes, updateRoutes } from './routes.js';
import { startTabs } from './tabs.js';

function choose(name) {
  showPeer(name);
  markChosen(name);
  byId('details').scrollIntoView({ block: 'nearest' });
}

function updateHead() {
  const { node, agent, lastUpdated } = model.report;
  document.title = `${node} · Caracal`;
  byId('node').textContent = node;
  byId('identity').textContent = [
    agent.asNumber !== undefined && `AS ${agent.asNumber}`,
    agent.routerID !== undefined && `router ID ${agent.routerID}`,
    agent.clusterID !== undefined && `reflector of cluster ${agent.clusterID}`,
    `Caracal ${agent.version}`,
    `up ${age(agent.lastBootTime, lastUpdated)}`,
  ]
    .filter(Boolean)
    .join(' · ');
  const ready = byId('ready');
  ready.textContent = agent.state === 'Ready' ? 'Ready' : 'Not ready';
  ready.className = `badge ${agent.state === 'Ready' ? 'up' : 'down'}`;
}

function updateFigures() {
  const { tables, kernel, datastore, lastUpdated } = model.report;
  const peers = [...model.peers.values()];
  const up = peers.filter(({ state }) => state === 'Established').length;
  figure(
    'sessions',
    number(up),
    `of ${number(peers.length)}`,
    peers.length === up ? 'all Established' : `${number(peers.length - up)} not Established`,
  );
  figure(
    'prefixes',
    number(tables.ipv4.prefixes + tables.ipv6.prefixes),
    '',
    `IPv4 ${number(tables.ipv4.prefixes)}, IPv6 ${number(tables.ipv6.prefixes)}, ${plural(tables.ipv4.paths + tables.ipv6.paths, 'path')}`,
  );
  if (kernel.type === 'none') figure('kernel', '–', '', 'the kernel is left alone');
  else
    figure(
      'kernel',
      number(kernel.installed),
      `of ${number(kernel.wanted)}`,
      kernel.installed === kernel.wanted ? 'the kernel has all' : `${number(kernel.complaints)} in trouble`,
    );
  const heard =
    datastore.lastEventTime === undefined ? '' : `last change ${age(datastore.lastEventTime, lastUpdated)} ago`;
  figure(
    'datastore',
    datastore.synced ? 'In sync' : 'Not in sync',
    '',
    [datastore.type, datastore.detail ?? heard].filter(Boolean).join(', '),
  );
}

function figure(name, value, of, note) {
  byId(`figure-${name}`).replaceChildren(value, ' ', h('small', {}, of));
  byId(`note-${name}`).textContent = note;
}

const MOST_NOTICES = 8;

function updateNotices() {
  const { agent, problems, kernel, unresolvedNextHops, datastore } = model.report;
  const complaints = ['refused', 'conflicts', 'waiting', 'fights'].flatMap((kind) => kernel[kind]);
  const notices = [
    ...agent.reasons.map((text) => ['down', text]),
    ...(datastore.synced
      ? []
      : [['down', `The datastore is not in sync${datastore.detail ? `: ${datastore.detail}` : ''}`]]),
    ...problems.map(({ kind, name, path, text, place }) => [
      'trying',
      `${kind} ${name}${path ? `, ${path}` : ''}: ${text}${place ? ` (${place})` : ''}`,
    ]),
    ...complaints.map(({ prefix, text }) => ['trying', `Kernel route ${prefix}: ${text}`]),
    ...unresolvedNextHops.map((hop) => ['trying', `Nothing resolves the next hop ${hop}`]),
  ];
  const items = notices.slice(0, MOST_NOTICES).map(([kind, text]) => h('li', { class: kind }, text));
  if (notices.length > MOST_NOTICES)
    items.push(h('li', {}, `and ${number(notices.length - MOST_NOTICES)} more: caracal status lists them`));
  byId('notices').replaceChildren(...items);
}

startTabs();
startPicture(choose);
startPeers(choose);
startRoutes();
startExplain();
startEvents();
for (const update of [
  updateHead,
  updateFigures,
  updateNotices,
  updatePicture,
  updateDetails,
  updatePeers,
  updateRoutes,
  updateEvents,
]) {
  onChange(update);
}
follow(take, (isLive) => {
  byId('connection').textContent = isLive ? 'live' : 'no connection to Caracal; trying again';
});
