// The programs of bird-compat/bin: which of them it is stands in the first argument.

import packageJson from '../../package.json' with { type: 'json' };

/** Calico's reporters take what begins with `v` for a version, and look for BIRD's. */
const VERSION = `v${packageJson.version}+birdv1.6.8`;

async function main([name, ...argv]: readonly string[]): Promise<number> {
  switch (name) {
    case 'bird':
    case 'bird6': {
      // What `ps` shows, and calicoctl looks for.
      process.title = name;
      const { runBird } = await import('./bird.ts');
      return runBird(name, argv, VERSION);
    }
    case 'birdcl': {
      const { runBirdcl } = await import('./birdcl.ts');
      return runBirdcl(argv);
    }
    default:
      process.stderr.write(`there is no program ${name}: bird, bird6, birdcl\n`);
      return 2;
  }
}

process.exitCode = await main(process.argv.slice(2));
