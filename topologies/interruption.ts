// Ctrl-C and its kin as a promise, so that a lab is taken down in `finally` like after any other error.

/** As shells report a program that Ctrl-C ended. */
export const EXIT_INTERRUPTED = 130;

export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Rejects with Interrupted at the first signal; from now on signals do not end the process by themselves. */
export function interruption(): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const interrupt = () => reject(new Interrupted('interrupted'));
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt).on('SIGHUP', interrupt);
  // `npm run demo | head` closes our output: nobody looks any more.
  process.stdout.on('error', interrupt);
  // The signal may come before anybody waits for it.
  promise.catch(() => {});
  return promise;
}
