// What this node tells the cluster of itself: the CalicoNodeStatus objects that ask for it, and Events on its Node.
// Nothing of it is needed to route: what cannot be written is said in the log and in status, and everything goes on.

import { setImmediate as turn } from 'node:timers/promises';
import type { RunOptions } from '../cli/types.ts';
import { systemClock } from '../datastore/files/clock.ts';
import type { ApiAccess } from '../datastore/kubernetes/api-access.ts';
import type { Complaint } from '../datastore/kubernetes/complaint.ts';
import { NodeEventWriter } from '../datastore/kubernetes/node-events.ts';
import { NodeStatusWriter } from '../datastore/kubernetes/node-status.ts';
import type { NodeStatusSource, RouteValues } from '../datastore/kubernetes/node-status-values.ts';
import type { CalicoNodeStatus } from '../datastore/resources/types.ts';
import type { ResourceProblem } from '../datastore/types.ts';
import type { Fact } from '../speaker/index.ts';
import { downText } from '../status/facts.ts';
import { problemText } from '../status/text.ts';
import type { RouteReport, RoutesQuery, RoutesReport, StatusReport } from '../status/types.ts';
import { now } from './clock.ts';
import type { Logger } from './log.ts';

/** What the daemon answers about itself. */
export interface Answers {
  readonly status: () => StatusReport;
  readonly routes: (query: RoutesQuery) => RoutesReport;
}

export interface ClusterReporterParts {
  readonly api: ApiAccess;
  readonly options: Pick<RunOptions, 'kubernetesNode' | 'nodeStatus' | 'nodeEvents'>;
  readonly answers: Answers;
  readonly logger: Logger;
}

/** Routes that are read in one go, between which sessions have their turn. */
const PAGE = 1_000;

export class ClusterReporter {
  readonly #logger: Logger;
  readonly #status: NodeStatusWriter | undefined;
  readonly #events: NodeEventWriter | undefined;
  readonly #problems = new Map<string, ResourceProblem>();
  #requests: readonly CalicoNodeStatus[] = [];

  constructor({ api, options, answers, logger }: ClusterReporterParts) {
    this.#logger = logger;
    const common = {
      api,
      report: (complaint: Complaint) => this.#complain(complaint),
      onBug: (error: unknown) => logger.error({ err: error }, 'what this node says of itself cannot be written'),
      clock: systemClock,
      random: Math.random,
      wallClock: now,
    };
    if (options.nodeStatus) this.#status = new NodeStatusWriter({ ...common, source: sourceOf(answers) });
    if (options.nodeEvents) {
      this.#events = new NodeEventWriter({ ...common, kubernetesNode: options.kubernetesNode });
    }
  }

  /** The objects of this node as they stand; the same array where they are as before. */
  setRequests(requests: readonly CalicoNodeStatus[]): void {
    if (requests === this.#requests) return;
    this.#requests = requests;
    this.#status?.setRequests(requests);
  }

  tell(fact: Fact): void {
    switch (fact.type) {
      case 'peerStateChanged':
        if (fact.from === 'Established' || fact.to === 'Established') this.#status?.changed();
        if (fact.to === 'Established') this.#events?.sessionUp({ name: fact.peer, address: fact.address });
        return;
      case 'peerDown': {
        // What was ended here, by a change of the configuration, is no news to those who made it.
        if (fact.wasEstablished === false || fact.reason.type === 'stopped') return;
        this.#events?.sessionDown({ name: fact.peer, address: fact.address }, downText(fact.reason).text);
        return;
      }
      case 'intentApplied':
        this.#status?.changed();
    }
  }

  /** What cannot be written now. */
  get problems(): readonly ResourceProblem[] {
    return [...this.#problems.values()];
  }

  async stop(): Promise<void> {
    await Promise.all([this.#status?.stop(), this.#events?.stop()]);
  }

  #complain({ kind, name, text }: Complaint): void {
    const key = `${kind} ${name}`;
    if (text === undefined) {
      this.#problems.delete(key);
      return;
    }
    const problem: ResourceProblem = { kind, name, path: '', text, severity: 'warning' };
    this.#problems.set(key, problem);
    this.#logger.warn({ kind, name }, problemText(problem));
  }
}

function sourceOf({ status, routes }: Answers): NodeStatusSource {
  return {
    agent: () => status().agent,
    bgp: () => status().bgp,
    routes: async (family, limit): Promise<RouteValues> => {
      const found: RouteReport[] = [];
      let after: string | undefined;
      do {
        const page = routes({ family, limit: PAGE, ...(after === undefined ? {} : { after }) });
        found.push(...page.routes);
        after = page.next;
        await turn();
      } while (after !== undefined && found.length < limit);
      return { routes: found.slice(0, limit), total: status().tables[family].paths };
    },
  };
}
