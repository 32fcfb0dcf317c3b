// Why a prefix or a peer is as it is, as `caracal explain` tells it.

import { askJson } from './api.js';
import { byId, h, mono, number, pairs } from './dom.js';
import { model } from './model.js';
import { open } from './tabs.js';

let asked = 0;

export function startExplain() {
  const field = h('input', {
    type: 'text',
    id: 'explain-field',
    placeholder: '10.65.3.7, 10.65.3.0/26 or a peer',
    'aria-label': 'Prefix, address or peer to explain',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  const form = h(
    'form',
    {
      class: 'bar',
      onsubmit: (event) => {
        event.preventDefault();
        if (field.value.trim() !== '') location.hash = `explain=${encodeURIComponent(field.value.trim())}`;
      },
    },
    field,
    h('button', { type: 'submit' }, 'Explain'),
  );
  byId('explain').append(form, h('div', { id: 'explanation', 'aria-live': 'polite' }));
  addEventListener('hashchange', fromHash);
  fromHash();
}

/** `#explain=10.65.0.0%2F26` is a link to an explanation. */
function fromHash() {
  const [, text] = /^#explain=(.+)$/.exec(location.hash) ?? [];
  if (text === undefined) return;
  open('explain');
  const wanted = decodeURIComponent(text);
  byId('explain-field').value = wanted;
  byId('explain').scrollIntoView({ block: 'nearest' });
  explain(wanted);
}

async function explain(wanted) {
  const ticket = ++asked;
  const isPrefix = /^[\da-f.:]+(\/\d+)?$/i.test(wanted) && /[.:]/.test(wanted);
  const answer = await askJson(`/explain?${new URLSearchParams({ [isPrefix ? 'prefix' : 'peer']: wanted })}`);
  if (ticket !== asked) return;
  byId('explanation').replaceChildren(...partsOf(answer).flat().filter(Boolean));
}

function partsOf(answer) {
  if (answer.problem !== undefined) return [h('p', { class: 'notice' }, answer.problem)];
  return answer.type === 'peer' ? peerParts(answer) : prefixParts(answer);
}

function prefixParts({ asked: wanted, prefix, node, inside, paths, exports, kernel }) {
  const around = inside.length > 0 && [
    h('h3', {}, 'Less specific'),
    h(
      'p',
      {},
      inside.map((one) => [link(one), ' ']),
    ),
  ];
  if (prefix === undefined) {
    return [h('p', { class: 'notice' }, `${wanted} is not in the routing table of ${node}.`), ...(around || [])];
  }
  return [
    h(
      'p',
      { class: 'title' },
      mono(prefix),
      prefix !== wanted && h('span', { class: 'quiet' }, `the longest match for ${wanted}`),
    ),
    h('h3', {}, 'Paths'),
    h('ul', { class: 'story' }, paths.map(pathItem)),
    h('h3', {}, 'Kernel'),
    h('ul', { class: 'story' }, kernelItem(kernel)),
    h('h3', {}, 'Told to peers'),
    h('ul', { class: 'story' }, exports.flatMap(exportItems)),
    ...(around || []),
  ];
}

function link(prefix) {
  return h('a', { class: 'mono', href: `#explain=${encodeURIComponent(prefix)}` }, prefix);
}

function pathItem(path) {
  const { protocol, peer, madeBy, best, accepted, decidedBy, stale, unreachable, attributes } = path;
  const { nextHop, asPath, localPref, med, communities } = attributes;
  const from = peer === undefined ? madeBy : `${peer.address}, AS ${peer.asNumber}`;
  const verdict = best
    ? `best: ${decidedBy ?? 'only path'}`
    : accepted
      ? `not best: ${decidedBy ?? 'decided shortly'}`
      : 'kept out';
  const facts = [
    nextHop === undefined ? hopless(path) : `next hop ${nextHop}${unreachable ? ', to which no route leads' : ''}`,
    path.interface !== undefined && nextHop !== undefined && `through ${path.interface}`,
    peer !== undefined && (asPath === '' ? 'AS path empty' : `AS path ${asPath}`),
    localPref !== undefined && `LOCAL_PREF ${localPref}`,
    med !== undefined && `MED ${med}`,
    communities.length > 0 && `communities ${communities.join(' ')}`,
    stale && 'kept while the peer restarts',
  ].filter(Boolean);
  return h(
    'li',
    { class: best ? 'best' : undefined },
    h('strong', {}, protocol),
    from !== undefined && ` (${from})`,
    h('p', {}, verdict),
    path.import !== undefined && h('p', { class: 'quiet' }, `${accepted ? 'let in' : 'kept out'}: ${path.import.text}`),
    h('p', { class: 'quiet' }, facts.join('; ')),
  );
}

function hopless(path) {
  return path.interface === undefined ? 'blackhole' : `through ${path.interface}`;
}

function kernelItem({ route, reason, installed, trouble }) {
  if (route === undefined) return h('li', {}, 'No route of Caracal', h('p', { class: 'quiet' }, reason.text));
  const hops = route.nextHops.map(
    ({ gateway, device }) => `${gateway === undefined ? '' : ` via ${gateway}`} dev ${device}`,
  );
  const text = `${route.type === 'unicast' ? '' : `${route.type} `}${route.prefix}${hops.join('')}`;
  const state = installed === undefined ? '' : installed ? 'in place' : `not in the kernel: ${trouble ?? 'on its way'}`;
  return h(
    'li',
    { class: installed ? 'best' : undefined },
    mono(text),
    h('p', {}, state),
    h('p', { class: 'quiet' }, reason.text),
  );
}

const NAMED = 6;

function exportItems({ peers, established, paths }) {
  const more = peers.length > NAMED ? ` and ${number(peers.length - NAMED)} more` : '';
  const whom = `${peers.slice(0, NAMED).join(', ')}${more}${established ? '' : ' (no session now)'}`;
  if (paths.length === 0) return [h('li', {}, `nothing to ${whom}`, h('p', { class: 'quiet' }, 'no path may be used'))];
  return paths.map(({ sent, reason }) => {
    const verb = established ? (sent ? 'sent' : 'not sent') : sent ? 'would be sent' : 'would not be sent';
    return h(
      'li',
      { class: sent && established ? 'best' : undefined },
      h('strong', {}, verb),
      ` to ${whom}`,
      h('p', { class: 'quiet' }, reason.text),
    );
  });
}

function peerParts({ peer, options, import: letIn, export: letOut, problems }) {
  return [
    h('p', { class: 'title' }, peer.name),
    h('p', { class: 'reason' }, model.peers.get(peer.name)?.info ?? peer.info),
    h('h3', {}, 'Made by'),
    h('p', {}, peer.origin.join(', ')),
    h('h3', {}, 'Options'),
    h(
      'div',
      { class: 'scroll' },
      h(
        'table',
        {},
        h(
          'tbody',
          {},
          options.map(({ option, value, because }) =>
            h('tr', {}, h('td', {}, option), h('td', {}, mono(value)), h('td', { class: 'quiet wide' }, because)),
          ),
        ),
      ),
    ),
    h('h3', {}, 'Policies'),
    pairs([
      ['Lets in', policyText(letIn)],
      ['Lets out', policyText(letOut)],
    ]),
    problems.length > 0 && h('h3', {}, 'Problems'),
    ...problems.map(({ kind, name, text }) => h('p', { class: 'notice' }, `${kind} ${name}: ${text}`)),
  ];
}

function policyText({ steps, otherwise }) {
  const texts = steps.map(({ step, resources }) =>
    resources.length === 0 ? step : `${step} (${resources.join(', ')})`,
  );
  return [...texts, `anything else is ${otherwise}ed`].join('; ');
}
