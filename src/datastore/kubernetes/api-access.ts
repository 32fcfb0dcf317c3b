// The way to the API for those who write.

import type { ApiClient } from './client.ts';
import type { Discovery } from './discovery.ts';

export interface ApiAccess {
  readonly client: ApiClient;
  readonly discovery: Discovery;
}
