// `caracal run`: from options to a running daemon, and from a signal or a fatal sentence to an exit code.

import type { Release } from '../cli/release.ts';
import type { RunOptions } from '../cli/types.ts';
import { DatastoreError } from '../datastore/errors.ts';
import { LinuxKernel } from '../kernel/kernel.ts';
import { NoKernel } from '../kernel/none.ts';
import type { Kernel } from '../kernel/port.ts';
import { findAccount } from '../linux/accounts.ts';
import { LinuxError } from '../linux/libc.ts';
import { type Account, dropPrivileges, ROUTER_CAPABILITIES, SPEAKER_CAPABILITIES } from '../linux/privileges.ts';
import { ListenError } from '../status/errors.ts';
import { type HttpServer, startHttp } from '../status/http.ts';
import { checkResources } from './check.ts';
import type { Controls, OpenControls } from './controls.ts';
import { Daemon } from './daemon.ts';
import { openDatastores } from './datastores.ts';
import { type Logger, logKernelProblem, makeLogger } from './log.ts';

export async function runDaemon(options: RunOptions, release: Release, openControls: OpenControls): Promise<number> {
  if (options.check) return checkResources(options);
  const logger = makeLogger(options.logLevel, options.node);
  const onBug = (error: unknown) => logger.error({ err: error }, 'the datastore was read with an error of our own');
  const datastores = await openDatastores(options, onBug);
  const end = Promise.withResolvers<number>();
  let isFinal = options.final === true;
  const kernel = openKernel(options, logger);
  let controls: Controls | undefined;
  const daemon = new Daemon({
    options,
    release,
    logger,
    datastores,
    kernel,
    onFact: (fact) => controls?.tell(fact),
    onFatal: (text, code) => end.resolve(fail(text, code)),
  });
  const servers: HttpServer[] = [];
  const { user } = options;
  const owner = user === undefined ? undefined : successor(user);
  if (owner !== undefined && 'problem' in owner) return fail(`--user ${user}: ${owner.problem}`, 2);
  const onControlError = (error: unknown) => logger.error({ err: error }, 'a command of the control socket failed');
  try {
    controls = await openControls({
      sockets: options.control,
      version: release.version,
      onError: onControlError,
      ...(owner && { owner }),
    });
    await daemon.start();
    controls.serve(
      daemon.controlled((final) => {
        isFinal = final;
        end.resolve(0);
      }),
    );
    for (const listen of options.http) {
      const onError = (error: unknown) => logger.error({ err: error }, 'a status request failed');
      servers.push(await startHttp({ listen, handlers: daemon.handlers, onError, ...(owner && { owner }) }));
    }
    if (owner !== undefined) becomeUser(owner, options);
  } catch (error) {
    if (!(error instanceof DatastoreError || error instanceof LinuxError || error instanceof ListenError)) throw error;
    end.resolve(fail(error.message, error instanceof DatastoreError ? 2 : 1));
  }
  const onSignal = () => end.resolve(0);
  process.once('SIGTERM', onSignal);
  process.once('SIGINT', onSignal);
  process.once('SIGQUIT', () => {
    isFinal = true;
    onSignal();
  });
  const onAudit = () => {
    kernel.audit().then(
      () => logger.info('the kernel was compared with what it should hold, as asked by SIGUSR2'),
      (error: Error) => logger.error({ err: error }, 'the kernel could not be read'),
    );
  };
  process.on('SIGUSR2', onAudit);
  const code = await end.promise;
  process.off('SIGUSR2', onAudit);
  await Promise.all([controls?.stop(), ...servers.map((server) => server.stop())]);
  await daemon.stop(undefined, isFinal);
  return code;
}

function openKernel({ kernel, kernelTable, kernelProtocol, kernelAudit }: RunOptions, logger: Logger): Kernel {
  if (kernel === 'none') return new NoKernel();
  return new LinuxKernel({
    ...(kernelTable !== undefined && { table: kernelTable }),
    ...(kernelProtocol !== undefined && { protocol: kernelProtocol }),
    ...(kernelAudit !== undefined && { auditInterval: kernelAudit * 1000 }),
    report: (problem) => logKernelProblem(logger, problem),
  });
}

/** Who to be once all is open. */
function successor(user: string): Required<Account> | { readonly problem: string } {
  const account = findAccount(user);
  const isOther = !('problem' in account) && account.user !== process.geteuid!();
  return isOther && process.geteuid!() !== 0 ? { problem: 'only root may become somebody else' } : account;
}

/** What is opened later, a low port above all, needs the capability that is kept for it. */
function becomeUser(account: Account, { kernel }: RunOptions): void {
  if (process.geteuid!() !== 0) return;
  dropPrivileges(account, kernel === 'none' ? SPEAKER_CAPABILITIES : ROUTER_CAPABILITIES);
}

function fail(text: string, code: number): number {
  process.stderr.write(`caracal: ${text}\n`);
  return code;
}
