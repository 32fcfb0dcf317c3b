// BFD beside a session: what is to be watched for a peer, as its intent says.

import type { BfdWish } from '../bfd/types.ts';
import type { PeerIntent } from '../intent/types.ts';

export function bfdWishOf({ address, localAddress, interface: device, bfd }: PeerIntent): BfdWish | undefined {
  if (bfd === undefined) return undefined;
  return {
    remote: address,
    ...(localAddress === undefined ? {} : { local: localAddress }),
    ...(device === undefined || bfd.multihop ? {} : { interface: device }),
    settings: bfd,
  };
}
