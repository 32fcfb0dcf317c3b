// What the page knows: the report, and the peers by name. Parts of the page are told when something is new.

export const model = {
  /** The last report, without peers; undefined before the first. */
  report: undefined,
  peers: new Map(),
  /** What happened while the page was open, newest first. */
  seen: [],
};

const MOST_SEEN = 500;
const listeners = [];

/** @param listener gets the names of peers that are new or different, and whether any came or went */
export function onChange(listener) {
  listeners.push(listener);
}

export function take({ whole, peers, gone, ...report }) {
  const isFirst = model.report === undefined;
  const before = model.peers;
  if (whole) model.peers = new Map();
  let moved = whole || gone.length > 0;
  for (const name of gone) {
    note(report.lastUpdated, name, 'is no peer any more');
    model.peers.delete(name);
  }
  for (const peer of peers) {
    const last = before.get(peer.name);
    if (last === undefined || last.role !== peer.role) moved = true;
    if (!isFirst && last?.state !== peer.state) note(peer.since, peer.name, peer.info);
    model.peers.set(peer.name, peer);
  }
  model.report = report;
  const changed = new Set(peers.map(({ name }) => name));
  for (const listener of listeners) listener({ changed, moved });
}

function note(at, peer, text) {
  model.seen.unshift({ at, peer, text });
  model.seen.length = Math.min(model.seen.length, MOST_SEEN);
}

/** `down` is what has failed; `trying` what is on its way. */
export function standing({ state, lastError }) {
  if (state === 'Established') return 'up';
  const isWaiting = state === 'Idle' || state === 'Active' || state === 'Connect';
  return isWaiting && lastError !== undefined ? 'down' : 'trying';
}

export const STANDING_TEXT = { up: 'Established', trying: 'coming up', down: 'down' };

/** In this order around the node, beginning at the top. */
export const GROUPS = [
  ['reflector', 'Reflectors'],
  ['external', 'Racks'],
  ['client', 'Clients'],
  ['mesh', 'Mesh'],
  ['workload', 'Workloads'],
];

/** `[role, title, peers]` of every group that has any. */
export function groups() {
  const byRole = new Map(GROUPS.map(([role]) => [role, []]));
  for (const peer of model.peers.values()) byRole.get(peer.role).push(peer);
  return GROUPS.map(([role, title]) => [role, title, byRole.get(role)]).filter(([, , peers]) => peers.length > 0);
}
