// BGPPeer: which sessions there are besides the mesh, and how they behave.

import { type Address, familyOf, isLinkLocal, parseAddress } from 'node-bgp/ip';
import { defined, describe, type Field, type Read } from './reader.ts';
import type { BGPPeer, Metadata } from './types.ts';
import {
  address,
  asn,
  asnOrZero,
  durationUpTo,
  flag,
  integer,
  list,
  nodeName,
  oneOf,
  password,
  restartTime,
  selector,
  text,
  textUpTo,
  unlessEmpty,
} from './values.ts';

const INT32_MAX = 0x7fffffff;

export function readBGPPeer(metadata: Metadata, document: Field): BGPPeer {
  const spec = document.at('spec');
  const peer = defined({
    kind: 'BGPPeer',
    metadata,
    node: spec.read('node', unlessEmpty(nodeName)),
    nodeSelector: spec.read('nodeSelector', selector),
    peerIP: spec.read('peerIP', peerIP),
    asNumber: spec.read('asNumber', asnOrZero),
    peerSelector: spec.read('peerSelector', selector),
    localWorkloadSelector: spec.read('localWorkloadSelector', selector),
    localASNumber: spec.read('localASNumber', asn),
    numAllowedLocalASNumbers: positive(spec.read('numAllowedLocalASNumbers', integer(-INT32_MAX - 1, INT32_MAX))),
    password: spec.read('password', password),
    sourceAddress: spec.read('sourceAddress', oneOf(['UseNodeIP', 'None'], 'UseNodeIP')),
    maxRestartTime: spec.read('maxRestartTime', restartTime),
    keepaliveTime: positive(spec.read('keepaliveTime', durationUpTo(0xffff, 'RFC 4271 4.2'))),
    ttlSecurity: positive(spec.read('ttlSecurity', integer(0, 255))),
    reachableBy: spec.read('reachableBy', unlessEmpty(address)),
    nextHopMode: spec.read('nextHopMode', unlessEmpty(oneOf(['Auto', 'Self', 'Keep'], 'Auto'))),
    keepOriginalNextHop: spec.read('keepOriginalNextHop', flag),
    filters: spec.read('filters', list(text)),
    reversePeering: spec.read('reversePeering', oneOf(['Auto', 'Manual'], 'Auto')),
  });
  refuseCombinations(spec, peer);
  spec.warnOfUnknown();
  return peer;
}

/** 0 means "off" or "not set" in these fields. */
function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}

/** `IPv4`, `IPv6`, `IPv4:port` or `[IPv6]:port`. */
const peerIP: Read<{ readonly address: Address; readonly port?: number }> = (field) => {
  const value = textUpTo(64)(field);
  if (value === undefined || value === '') return undefined;
  const parts = /^\[(?<six>[^\]]*)\]:(?<port>\d+)$|^(?<four>[^:]*):(?<fourPort>\d+)$/.exec(value)?.groups;
  const address = parseAddress(parts?.six ?? parts?.four ?? value);
  const bracketed = parts?.six !== undefined;
  if (address === undefined || (bracketed && familyOf(address) !== 'ipv6')) {
    return field.refuse(`${describe(value)} is not an address: IPv4, IPv6, IPv4:port or [IPv6]:port`);
  }
  if (isLinkLocal(address) && familyOf(address) === 'ipv6') {
    return field.refuse(`${address} is link-local, which needs an interface; a BGPPeer has none`);
  }
  if (parts === undefined) return { address };
  const port = Number(parts.port ?? parts.fourPort);
  return port >= 1 && port <= 0xffff ? { address, port } : field.refuse(`port ${port} is not in 1 to 65535`);
};

/** The rules between fields. They look at what is written, so that a field with an error of its own counts as written. */
function refuseCombinations(spec: Field, peer: Partial<BGPPeer>): void {
  const has = (name: string) => spec.at(name).present && spec.at(name).value !== '';
  const refuse = (name: string, text: string) => spec.at(name).refuse(text);
  if (has('node') && has('nodeSelector')) refuse('nodeSelector', 'cannot be set together with node');
  if (has('peerIP') && has('peerSelector')) refuse('peerSelector', 'cannot be set together with peerIP');
  if (has('peerSelector') && peer.asNumber)
    refuse('asNumber', 'cannot be set together with peerSelector: nodes have their own');
  if (has('localWorkloadSelector')) {
    for (const name of ['peerIP', 'peerSelector']) {
      if (has(name)) refuse('localWorkloadSelector', `cannot be set together with ${name}`);
    }
    if (!peer.asNumber) refuse('asNumber', 'is required with localWorkloadSelector');
  }
  if (has('reachableBy') && !has('peerIP')) refuse('reachableBy', 'is allowed with peerIP only');
  if (peer.reachableBy && peer.peerIP && familyOf(peer.reachableBy) !== familyOf(peer.peerIP.address)) {
    refuse('reachableBy', `is of another address family than peerIP (${peer.peerIP.address})`);
  }
  if (peer.keepOriginalNextHop === true && has('nextHopMode')) {
    refuse('keepOriginalNextHop', 'cannot be true together with nextHopMode, its newer form');
  }
  if (!has('peerIP') && !has('peerSelector') && !has('localWorkloadSelector')) {
    spec.refuse('names no peer: one of peerIP, peerSelector and localWorkloadSelector is needed');
  }
}
