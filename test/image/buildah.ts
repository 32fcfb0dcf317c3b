// Debian's buildah with a store of its own: no daemon, no registry, and nothing stays behind. Steps of a Dockerfile run in
// a chroot, and layers are plain folders (vfs), so that it works inside a container as well.

import { join } from 'node:path';
import { run, runOrThrow } from '../../topologies/commands.ts';

/** What of an image's configuration a runtime goes by. */
export interface ImageConfig {
  readonly Env: readonly string[];
  readonly User: string;
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  /** `CMD` first. */
  readonly Healthcheck: { readonly Test: readonly string[] };
}

export class Buildah {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async call(...words: readonly string[]): Promise<string> {
    const store = ['--root', join(this.#folder, 'store'), '--runroot', join(this.#folder, 'run')];
    return (await runOrThrow(['buildah', ...store, '--storage-driver', 'vfs', ...words])).trim();
  }

  /** An image of one layer out of a folder or a tar file. */
  async make(name: string, content: string): Promise<void> {
    const container = await this.call('from', 'scratch');
    await this.call('add', '--quiet', container, content, '/');
    await this.call('commit', '--quiet', '--format', 'docker', container, name);
    await this.call('rm', container);
  }

  /** Health checks are a part of Docker's format, and not of OCI's. */
  async build(context: string, name: string, ...words: readonly string[]): Promise<void> {
    const how = ['--isolation', 'chroot', '--format', 'docker', '--pull-never'];
    await this.call('bud', ...how, ...words, '--tag', name, context);
  }

  async config(name: string): Promise<ImageConfig> {
    return JSON.parse(await this.call('inspect', '--type', 'image', name)).Docker.config;
  }

  /** A container of this image; gives the folder of its files. */
  async mount(name: string): Promise<string> {
    return this.call('mount', await this.call('from', '--pull-never', name));
  }

  async remove(): Promise<void> {
    await this.call('rm', '--all');
    await run(['rm', '-rf', this.#folder]);
  }
}
