import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Plan } from '../speaker/planning.ts';
import type { StatusHandlers } from '../status/answers.ts';
import { formatHttpEndpoint, type HttpEndpoint } from '../status/endpoint.ts';
import type { ExplainQuery, ExplainReport } from '../status/explain.ts';
import { explainText } from '../status/explain-text.ts';
import { startHttp } from '../status/http.ts';
import { planText } from '../status/plan-text.ts';
import { statusReport } from '../status/report.ts';
import { environmentFixture, peerFixture, snapshotFixture } from '../status/snapshot.fixture.ts';
import { statusText } from '../status/text.ts';
import { type CliDependencies, createCli } from './main.ts';
import type { PlanRequest } from './plan.ts';
import { releaseText } from './release.ts';
import { missingNodeText } from './run.ts';
import type { LabCommand, RunOptions } from './types.ts';

const RELEASE = { version: '0.1.0', commit: 'abc' };
const REPORT = statusReport(snapshotFixture({ peers: [peerFixture()] }), environmentFixture());

let folder: string;
const closing: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'caracal-cli-'));
});

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
  rmSync(folder, { recursive: true });
});

/** Runs one command line; every run and lab answers with exit code 7. */
async function caracal(argv: readonly string[], env = {}, change: Partial<CliDependencies> = {}) {
  const seen = { stdout: '', stderr: '', runs: [] as RunOptions[], labs: [] as LabCommand[] };
  const main = createCli({
    run: async (options) => {
      seen.runs.push(options);
      return 7;
    },
    explain: async () => ({ problem: 'nothing is explained here' }),
    plan: async () => ({ problem: 'nothing is planned here' }),
    migrate: async (request, { stdout }) => {
      stdout.write(JSON.stringify(request));
      return 7;
    },
    lab: async (command) => {
      seen.labs.push(command);
      return 7;
    },
    release: RELEASE,
    stdout: { write: (text) => (seen.stdout += text) },
    stderr: { write: (text) => (seen.stderr += text) },
    ...change,
  });
  return { code: await main(argv, env), ...seen };
}

async function serveStatus(
  status = () => REPORT,
  change: Partial<StatusHandlers> = {},
  listen: HttpEndpoint = { type: 'unix', path: join(folder, 'caracal.sock') },
): Promise<string> {
  const server = await startHttp({
    listen,
    handlers: {
      status,
      routes: ({ family }) => ({ family, routes: [] }),
      explain: () => ({ problem: 'nothing is explained here' }),
      intent: () => ({ problem: 'nothing is intended here' }),
      received: () => ({ routes: [] }),
      events: () => ({ node: 'node-1', lastUpdated: REPORT.lastUpdated, events: [] }),
      readiness: () => ({ ready: true, reasons: [], notes: [] }),
      metrics: async () => ({ type: 'text/plain', body: '' }),
      ...change,
    },
    onError: (error) => {
      throw error;
    },
  });
  closing.push(() => server.stop());
  return formatHttpEndpoint(server.endpoint);
}

const SILENT = { stdout: '', stderr: '', runs: [], labs: [] };

test('a mistake is one sentence and exit code 2', async () => {
  expect(await caracal(['run', '--nod', 'x'])).toEqual({
    ...SILENT,
    code: 2,
    stderr: 'caracal: unknown option --nod; did you mean --node?\n',
  });
});

test('a folder that cannot be read is one sentence and exit code 2', async () => {
  const missing = join(folder, 'missing');
  expect(await caracal(['run', '--node', 'a', '--resources', missing])).toEqual({
    ...SILENT,
    code: 2,
    stderr: `caracal: cannot read the resources in ${missing}: no such file or folder\n`,
  });
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(await caracal(['run', '--node', 'a', '--resources', join(file, 'x')])).toMatchObject({
    code: 2,
    stderr: `caracal: cannot read the resources in ${file}/x: a part of the path is not a folder\n`,
  });
});

test('run hands its options over and gives back the exit code of the daemon', async () => {
  writeFileSync(join(folder, 'nodename'), 'node-1\n');
  const env = { CALICO_NODENAME_FILE: join(folder, 'nodename') };
  const result = await caracal(['run', '--resources', folder, '--check'], env);
  expect(result).toMatchObject({
    code: 7,
    stderr: '',
    runs: [
      { node: 'node-1', nodeNameSource: 'nodename file', datastore: { type: 'files', path: folder }, check: true },
    ],
  });
});

test('migrate hands over the file, and the host name where no node is given', async () => {
  const request = { file: 'bird.conf', bird: 2, family: 'ipv4' };
  const { code, stdout } = await caracal(['migrate', 'bird.conf', '--bird', '2', '--node', 'n']);
  expect([code, JSON.parse(stdout)]).toEqual([7, { ...request, node: 'n' }]);
  expect(JSON.parse((await caracal(['migrate', 'bird.conf', '--bird', '2'])).stdout).node).toBe(hostname());
});

test('lab hands its command over', async () => {
  expect(await caracal(['lab', 'exec', 'node-1', '--', 'ip', 'route'])).toEqual({
    ...SILENT,
    code: 7,
    labs: [{ action: 'exec', node: 'node-1', command: ['ip', 'route'] }],
  });
});

test('version and help go to standard output', async () => {
  expect(await caracal(['version'])).toEqual({ ...SILENT, code: 0, stdout: releaseText(RELEASE, false) });
  const asJson = releaseText(RELEASE, true);
  expect(await caracal(['version', '--json'])).toEqual({ ...SILENT, code: 0, stdout: asJson });
  const help = await caracal(['help', 'events']);
  expect(help).toEqual({
    ...SILENT,
    code: 0,
    stdout: [
      'caracal events: show what happened to the sessions of the daemon on this node, and what would help.',
      '',
      'Usage:',
      '  caracal events [PEER] [--json] [--http WHERE]',
      '',
      'Options:',
      '  --json                  all that is known of each event as JSON',
      '  --http WHERE            where the daemon serves status: ADDR:PORT or unix:PATH (default unix:/var/run/caracal/caracal.sock)',
      '  --http-token-file FILE  file with the token that ADDR:PORT asks for',
      '  -h, --help              show this text',
      '',
      'PEER is the name or the address of a peer; without it, all events of all peers and of the node. The last 64 of each',
      'are kept until the daemon ends.',
      '',
    ].join('\n'),
  });
  expect((await caracal(['help'])).stdout).toMatch(/^Caracal distributes routes.*\n\nUsage: caracal COMMAND/);
});

const EVENT = {
  at: '2026-04-05T12:00:00.000Z',
  level: 'warn',
  peer: 'Mesh_10_0_0_2',
  text: 'peer Mesh_10_0_0_2 (10.0.0.2) went down: reset',
  fields: { password: 'never here, but who knows' },
} as const;

test('events prints what happened, of all or of one peer', async () => {
  const asked: unknown[] = [];
  const http = await serveStatus(() => REPORT, {
    events: (query) => {
      asked.push(query);
      return { node: 'node-1', lastUpdated: EVENT.at, events: query.peer === 'x' ? [] : [EVENT] };
    },
  });
  const line = `${EVENT.at} ${EVENT.text}\n`;
  expect(await caracal(['events', '--http', http])).toEqual({ ...SILENT, code: 0, stdout: line });
  const none = await caracal(['events', 'x'], { CARACAL_HTTP: http });
  expect(none).toEqual({ ...SILENT, code: 0, stdout: 'No events of x on node node-1.\n' });
  expect(JSON.parse((await caracal(['events', '--json', '--http', http])).stdout).events).toEqual([EVENT]);
  expect(asked).toEqual([{ limit: 1000 }, { limit: 1000, peer: 'x' }, { limit: 1000 }]);
});

test('bundle writes all that a bug report needs into one file that only its owner reads, without secrets', async () => {
  const http = await serveStatus(() => REPORT, {
    events: () => ({ node: 'node-1', lastUpdated: EVENT.at, events: [EVENT] }),
    intent: () => ({ peers: [{ name: 'a', password: 'fingerprint', addresses: ['10.0.0.1'] }] }),
    metrics: async () => ({ type: 'text/plain', body: 'up 1\n' }),
  });
  const file = join(folder, 'bundle.json');
  expect(await caracal(['bundle', file, '--http', http])).toEqual({
    ...SILENT,
    code: 0,
    stdout: `${file} is written; read through it before you send it\n`,
  });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const bundle = JSON.parse(readFileSync(file, 'utf8'));
  expect(bundle).toMatchObject({
    askedAt: http,
    versions: { caracal: '0.1.0', commit: 'abc', node: process.version },
    status: REPORT,
    events: { events: [{ ...EVENT, fields: { password: '(left out)' } }] },
    intent: { peers: [{ name: 'a', password: '(left out)', addresses: ['10.0.0.1'] }] },
    routesIPv4: { routes: [] },
    metrics: 'up 1\n',
    readiness: 'ready\n',
  });
  expect(JSON.parse((await caracal(['bundle', '-', '--http', http])).stdout).status).toEqual(REPORT);
  const missing = join(folder, 'no', 'such', 'folder');
  expect(await caracal(['bundle', missing, '--http', http])).toMatchObject({
    code: 1,
    stderr: `caracal: ${missing} cannot be written (ENOENT)\n`,
  });
  const nobody = `unix:${join(folder, 'nobody.sock')}`;
  expect(await caracal(['bundle', '--http', nobody])).toMatchObject({
    code: 1,
    stderr: `caracal: no Caracal answers at ${nobody}; is it running on this node?\n`,
  });
});

test('a token is sent where a file has one, and a wrong one is one sentence', async () => {
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 'one\n');
  const http = await serveStatus(() => REPORT, {}, { type: 'tcp', address: '127.0.0.1', port: 0, tokenFile });
  const wrong = join(folder, 'wrong');
  writeFileSync(wrong, 'two');
  expect(await caracal(['status', '--http', http, '--http-token-file', tokenFile])).toMatchObject({ code: 0 });
  expect(await caracal(['status'], { CARACAL_HTTP: http, CARACAL_HTTP_TOKEN_FILE: tokenFile })).toMatchObject({
    code: 0,
  });
  const refused = `caracal: Caracal at ${http} wants another token; give its --http-token-file\n`;
  expect(await caracal(['status', '--http', http])).toMatchObject({ code: 1, stderr: refused });
  expect(await caracal(['status', '--http', http, '--http-token-file', wrong])).toMatchObject({
    code: 1,
    stderr: refused,
  });
  expect(await caracal(['status', '--http', http, '--http-token-file', join(folder, 'none')])).toMatchObject({
    code: 1,
    stderr: `caracal: the token in ${join(folder, 'none')} cannot be read (ENOENT)\n`,
  });
});

test('status prints the report of a running daemon as text or JSON', async () => {
  const http = await serveStatus();
  expect(await caracal(['status', '--http', http])).toEqual({ ...SILENT, code: 0, stdout: statusText(REPORT) });
  const json = await caracal(['status', '--json'], { CARACAL_HTTP: http });
  expect({ ...json, stdout: JSON.parse(json.stdout) }).toEqual({ ...SILENT, code: 0, stdout: REPORT });
});

test('status without a daemon is one sentence and exit code 1', async () => {
  const http = `unix:${join(folder, 'nobody.sock')}`;
  expect(await caracal(['status', '--http', http])).toEqual({
    ...SILENT,
    code: 1,
    stderr: `caracal: no Caracal answers at ${http}; is it running on this node?\n`,
  });
});

test.each([
  ['another page', 200, '<html>', 'is no Caracal'],
  ['another JSON', 200, '{"agent":1}', 'is no Caracal'],
  ['an error', 404, 'no', 'is no Caracal that serves /status (HTTP 404)'],
])('status says so when something else answers: %s', async (_name, code, body, text) => {
  const other = createServer((_request, response) => response.writeHead(code).end(body));
  closing.push(async () => other.close());
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  const http = `127.0.0.1:${(other.address() as AddressInfo).port}`;
  expect(await caracal(['status', '--http', http])).toEqual({
    ...SILENT,
    code: 1,
    stderr: `caracal: what answers at ${http} ${text}\n`,
  });
  expect(await caracal(['events', '--http', http])).toEqual({
    ...SILENT,
    code: 1,
    stderr: `caracal: what answers at ${http} ${text.replace('/status', '/events')}\n`,
  });
});

const EXPLANATION: ExplainReport = {
  type: 'prefix',
  node: 'node-1',
  asked: '10.65.0.1',
  inside: ['10.65.0.0/16'],
  paths: [],
  exports: [],
  kernel: { reason: { text: 'nothing is known of it' } },
  running: true,
};

test('explain prints what the daemon answers, as text or JSON', async () => {
  const queries: ExplainQuery[] = [];
  const http = await serveStatus(undefined, {
    explain: (query) => {
      queries.push(query);
      return EXPLANATION;
    },
  });
  const text = await caracal(['explain', '10.65.0.1', '--http', http]);
  expect(text).toEqual({ ...SILENT, code: 0, stdout: explainText(EXPLANATION) });
  const json = await caracal(['explain', 'fd00::1', '--peer', 'Node 1', '--json', '--http', http]);
  expect({ ...json, stdout: JSON.parse(json.stdout) }).toEqual({ ...SILENT, code: 0, stdout: EXPLANATION });
  expect(queries).toEqual([{ target: '10.65.0.1' }, { target: 'fd00::1', peer: 'Node 1' }]);
});

test('explain says in a sentence why there is no answer', async () => {
  const http = await serveStatus();
  const stderr = 'caracal: nothing is explained here\n';
  expect(await caracal(['explain', '10.65.0.1', '--http', http])).toEqual({ ...SILENT, code: 1, stderr });
  const argv = ['explain', '10.65.0.1', '--resources', folder, '--node', 'a'];
  expect(await caracal(argv)).toEqual({ ...SILENT, code: 1, stderr });
  const nobody = `unix:${join(folder, 'nobody.sock')}`;
  expect(await caracal(['explain', '--peer', 'a', '--http', nobody])).toMatchObject({
    code: 1,
    stderr: `caracal: no Caracal answers at ${nobody}; is it running on this node?\n`,
  });
});

test('explain on files hands over the options of a run', async () => {
  const seen: unknown[] = [];
  const explain: CliDependencies['explain'] = async (options, query) => {
    seen.push([options.node, options.datastore, options.routerId, query]);
    return EXPLANATION;
  };
  const argv = ['explain', '10.65.0.1', '--resources', folder, '--node', 'a'];
  const result = await caracal(argv, { CALICO_ROUTER_ID: 'hash' }, { explain });
  expect(result).toEqual({ ...SILENT, code: 0, stdout: explainText(EXPLANATION) });
  expect(seen).toEqual([['a', { type: 'files', path: folder }, 'hash', { target: '10.65.0.1' }]]);
});

const NO_CHANGES: Plan = {
  node: 'node-1',
  sessions: [],
  nodeChanges: [],
  advertisements: [],
  kernelRoutes: [],
  dangers: [],
  problems: [],
};

test('plan asks the daemon for its intent and for all pages of both tables', async () => {
  const requests: PlanRequest[] = [];
  const http = await serveStatus(undefined, {
    intent: () => ({ some: 'intent' }),
    received: ({ family, limit, after }) => {
      const page = { routes: [{ family, limit, after }] };
      return family === 'ipv4' && after === undefined ? { ...page, next: '17' } : page;
    },
  });
  const plan: CliDependencies['plan'] = async (request) => {
    requests.push(request);
    return NO_CHANGES;
  };
  const result = await caracal(['plan', '--resources', '/new', '--http', http], {}, { plan });
  expect(result).toEqual({ ...SILENT, code: 0, stdout: planText(NO_CHANGES) });
  const routes = [
    { family: 'ipv4', limit: 1000 },
    { family: 'ipv4', limit: 1000, after: '17' },
    { family: 'ipv6', limit: 1000 },
  ];
  expect(requests).toEqual([{ type: 'running', resources: '/new', state: { document: { some: 'intent' }, routes } }]);
});

test('plan on files hands over both folders, and changes are exit code 2', async () => {
  const requests: PlanRequest[] = [];
  const changed = { ...NO_CHANGES, nodeChanges: ['log level info becomes debug'] };
  const plan: CliDependencies['plan'] = async (request) => {
    requests.push(request);
    return changed;
  };
  const argv = ['plan', '--resources', folder, '--from', '/old', '--node', 'a', '--json'];
  const result = await caracal(argv, {}, { plan });
  expect({ ...result, stdout: JSON.parse(result.stdout) }).toEqual({ ...SILENT, code: 2, stdout: changed });
  expect(requests).toMatchObject([{ type: 'files', resources: folder, from: '/old', options: { node: 'a' } }]);
});

test.each([
  ['a wrong command line', ['plan'], 'plan needs the new resources: caracal plan --resources NEW'],
  ['a plan that cannot be made', ['plan', '--resources', '.', '--from', '.', '--node', 'a'], 'nothing is planned here'],
])('plan answers %s with a sentence and exit code 1', async (_name, argv, text) => {
  expect(await caracal(argv)).toEqual({ ...SILENT, code: 1, stderr: `caracal: ${text}\n` });
});

test('plan says what the daemon says where it has no intent yet', async () => {
  const http = await serveStatus();
  expect(await caracal(['plan', '--resources', '/new', '--http', http])).toEqual({
    ...SILENT,
    code: 1,
    stderr: 'caracal: nothing is intended here\n',
  });
});

test('watching shows the first report and ends when it is told to', async () => {
  const end = new AbortController();
  const http = await serveStatus();
  let stdout = '';
  const write = (text: string) => {
    stdout += text;
    end.abort();
  };
  const result = await caracal(['status', '--watch', '--http', http], {}, { stdout: { write }, signal: end.signal });
  expect({ code: result.code, stdout }).toEqual({ code: 0, stdout: statusText(REPORT) });
});

test('a node that is missing among the resources is named with the origin of its name', () => {
  expect(missingNodeText({ node: 'a', nodeNameSource: '--node' })).toBe('there is no Node a among the resources');
  expect(missingNodeText({ node: 'a', nodeNameSource: 'HOSTNAME' })).toBe(
    'there is no Node a among the resources (the name comes from: HOSTNAME; --node NAME gives another)',
  );
});
