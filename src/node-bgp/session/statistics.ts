// Counters of messages by type.

import { MESSAGE_TYPE } from '../wire/index.ts';

export interface MessageCounters {
  readonly open: number;
  readonly update: number;
  readonly notification: number;
  readonly keepalive: number;
  readonly routeRefresh: number;
}

type Counting = { -readonly [K in keyof MessageCounters]: number };

export function noMessages(): Counting {
  return { open: 0, update: 0, notification: 0, keepalive: 0, routeRefresh: 0 };
}

export function countMessage(counters: Counting, messageType: number): void {
  switch (messageType) {
    case MESSAGE_TYPE.OPEN:
      counters.open++;
      break;
    case MESSAGE_TYPE.UPDATE:
      counters.update++;
      break;
    case MESSAGE_TYPE.NOTIFICATION:
      counters.notification++;
      break;
    case MESSAGE_TYPE.KEEPALIVE:
      counters.keepalive++;
      break;
    case MESSAGE_TYPE.ROUTE_REFRESH:
      counters.routeRefresh++;
      break;
  }
}
