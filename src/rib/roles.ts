// What BGP roles make of routes (RFC 9234 5): the attribute ONLY_TO_CUSTOMER says that a route has begun its way down to
// customers, and who sees it come from below or from the side knows of a leak. Roles are those of our AS towards the
// peer's; routes are of external sessions.

import type { Asn, Attributes, Role } from 'node-bgp';

interface RoleRules {
  /** From whom a marked route may come: nobody, the AS that marked it, anybody. */
  readonly takesMarked: 'never' | 'ofPeer' | 'always';
  /** A route that comes without the mark gets it. */
  readonly marksReceived: boolean;
  /** Marked routes are sent. */
  readonly sendsMarked: boolean;
  /** A route without the mark is sent with it. */
  readonly marksSent: boolean;
}

const TO_CUSTOMER: RoleRules = { takesMarked: 'never', marksReceived: false, sendsMarked: true, marksSent: true };
const TO_PROVIDER: RoleRules = { takesMarked: 'always', marksReceived: true, sendsMarked: false, marksSent: false };

const RULES: Readonly<Record<Role, RoleRules>> = {
  provider: TO_CUSTOMER,
  routeServer: TO_CUSTOMER,
  customer: TO_PROVIDER,
  routeServerClient: TO_PROVIDER,
  peer: { takesMarked: 'ofPeer', marksReceived: true, sendsMarked: false, marksSent: true },
};

/** The route has been somewhere from where it must not come to us. */
export function isLeak({ onlyToCustomer }: Attributes, role: Role, remoteAs: Asn): boolean {
  if (onlyToCustomer === undefined) return false;
  const { takesMarked } = RULES[role];
  return takesMarked === 'never' || (takesMarked === 'ofPeer' && onlyToCustomer !== remoteAs);
}

export function markReceived(attributes: Attributes, role: Role, remoteAs: Asn): Attributes {
  const isMarked = attributes.onlyToCustomer !== undefined || !RULES[role].marksReceived;
  return isMarked ? attributes : { ...attributes, onlyToCustomer: remoteAs };
}

export function maySend({ onlyToCustomer }: Attributes, role: Role): boolean {
  return onlyToCustomer === undefined || RULES[role].sendsMarked;
}

/** The mark of a route that is sent; undefined: none. */
export function sentMark({ onlyToCustomer }: Attributes, role: Role, localAs: Asn): Asn | undefined {
  return onlyToCustomer ?? (RULES[role].marksSent ? localAs : undefined);
}
