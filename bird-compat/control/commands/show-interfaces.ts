// `show interfaces`: links and their addresses as BIRD sees them.

import { type Address, addressBytes, familyOf, prefixLength } from 'node-bgp';
import type { Reader } from '../../language/index.ts';
import { DONE, type Reply, row } from '../replies.ts';
import type { InterfaceAddressView, InterfaceView } from '../types.ts';
import { endOf } from './syntax.ts';
import type { Answer, CommandContext } from './types.ts';

export function showInterfaces(reader: Reader, { target }: CommandContext): Answer {
  const isSummary = reader.acceptWord('summary');
  endOf(reader);
  const { dialect } = target.configuration;
  const seen = target.interfaces().map((each) => seenBy(each, dialect));
  if (!isSummary) return [...seen.flatMap((each) => interfaceLines(each, dialect.bird)), DONE];
  return [...(dialect.bird === 1 ? summary1(seen) : summary2(seen)), DONE];
}

/** A daemon of BIRD 1.6 knows addresses of its family only. */
function seenBy(link: InterfaceView, dialect: CommandContext['target']['configuration']['dialect']): InterfaceView {
  if (dialect.bird === 2) return link;
  return { ...link, addresses: link.addresses.filter(({ address }) => familyOf(address) === dialect.family) };
}

/** Up means able to carry packets: there is an address, too. */
function isUp({ flags, addresses }: InterfaceView, bird: 1 | 2): boolean {
  return flags.adminUp && (bird === 2 ? flags.linkUp : addresses.length > 0);
}

function interfaceLines(link: InterfaceView, bird: 1 | 2): Reply[] {
  const { name, index, master, flags, mtu, addresses } = link;
  const state = isUp(link, bird) ? 'up' : bird === 1 ? 'DOWN' : 'down';
  const enslaved = master === undefined ? '' : ` master=${master}`;
  const words = [
    flags.pointToPoint ? 'PtP' : 'MultiAccess',
    ...(flags.broadcast ? ['Broadcast'] : []),
    ...(flags.multicast ? ['Multicast'] : []),
    flags.adminUp ? 'AdminUp' : 'AdminDown',
    flags.linkUp ? 'LinkUp' : 'LinkDown',
    ...(flags.loopback ? ['Loopback', 'Ignored'] : []),
    `MTU=${mtu}`,
  ];
  return [
    row(1001, `${name} ${state} (index=${index}${enslaved})`),
    row(1004, `\t${words.join(' ')}`),
    ...addresses.map((each, at) => row(1003, `\t${addressText(each, roleOf(addresses, at, bird))}`)),
  ];
}

/** The first one of a family is the one that counts, link-local ones aside. */
function roleOf(addresses: readonly InterfaceAddressView[], at: number, bird: 1 | 2): string {
  const { address, secondary, scope } = addresses[at]!;
  if (secondary) return 'Secondary';
  const family = familyOf(address);
  const candidates = addresses.filter((each) => !each.secondary && familyOf(each.address) === family);
  const isLocal = scope === 'link' && family === 'ipv6';
  const same = candidates.filter((each) => (each.scope === 'link' && family === 'ipv6') === isLocal);
  if (isLocal && bird === 1) return 'Unselected';
  return same[0]?.address === address ? (bird === 1 ? 'Primary' : 'Preferred') : 'Unselected';
}

function addressText({ address, prefix, scope, opposite }: InterfaceAddressView, role: string): string {
  const other = opposite ?? neighbourOf(address, prefixLength(prefix));
  return `${address}/${prefixLength(prefix)} (${role}${other === undefined ? '' : `, opposite ${other}`}, scope ${scope})`;
}

/** The other host of a network that has two. */
function neighbourOf(address: Address, length: number): Address | undefined {
  if (familyOf(address) === 'ipv6' || length < 30 || length > 31) return undefined;
  const octets = [...addressBytes(address)];
  octets[3]! ^= length === 31 ? 1 : 3;
  return octets.join('.');
}

function summary1(links: readonly InterfaceView[]): Reply[] {
  return [
    row(2005, 'interface state address'),
    ...links.map((link) => {
      const [first] = link.addresses;
      const address = first === undefined ? '' : `${first.address}/${prefixLength(first.prefix)}`;
      return row(1005, `${link.name.padEnd(9)} ${(isUp(link, 1) ? 'up' : 'DOWN').padEnd(5)} ${address}`);
    }),
  ];
}

function summary2(links: readonly InterfaceView[]): Reply[] {
  const addressOf = ({ addresses }: InterfaceView, isIpv6: boolean) => {
    const own = addresses.filter(({ address }) => address.includes(':') === isIpv6);
    const first = own.find(({ scope }) => scope !== 'link') ?? own[0];
    return first === undefined ? '' : `${first.address}/${prefixLength(first.prefix)}`;
  };
  return [
    row(2005, 'Interface  State  IPv4 address       IPv6 address'),
    ...links.map((link) => {
      const state = (isUp(link, 2) ? 'up' : 'down').padEnd(6);
      return row(
        1005,
        `${link.name.padEnd(10)} ${state} ${addressOf(link, false).padEnd(18)} ${addressOf(link, true)}`,
      );
    }),
  ];
}
