// What `show protocols` says of a session.

import { type Family, formatRouterId } from 'node-bgp';
import type { BgpSessionView, BgpView, CapabilityView, Countdown, ProtocolState, ProtocolView } from '../types.ts';

/** The state and the last error; of what is down only the error. */
export function infoText({ state, lastError = '' }: BgpView, protocol: ProtocolState): string {
  return protocol === 'down' ? lastError : `${state.padEnd(14)}${lastError}`;
}

const inner = (name: string, value: string) => `    ${`${name}:`.padEnd(18)}${value}`;

export function* bgpLines(bgp: BgpView, { state }: ProtocolView, bird: 1 | 2): Generator<string> {
  yield `  ${'BGP state:'.padEnd(20)}${bgp.state}`;
  if (bgp.range === undefined) yield inner('Neighbor address', bgp.address);
  else yield inner('Neighbor range', bgp.range);
  yield inner('Neighbor AS', String(bgp.remoteAs));
  if (bird === 2) yield inner('Local AS', String(bgp.localAs));
  if (bgp.neighborRestart !== undefined) {
    yield '    Neighbor graceful restart active';
    yield inner('Restart timer', `${seconds(bgp.neighborRestart.left, bird)}/-`);
  }
  if (state === 'start') {
    if (bgp.errorWait !== undefined) yield inner('Error wait', countdown(bgp.errorWait, bird));
    if (bgp.connectDelay !== undefined) yield inner('Connect delay', countdown(bgp.connectDelay, bird));
  }
  if (bgp.session !== undefined) yield* sessionLines(bgp.session, bird);
  if (bgp.lastError !== undefined && bgp.lastError !== '') yield inner('Last error', bgp.lastError);
}

function* sessionLines(session: BgpSessionView, bird: 1 | 2): Generator<string> {
  yield inner('Neighbor ID', formatRouterId(session.neighborId));
  if (bird === 1) {
    yield inner('Neighbor caps', capabilityWords(session.neighborCapabilities).join(' '));
  } else {
    yield '    Local capabilities';
    yield* capabilityTree(session.localCapabilities);
    yield '    Neighbor capabilities';
    yield* capabilityTree(session.neighborCapabilities);
  }
  yield inner('Session', sessionWords(session, bird).join(' '));
  yield inner('Source address', session.localAddress);
  const { routeLimit } = session;
  if (routeLimit !== undefined && bird === 1) yield inner('Route limit', `${routeLimit.routes}/${routeLimit.limit}`);
  yield inner('Hold timer', countdown(session.hold, bird));
  yield inner('Keepalive timer', countdown(session.keepalive, bird));
}

function capabilityWords(caps: CapabilityView): string[] {
  const { gracefulRestart, longLived, addPath } = caps;
  const able = (families: readonly unknown[]) => (families.length > 0 ? 'able' : 'aware');
  return [
    ...(caps.routeRefresh ? ['refresh'] : []),
    ...(caps.enhancedRefresh ? ['enhanced-refresh'] : []),
    ...(gracefulRestart === undefined ? [] : [`restart-${able(gracefulRestart.families)}`]),
    ...(longLived === undefined ? [] : [`llgr-${able(longLived)}`]),
    ...(caps.fourOctetAs ? ['AS4'] : []),
    ...(addPath.receive.length > 0 ? ['add-path-rx'] : []),
    ...(addPath.send.length > 0 ? ['add-path-tx'] : []),
    ...(caps.extendedMessages ? ['ext-messages'] : []),
  ];
}

function sessionWords(session: BgpSessionView, bird: 1 | 2): string[] {
  const { addPath } = session;
  const addPathWords = [...(addPath.receive ? ['add-path-rx'] : []), ...(addPath.send ? ['add-path-tx'] : [])];
  return [
    session.isInternal ? 'internal' : 'external',
    ...(session.isMultihop ? ['multihop'] : []),
    ...(session.isClient ? ['route-reflector'] : []),
    ...(session.isServerClient ? ['route-server'] : []),
    ...(session.fourOctetAs ? ['AS4'] : []),
    ...(bird === 1 ? addPathWords : []),
    ...(session.extendedMessages ? ['ext-messages'] : []),
  ];
}

const names = (families: readonly Family[]) => families.map((family) => ` ${family}`).join('');

function* capabilityTree(caps: CapabilityView): Generator<string> {
  const { gracefulRestart, longLived, addPath } = caps;
  if (caps.families.length > 0) {
    yield '      Multiprotocol';
    yield `        AF announced:${names(caps.families)}`;
  }
  if (caps.routeRefresh) yield '      Route refresh';
  if (caps.extendedMessages) yield '      Extended message';
  if (gracefulRestart !== undefined) {
    yield '      Graceful restart';
    if (gracefulRestart.families.length > 0) {
      yield `        Restart time: ${gracefulRestart.time}`;
      if (gracefulRestart.restarted) yield '        Restart recovery';
      yield `        AF supported:${names(gracefulRestart.families.map(({ family }) => family))}`;
      const preserved = gracefulRestart.families.filter(({ forwarding }) => forwarding);
      yield `        AF preserved:${names(preserved.map(({ family }) => family))}`;
    }
  }
  if (caps.fourOctetAs) yield '      4-octet AS numbers';
  if (addPath.receive.length + addPath.send.length > 0) {
    yield '      ADD-PATH';
    if (addPath.receive.length > 0) yield `        RX:${names(addPath.receive)}`;
    if (addPath.send.length > 0) yield `        TX:${names(addPath.send)}`;
  }
  if (caps.enhancedRefresh) yield '      Enhanced refresh';
  if (longLived !== undefined) {
    yield '      Long-lived graceful restart';
    if (longLived.length > 0) {
      yield `        LL stale time: ${longLived[0]!.time}`;
      yield `        AF supported:${names(longLived.map(({ family }) => family))}`;
    }
  }
}

/** BIRD 2 counts milliseconds down. */
function countdown({ left, limit }: Countdown, bird: 1 | 2): string {
  return `${seconds(left, bird)}/${limit}`;
}

function seconds(left: number, bird: 1 | 2): string {
  return bird === 1 ? String(Math.round(left)) : left.toFixed(3);
}
