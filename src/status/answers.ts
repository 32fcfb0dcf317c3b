// What the status server answers to which path: from handlers to code, type and body. Reads, never changes. How answers
// travel is http.ts's.

import type { IncomingMessage } from 'node:http';
import { sessionsReport } from './cluster/sessions.ts';
import type { EventsQuery, EventsReport } from './events.ts';
import type { ExplainProblem, ExplainQuery, ExplainReport } from './explain.ts';
import { MAX_WATCHERS } from './live.ts';
import type { MetricsPage } from './metrics/metrics.ts';
import { PAGE_POLICY, pageFile } from './page-files.ts';
import { parseEventsQuery, parseExplainQuery, parseReceivedQuery, parseRoutesQuery } from './query.ts';
import { type Readiness, readinessText } from './readiness.ts';
import { statusText } from './text.ts';
import type { PageQuery, RoutesQuery, RoutesReport, StatusReport } from './types.ts';

export interface StatusHandlers {
  readonly status: () => StatusReport;
  readonly routes: (query: RoutesQuery) => RoutesReport;
  readonly explain: (query: ExplainQuery) => ExplainReport | ExplainProblem;
  /** What plans are made from: data for the same version of Caracal. */
  readonly intent: () => object | ExplainProblem;
  readonly received: (query: PageQuery) => object;
  readonly events: (query: EventsQuery) => EventsReport;
  readonly readiness: () => Readiness;
  readonly metrics: () => Promise<MetricsPage>;
}

export interface Answer {
  readonly code: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function answerTo(request: IncomingMessage, handlers: StatusHandlers): Answer | Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return text(405, `Status can only be read: GET or HEAD, not ${request.method}.\n`);
  }
  const url = URL.parse(request.url ?? '/', 'http://caracal');
  switch (url?.pathname) {
    case '/':
      return wantsPage(request) ? pageAnswer('index.html') : text(200, statusText(handlers.status()));
    case '/status':
      return json(handlers.status());
    case '/sessions':
      return json(sessionsReport(handlers.status()));
    case '/routes':
      return routesAnswer(url.searchParams, handlers);
    case '/explain':
      return explainAnswer(url.searchParams, handlers);
    case '/intent':
      return jsonOrProblem(handlers.intent());
    case '/received':
      return receivedAnswer(url.searchParams, handlers);
    case '/events':
      return eventsAnswer(url.searchParams, handlers);
    case '/live':
      return text(503, `${MAX_WATCHERS} clients watch already; come again when one of them is gone.\n`);
    case '/metrics':
      return metricsAnswer(handlers);
    case '/livez':
      return text(200, 'alive\n');
    case '/readyz': {
      const readiness = handlers.readiness();
      return text(readiness.ready ? 200 : 503, readinessText(readiness));
    }
    default:
      return url?.pathname.startsWith(PAGE) ? pageAnswer(url.pathname.slice(PAGE.length)) : nothingHere();
  }
}

const PAGE = '/page/';

/** Browsers say that they take HTML; curl and probes get text. */
function wantsPage({ headers }: IncomingMessage): boolean {
  return headers.accept?.includes('text/html') === true;
}

function pageAnswer(name: string): Answer {
  const file = pageFile(name);
  if (file === undefined) return nothingHere();
  const headers = { 'Content-Security-Policy': PAGE_POLICY, 'Referrer-Policy': 'no-referrer' };
  return { code: 200, ...file, headers: { ...headers, Vary: 'Accept' } };
}

async function metricsAnswer(handlers: StatusHandlers): Promise<Answer> {
  return { code: 200, ...(await handlers.metrics()) };
}

function routesAnswer(parameters: URLSearchParams, handlers: StatusHandlers): Answer {
  const query = parseRoutesQuery(parameters);
  return 'problem' in query ? text(400, `Bad request: ${query.problem}.\n`) : json(handlers.routes(query.value));
}

function explainAnswer(parameters: URLSearchParams, handlers: StatusHandlers): Answer {
  const query = parseExplainQuery(parameters);
  if ('problem' in query) return json(query, 400);
  return jsonOrProblem(handlers.explain(query.value));
}

function receivedAnswer(parameters: URLSearchParams, handlers: StatusHandlers): Answer {
  const query = parseReceivedQuery(parameters);
  return 'problem' in query ? json(query, 400) : json(handlers.received(query.value));
}

function eventsAnswer(parameters: URLSearchParams, handlers: StatusHandlers): Answer {
  const query = parseEventsQuery(parameters);
  return 'problem' in query ? text(400, `Bad request: ${query.problem}.\n`) : json(handlers.events(query.value));
}

function jsonOrProblem(value: object | ExplainProblem): Answer {
  return json(value, 'problem' in value ? 404 : 200);
}

function nothingHere(): Answer {
  const paths =
    '/, /status, /sessions, /live, /routes, /explain, /intent, /received, /events, /metrics, /livez and /readyz';
  return text(404, `There is nothing here; there are ${paths}.\n`);
}

export function text(code: number, body: string): Answer {
  return { code, type: 'text/plain; charset=utf-8', body };
}

function json(value: unknown, code = 200): Answer {
  return { code, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}
