// What the API server offers: which API group has Calico's resources, and whether it knows a kind at all.

import type { Clock } from '../files/clock.ts';
import { ApiError } from './api-error.ts';
import type { ApiClient } from './client.ts';

export const CLASSIC = 'crd.projectcalico.org/v1';
export const V3 = 'projectcalico.org/v3';

/** Milliseconds for which a choice is not doubted again. */
const TRUST = 5_000;

export class Discovery {
  readonly #client: ApiClient;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #forced: string | undefined;
  #chosen: { readonly apiVersion: string; readonly at: number } | undefined;
  #choosing: Promise<string> | undefined;

  /** @param apiGroup CALICO_API_GROUP: `projectcalico.org/v3` in any case means that, everything else the classic group */
  constructor(client: ApiClient, clock: Clock, signal: AbortSignal, apiGroup: string | undefined) {
    this.#client = client;
    this.#clock = clock;
    this.#signal = signal;
    this.#forced = apiGroup === undefined ? undefined : apiGroup.toLowerCase() === V3 ? V3 : CLASSIC;
  }

  /** Group and version of Calico's resources; undefined: not known yet. */
  get calico(): string | undefined {
    return this.#forced ?? this.#chosen?.apiVersion;
  }

  /** The same, found out if need be. Rejects with an ApiError where the server cannot be asked now. */
  async chooseCalico(): Promise<string> {
    return this.calico ?? this.#choose();
  }

  /** Something of Calico's is missing or forbidden: asks again. Answers whether the group is another one now. */
  async reconsider(): Promise<boolean> {
    const before = this.#chosen;
    if (this.#forced !== undefined || before === undefined || this.#clock.now() - before.at < TRUST) return false;
    try {
      return (await this.#choose()) !== before.apiVersion;
    } catch (error) {
      if (error instanceof ApiError) return false;
      throw error;
    }
  }

  /** Whether a server that answered 404 has no such kind. A server that is just starting may not know yet. */
  async lacks(apiVersion: string, plural: string): Promise<'yes' | 'no' | 'unknown'> {
    const target = { verb: 'get', resource: '', group: apiVersion.split('/')[0]! } as const;
    try {
      const document = await this.#client.send({ target, path: `/apis/${apiVersion}` }, this.#signal);
      const { resources } = document as { resources?: unknown };
      if (!Array.isArray(resources)) return 'unknown';
      return resources.some(({ name }) => name === plural) ? 'no' : 'yes';
    } catch (error) {
      if (error instanceof ApiError) return 'unknown';
      throw error;
    }
  }

  /** All who ask at the same time get one answer. */
  #choose(): Promise<string> {
    this.#choosing ??= this.#look().finally(() => {
      this.#choosing = undefined;
    });
    return this.#choosing;
  }

  /** `projectcalico.org` alone are CRDs; beside the classic group it is an API server on top of them. */
  async #look(): Promise<string> {
    const groups = await this.#groups();
    const isV3 = groups.includes('projectcalico.org') && !groups.includes('crd.projectcalico.org');
    const apiVersion = isV3 ? V3 : CLASSIC;
    this.#chosen = { apiVersion, at: this.#clock.now() };
    return apiVersion;
  }

  async #groups(): Promise<readonly string[]> {
    try {
      const target = { verb: 'get', resource: '', group: '' } as const;
      const document = await this.#client.send({ target, path: '/apis' }, this.#signal);
      const { groups } = document as { groups?: unknown };
      return Array.isArray(groups) ? groups.map(({ name }) => String(name)) : [];
    } catch (error) {
      // Who may not ask takes the group that most clusters have.
      if (error instanceof ApiError && (error.code === 'forbidden' || error.code === 'absent')) return [];
      throw error;
    }
  }
}
