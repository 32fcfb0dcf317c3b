import { expect, test } from 'vitest';
import { configuration, intentOf, NO_MESH, node, resource, THREE_NODES } from '../../test/calico/support.ts';
import { type ChangedResource, type Danger, dangersOf, type Held, heldProblems, holdBack } from './guard.ts';
import type { Intent } from './types.ts';

const peer = (name: string, spec: object) => resource('BGPPeer', name, spec);
const TOR = peer('tor', { node: 'alpha', peerIP: '192.0.2.1', asNumber: 65001 });
const OTHER = peer('other', { node: 'alpha', peerIP: '192.0.2.2', asNumber: 65001 });
const ALONE = node('alpha', { ipv4: '10.65.0.2/24' });
const GLOBAL_TOR = peer('tor', { peerIP: '192.0.2.1', asNumber: 65001 });
const reflector = (clusterId?: string) => node('beta', { ipv4: '10.65.0.3/24', ...(clusterId ? { clusterId } : {}) });
const TO_BETA = peer('to-beta', { node: 'alpha', peerIP: '10.65.0.3' });

const change = (kind: string, name: string): ChangedResource => ({ kind, name });

interface Case {
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Absent: all. */
  readonly up?: readonly string[];
  readonly changed?: readonly ChangedResource[];
}

/** `type, kind name: lost`. */
function judge({ before, after, up, changed = [] }: Case): readonly string[] {
  const [from, to] = [intentOf(before), intentOf(after)];
  const established = new Set(up ?? from.peers.keys());
  return dangersOf({ before: from, after: to, established, changed }).map(
    ({ type, resource: { kind, name }, lost }) => `${type}, ${kind} ${name}: ${lost.join(' ')}`,
  );
}

test.each<[string, Case, readonly string[]]>([
  ['nothing changes', { before: [THREE_NODES], after: [THREE_NODES] }, []],
  ['one of two sessions goes', { before: [NO_MESH, ALONE, TOR, OTHER], after: [NO_MESH, ALONE, TOR] }, []],
  [
    'the only session goes',
    { before: [NO_MESH, ALONE, TOR], after: [NO_MESH, ALONE], changed: [change('BGPPeer', 'tor')] },
    ['lastSession, BGPPeer tor: Node_192_0_2_1'],
  ],
  [
    'the only session that is up goes',
    { before: [NO_MESH, ALONE, TOR, OTHER], after: [NO_MESH, ALONE, OTHER], up: ['Node_192_0_2_1'] },
    ['lastSession, BGPPeer tor: Node_192_0_2_1'],
  ],
  ['no session was up', { before: [NO_MESH, ALONE, TOR], after: [NO_MESH, ALONE], up: [] }, []],
  ['the session gets another name', { before: [NO_MESH, ALONE, TOR], after: [NO_MESH, ALONE, GLOBAL_TOR] }, []],
  ['another session comes in its place', { before: [NO_MESH, ALONE, TOR], after: [NO_MESH, ALONE, OTHER] }, []],
  ['from the mesh to explicit peers', { before: [THREE_NODES], after: [NO_MESH, THREE_NODES, TOR] }, []],
  [
    'the mesh is switched off',
    {
      before: [THREE_NODES],
      after: [NO_MESH, THREE_NODES],
      changed: [change('Node', 'beta'), change('BGPConfiguration', 'default')],
    },
    ['lastSession, BGPConfiguration default: Mesh_10_65_0_3 Mesh_10_65_0_4 Mesh_fd65__3 Mesh_fd65__4'],
  ],
  [
    'all other nodes are deleted',
    { before: [THREE_NODES], after: [ALONE], changed: [change('IPPool', 'a'), change('Node', 'gamma')] },
    ['lastSession, Node gamma: Mesh_10_65_0_3 Mesh_10_65_0_4 Mesh_fd65__3 Mesh_fd65__4'],
  ],
  [
    'a label no longer selects the node',
    {
      before: [NO_MESH, ALONE, peer('tor', { nodeSelector: '!has(gone)', peerIP: '192.0.2.1', asNumber: 65001 })],
      after: [
        NO_MESH,
        node('alpha', { ipv4: '10.65.0.2/24', labels: { gone: '' } }),
        peer('tor', { nodeSelector: '!has(gone)', peerIP: '192.0.2.1', asNumber: 65001 }),
      ],
      changed: [change('Node', 'alpha')],
    },
    ['lastSession, Node alpha: Node_192_0_2_1'],
  ],
  ['the own Node is gone, which keeps all as it is anyway', { before: [THREE_NODES], after: [] }, []],
  [
    'the last reflector stops reflecting, its session stays',
    {
      before: [NO_MESH, ALONE, reflector('10.0.0.1'), TO_BETA],
      after: [NO_MESH, ALONE, reflector(), TO_BETA],
      changed: [change('Node', 'beta')],
    },
    ['lastReflector, Node beta: beta'],
  ],
  [
    'the last reflector goes and the mesh comes',
    { before: [NO_MESH, ALONE, reflector('10.0.0.1'), TO_BETA], after: [configuration({}), ALONE, reflector()] },
    [],
  ],
])('%s', (_, judged, expected) => {
  expect(judge(judged)).toEqual(expected);
});

const INTENT: Intent = intentOf([ALONE]);
const OTHER_INTENT: Intent = intentOf([ALONE, NO_MESH]);
const danger = (...lost: readonly string[]): Danger => ({
  type: 'lastSession',
  resource: { kind: 'BGPPeer', name: 'tor' },
  lost,
  text: 'would take the last session away',
});
const HELD: Held = { intent: INTENT, dangers: [danger('a')], since: 1_000 };

test.each<[string, Held | undefined, readonly Danger[], number, Held | undefined]>([
  ['what is not dangerous is applied', undefined, [], 5_000, undefined],
  ['what is dangerous is held', undefined, [danger('a')], 5_000, { ...HELD, intent: OTHER_INTENT, since: 5_000 }],
  ['what is taken back is applied', HELD, [], 5_000, undefined],
  ['the same danger grows older, whatever else changes', HELD, [danger('a')], 5_000, { ...HELD, intent: OTHER_INTENT }],
  [
    'another danger begins anew',
    HELD,
    [danger('a', 'b')],
    5_000,
    { intent: OTHER_INTENT, dangers: [danger('a', 'b')], since: 5_000 },
  ],
  ['what has stayed long enough is applied', HELD, [danger('a')], 11_000, undefined],
])('%s', (_, held, dangers, now, expected) => {
  expect(holdBack(held, OTHER_INTENT, dangers, now, 10_000)).toEqual(expected);
});

test('a change that is held is a problem of its resource, which says what would help', () => {
  expect(heldProblems(HELD, '5 min')).toEqual([
    {
      kind: 'BGPPeer',
      name: 'tor',
      path: '',
      text: 'would take the last session away; held back, and applied when it has stayed for 5 min; undo the change to keep all as it is',
    },
  ]);
});
