// What is tried with every speaker: three setups, and in each a list of features one after the other.

import type { Attributes, Family } from 'node-bgp';
import {
  ADDRESS,
  COMMUNITY,
  EXTENDED_COMMUNITY,
  type Feature,
  LARGE_COMMUNITY,
  OWN,
  type Setup,
  type Speaker,
  TWICE,
} from './programs/types.ts';
import { Scene, soon } from './scene.ts';

/** Of the neighbours that feed Caracal. */
const FED: Readonly<Record<Family, { readonly decorated: string; readonly long: string; readonly shared: string }>> = {
  ipv4: { decorated: '192.0.2.0/24', long: '198.18.0.0/24', shared: '198.18.1.0/24' },
  ipv6: { decorated: '2001:db8:2::/48', long: '2001:db8:1800::/48', shared: '2001:db8:1801::/48' },
};
const LONG_PATH = 300;
const MANY = 10_000;

export interface Result {
  readonly feature: Feature;
  readonly works: boolean;
  /** Of the failure. */
  readonly log?: string;
}

export interface Scenario {
  readonly name: string;
  /** Undefined where the speaker cannot have it. */
  setup(speaker: Speaker): Setup;
  readonly trials: readonly (readonly [Feature, (scene: Scene) => Promise<boolean>])[];
}

const everyFamily = async (
  scene: Scene,
  condition: (family: Family) => boolean | Promise<boolean>,
): Promise<boolean> => {
  for (const family of scene.setup.families) if (!(await condition(family))) return false;
  return true;
};

/** Both ways: what the neighbours said is at the speaker, and what the speaker says is at the neighbours. */
const exchange = (scene: Scene) =>
  soon(() =>
    everyFamily(
      scene,
      async (family) =>
        scene.one.paths('caracal', OWN[family].plain).length > 0 &&
        (await scene.speaker.paths(scene.peer, FED[family].decorated)).length > 0,
    ),
  );

const carries =
  (
    ofPath: (path: {
      communities: readonly string[];
      largeCommunities: readonly string[];
      extendedCommunities: readonly string[];
    }) => readonly string[],
    wanted: string,
    ofAttributes: (attributes: Attributes) => boolean,
  ) =>
  (scene: Scene) =>
    soon(() =>
      everyFamily(scene, async (family) => {
        const [seen] = await scene.speaker.paths(scene.peer, FED[family].decorated);
        const [heard] = scene.one.paths('caracal', OWN[family].decorated);
        return seen !== undefined && ofPath(seen).includes(wanted) && heard !== undefined && ofAttributes(heard);
      }),
    );

const isUp = (scene: Scene) => soon(() => scene.isUp());

async function refreshes(scene: Scene): Promise<boolean> {
  const sent = async () => (await scene.session())?.counters.updatesOut ?? 0;
  const before = await sent();
  await scene.speaker.refresh(scene.peer, scene.setup);
  return soon(async () => (await sent()) > before && (await scene.isUp()));
}

async function withdraws(scene: Scene): Promise<boolean> {
  const { setup, speaker, peer, one, two } = scene;
  for (const feeder of [one, two]) {
    const prefixes = setup.families.flatMap((family) => Object.values(FED[family]));
    feeder.send({ type: 'withdraw', peer: ADDRESS.caracal[setup.transport], prefixes });
  }
  await speaker.withdraw(peer, setup);
  return soon(() =>
    everyFamily(scene, async (family) => {
      const told = await Promise.all(Object.values(FED[family]).map((prefix) => speaker.paths(peer, prefix)));
      const heard = Object.values(OWN[family]).map((prefix) => one.paths('caracal', prefix));
      return [...told, ...heard].every((paths) => paths.length === 0);
    }),
  );
}

async function survivesRestartOfPeer(scene: Scene): Promise<boolean> {
  const { one, setup } = scene;
  const isThere = () => setup.families.every((family) => one.paths('caracal', OWN[family].decorated).length > 0);
  if (!(await soon(isThere))) return false;
  const restart = async () => {
    await scene.peer.kill();
    await soon(async () => !(await scene.isUp()));
    // Nobody reaches it before it has its routes again: some get them by commands.
    await scene.peer.cut();
    await scene.startPeer({ isRestart: true });
    await scene.peer.plug();
    await soon(() => scene.isUp());
  };
  return (await one.holds(isThere, restart())) && scene.isUp();
}

async function survivesRestartOfCaracal(scene: Scene): Promise<boolean> {
  const { speaker, peer, setup } = scene;
  const has = () => everyFamily(scene, async (family) => (await speaker.paths(peer, FED[family].decorated)).length > 0);
  if (!(await soon(has))) return false;
  await scene.caracal.kill();
  let kept = true;
  for (let looks = 0; looks < 10; looks++) kept &&= await has();
  scene.startCaracal();
  await soon(async () => {
    kept &&= await has();
    return scene.isUp();
  });
  // Not only while Caracal collects what its other neighbours say.
  await soon(() => scene.one.isUp('caracal') && scene.two.isUp('caracal'));
  for (let looks = 0; looks < 10; looks++) kept &&= await has();
  return kept && setup.gracefulRestart === true && (await scene.isUp());
}

const toldTwoPaths = (scene: Scene) =>
  soon(() =>
    everyFamily(scene, async (family) => (await scene.speaker.paths(scene.peer, FED[family].shared)).length === 2),
  );

const hearsTwoPaths = (scene: Scene) =>
  soon(() => everyFamily(scene, (family) => scene.one.paths('caracal', TWICE[family]).length >= 2));

/** By its own words, or by what it tells the next one: some cut what they print. */
const seesLongPath = (scene: Scene) =>
  soon(() =>
    everyFamily(scene, async (family) => {
      const [path] = await scene.speaker.paths(scene.peer, FED[family].long);
      const [told] = scene.two.paths('peer', FED[family].long);
      const length = told?.asPath.flatMap(({ asns }) => asns).length ?? 0;
      return Math.max(length, path?.asPath.split(/\s+/).length ?? 0) >= LONG_PATH;
    }),
  );

async function takesMany(scene: Scene): Promise<boolean> {
  const { setup, one } = scene;
  const prefixes = Array.from({ length: MANY }, (_, i) => `100.${64 + (i >> 8)}.${i & 0xff}.0/24`);
  const attributes = attributesOf(setup, 'one', 'ipv4');
  one.send({ type: 'announce', peer: ADDRESS.caracal[setup.transport], routes: [{ prefixes, attributes }] });
  return soon(async () => (await scene.speaker.count(scene.peer, 'ipv4')) >= MANY, 60_000);
}

async function isLimited(scene: Scene): Promise<boolean> {
  scene.configure({ limit: 1 });
  return soon(async () => {
    const session = await scene.session();
    return session !== undefined && session.state !== 'Established' && /Prefixes/.test(session.lastError?.text ?? '');
  });
}

const EXTERNAL = { caracalAs: 4200000001, peerAs: 4200000002 } as const;
const INTERNAL = { caracalAs: 65001, peerAs: 65001 } as const;

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'external',
    setup: (speaker) => ({
      name: 'external',
      transport: 'ipv4',
      families: speaker.lacks.both === undefined ? ['ipv4', 'ipv6'] : ['ipv4'],
      ...EXTERNAL,
      ...(speaker.lacks.md5 === undefined ? { password: 'caracal' } : {}),
      ...(speaker.lacks.gtsm === undefined ? { gtsm: true } : {}),
    }),
    trials: [
      ['external', isUp],
      ['md5', isUp],
      ['gtsm', isUp],
      ['ipv4', exchange],
      ['both', exchange],
      ['fourOctetAs', exchange],
      [
        'communities',
        carries(
          ({ communities }) => communities,
          COMMUNITY,
          (a) => a.communities?.includes(64500 * 65536 + 7) === true,
        ),
      ],
      [
        'largeCommunities',
        carries(
          ({ largeCommunities }) => largeCommunities,
          LARGE_COMMUNITY,
          (a) => a.largeCommunities?.some((large) => large.join(':') === LARGE_COMMUNITY) === true,
        ),
      ],
      [
        'extendedCommunities',
        carries(
          ({ extendedCommunities }) => extendedCommunities,
          EXTENDED_COMMUNITY.rt,
          (a) => a.extendedCommunities?.includes(EXTENDED_COMMUNITY.octets) === true,
        ),
      ],
      ['longPath', seesLongPath],
      ['refresh', refreshes],
      ['withdrawal', withdraws],
    ],
  },
  {
    name: 'internal',
    setup: () => ({
      name: 'internal',
      ...{ transport: 'ipv6', families: ['ipv6'] },
      ...INTERNAL,
      ...{ addPath: true, gracefulRestart: true },
    }),
    trials: [
      ['internal', exchange],
      ['ipv6', exchange],
      ['addPathToPeer', toldTwoPaths],
      ['addPathFromPeer', hearsTwoPaths],
      ['restartOfPeer', survivesRestartOfPeer],
      ['restartOfCaracal', survivesRestartOfCaracal],
    ],
  },
  {
    name: 'many',
    setup: () => ({ name: 'many', transport: 'ipv4', families: ['ipv4'], ...INTERNAL }),
    trials: [
      ['many', takesMany],
      ['limit', isLimited],
    ],
  },
];

/** Plays a scenario; a feature that the speaker lacks is left out. `tell` hears of each as it is known. */
export async function play(
  speaker: Speaker,
  scenario: Scenario,
  name: string,
  tell: (result: Result) => void = () => {},
): Promise<readonly Result[]> {
  const scene = new Scene(speaker, scenario.setup(speaker), name);
  const results: Result[] = [];
  try {
    await scene.open();
    feed(scene);
    const isThere = await isUp(scene);
    for (const [feature, trial] of scenario.trials) {
      if (speaker.lacks[feature] !== undefined) continue;
      // Without a session there is nothing to wait for.
      const works = isThere && (await trial(scene));
      const result = { feature, works, ...(works ? {} : { log: scene.log }) };
      results.push(result);
      tell(result);
    }
    return results;
  } finally {
    await scene.close();
  }
}

export function feed({ one, two, setup }: Scene): void {
  const { caracal, peer } = ADDRESS;
  for (const family of setup.families) {
    const attributes = { one: attributesOf(setup, 'one', family), two: attributesOf(setup, 'two', family) };
    const decorated = {
      ...attributes.one,
      communities: [64500 * 65536 + 7],
      largeCommunities: [LARGE_COMMUNITY.split(':').map(Number) as [number, number, number]],
      extendedCommunities: [EXTENDED_COMMUNITY.octets],
    };
    const asns = Array.from({ length: LONG_PATH }, (_, i) => 64000 + (i % 400));
    const long = { ...attributes.one, asPath: [...attributes.one.asPath, ...segments(asns)] };
    const routes = [
      { prefixes: [FED[family].decorated], attributes: decorated },
      { prefixes: [FED[family].long], attributes: long },
      { prefixes: [FED[family].shared], attributes: attributes.one },
    ];
    one.send({ type: 'announce', peer: caracal[setup.transport], routes });
    const shared = [{ prefixes: [FED[family].shared], attributes: attributes.two }];
    two.send({ type: 'announce', peer: caracal[setup.transport], routes: shared });
    const twice = (attributesOfOne: typeof attributes.one) => [
      { prefixes: [TWICE[family]], attributes: attributesOfOne },
    ];
    one.send({ type: 'announce', peer: peer[setup.transport], routes: twice(attributesTowardsPeer('one', family)) });
    two.send({ type: 'announce', peer: peer[setup.transport], routes: twice(attributesTowardsPeer('two', family)) });
  }
}

/** RFC 4271 4.3: a segment has room for 255. */
function segments(asns: readonly number[]) {
  return [asns.slice(0, 255), asns.slice(255)].map((part) => ({ type: 'sequence', asns: part }) as const);
}

function attributesOf({ peerAs, caracalAs }: Setup, name: 'one' | 'two', family: Family) {
  const isInternal = peerAs === caracalAs;
  const asPath = isInternal ? [] : [{ type: 'sequence', asns: [name === 'one' ? 65003 : 65004] } as const];
  return { origin: 0, asPath, nextHop: ADDRESS[name][family], ...(isInternal ? { localPref: 100 } : {}) } as const;
}

function attributesTowardsPeer(name: 'one' | 'two', family: Family) {
  const asPath = [{ type: 'sequence', asns: [name === 'one' ? 65003 : 65004] } as const];
  return { origin: 0, asPath, nextHop: ADDRESS[name][family] } as const;
}
