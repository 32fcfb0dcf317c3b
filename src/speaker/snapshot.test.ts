import { describe, expect, it } from 'vitest';
import { ExternalPeer } from './external-peer.fixture.ts';
import { routePage } from './index.ts';
import { block, blockOf, calico, cluster, Lab, MESH_OFF, node, POOLS, SECOND } from './simulation.fixture.ts';

describe('a snapshot', () => {
  it('before the first Intent says that nothing is configured', () => {
    const lab = new Lab(cluster(1));
    lab.router('node-1').boot();
    expect(lab.router('node-1').snapshot()).toEqual({
      node: 'node-1',
      configured: false,
      addresses: {},
      peers: [],
      // The network that the machine is connected to.
      tables: {
        ipv4: { prefixes: 1, paths: 1, kernelRoutes: 0 },
        ipv6: { prefixes: 0, paths: 0, kernelRoutes: 0 },
      },
      unresolvedNextHops: [],
      refusals: [],
      problems: [],
    });
  });

  it('of a peer that is waited for, of one that is dialled, and of both when they are up', () => {
    const lab = new Lab(cluster(2));
    lab.start();
    const [first, second] = [lab.router('node-1'), lab.router('node-2')];
    const passive = {
      name: 'Mesh_10_0_0_2',
      kind: 'mesh',
      description: 'node-to-node mesh with node node-2',
      origin: ['BGPConfiguration default', 'Node node-2'],
      families: ['ipv4'],
      address: '10.0.0.2',
      port: 179,
      localAddress: '10.0.0.1',
      remoteAs: 64512,
      localAs: 64512,
      passive: true,
      routeReflectorClient: false,
      state: 'Active',
      since: 0,
      counters: {
        received: 0,
        accepted: 0,
        advertised: 0,
        updatesIn: 0,
        updatesOut: 0,
        bytesIn: 0,
        bytesOut: 0,
        flaps: 0,
      },
    };
    expect([first.snapshot(), second.peers()]).toEqual([
      {
        node: 'node-1',
        configured: true,
        bgpIdentifier: '10.0.0.1',
        localAs: 64512,
        addresses: { ipv4: '10.0.0.1' },
        peers: [passive],
        tables: {
          ipv4: { prefixes: 2, paths: 2, kernelRoutes: 1 },
          ipv6: { prefixes: 0, paths: 0, kernelRoutes: 0 },
        },
        unresolvedNextHops: [],
        refusals: [],
        problems: [],
      },
      [expect.objectContaining({ name: 'Mesh_10_0_0_1', passive: false, state: 'Connect', since: 0 })],
    ]);
    lab.converge();
    const [up] = first.peers();
    expect(up).toEqual({
      ...passive,
      state: 'Established',
      since: expect.any(Number),
      negotiated: expect.objectContaining({ remoteIdentifier: 0x0a000002, holdTime: 240, peerType: 'ibgp' }),
      endpoints: { local: '10.0.0.1', localPort: 179, remote: '10.0.0.2', remotePort: expect.any(Number) },
      counters: {
        received: 1,
        accepted: 1,
        advertised: 1,
        updatesIn: 2,
        updatesOut: 2,
        bytesIn: second.peer('Mesh_10_0_0_1').counters.bytesOut,
        bytesOut: second.peer('Mesh_10_0_0_1').counters.bytesIn,
        flaps: 0,
      },
    });
    expect(up!.since).toBeGreaterThan(0);
  });

  it('of a peer that cannot be reached says why, and when it is tried again', () => {
    const lab = new Lab(cluster(2));
    lab.start('node-2');
    lab.run(10 * SECOND);
    const peer = lab.router('node-2').peer('Mesh_10_0_0_1');
    expect(peer).toMatchObject({ state: 'Active', lastError: { text: 'connection refused' } });
    expect(peer.retryAt).toBeGreaterThan(lab.now);
    expect(peer.retryAt).toBeLessThanOrEqual(lab.now + 5 * SECOND);
  });

  it('counts what is received, let in and told, with filters in both directions', () => {
    const filter = calico('BGPFilter', 'half', {
      importV4: [{ action: 'Reject', matchOperator: 'In', cidr: '10.65.128.0/17' }],
      exportV4: [{ action: 'Reject', matchOperator: 'Equal', cidr: blockOf(1) }],
    });
    const peering = calico('BGPPeer', 'tor', { peerIP: '10.0.0.99', asNumber: 65001, filters: ['half'] });
    const blocks = block(1) + block(1, 'ipv4', blockOf(2)) + block(1, 'ipv4', blockOf(3));
    const lab = new Lab(POOLS + MESH_OFF + node(1) + blocks + filter + peering);
    const tor = new ExternalPeer(lab, '10.0.0.99', { towards: '10.0.0.1' });
    lab.start();
    lab.converge();
    tor.announce(['10.65.100.0/24', '10.65.200.0/24', '10.65.201.0/24']);
    lab.run(SECOND);
    const counters = () => lab.router('node-1').peer('Global_10_0_0_99').counters;
    expect(counters()).toMatchObject({ received: 3, accepted: 1, advertised: 2, updatesIn: 1 });
    tor.withdraw(['10.65.100.0/24', '10.65.200.0/24']);
    lab.remove('BlockAffinity', 'node-1-10-65-2-0-26');
    lab.run(SECOND);
    expect(counters()).toMatchObject({ received: 1, accepted: 0, advertised: 1, updatesIn: 2 });
    expect([counters().updatesOut, counters().bytesIn > 0]).toEqual([tor.updates, true]);
    tor.node.kill();
    lab.run(SECOND);
    expect(counters()).toMatchObject({ received: 0, accepted: 0, advertised: 0, flaps: 1 });
  });
});

describe('pages of routes', () => {
  const start = () => {
    const lab = new Lab(
      POOLS + MESH_OFF + node(1) + block(1) + calico('BGPPeer', 'tor', { peerIP: '10.0.0.99', asNumber: 65001 }),
    );
    const tor = new ExternalPeer(lab, '10.0.0.99', { towards: '10.0.0.1' });
    lab.start();
    lab.converge();
    tor.announce(Array.from({ length: 250 }, (_, i) => `10.65.${i}.128/25`));
    lab.run(SECOND);
    return { lab, speaker: lab.router('node-1').speaker };
  };

  it('hand out every path once, a page at a time', () => {
    const { speaker } = start();
    const seen: string[] = [];
    let pages = 0;
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page = routePage(speaker, { family: 'ipv4', limit: 100, ...(after === '' ? {} : { after }) });
      expect(page.routes.length).toBeLessThanOrEqual(100);
      seen.push(...page.routes.map(({ prefix, protocol }) => `${protocol} ${prefix}`));
      after = page.next;
      pages++;
    }
    expect([pages, seen.length, new Set(seen).size]).toEqual([3, 252, 252]);
    expect(seen).toContain('static1 10.65.1.0/26');
    expect(seen).toContain('direct1 10.0.0.0/24');
  });

  it('may be of one protocol, or of one prefix', () => {
    const { speaker } = start();
    const of = (query: object) => routePage(speaker, { family: 'ipv4', limit: 1000, ...query }).routes;
    expect([of({ peer: 'Global_10_0_0_99' }).length, of({ peer: 'nobody' }), of({ prefix: '10.99.0.0/16' })]).toEqual([
      250,
      [],
      [],
    ]);
    expect(of({ prefix: blockOf(1) })).toEqual([
      {
        prefix: blockOf(1),
        protocol: 'static1',
        best: true,
        decidedBy: 'only path',
        asPath: '',
        origin: 'IGP',
        communities: [],
      },
    ]);
    expect(of({ prefix: '10.0.0.0/24' })).toMatchObject([{ protocol: 'direct1', resolved: { device: 'eth0' } }]);
  });

  it('say of two paths which is better, and by what', () => {
    const lab = new Lab(cluster(3) + block(2, 'ipv4', '10.65.99.0/26') + block(3, 'ipv4', '10.65.99.0/26'));
    lab.start();
    lab.converge();
    expect(lab.router('node-1').page('10.65.99.0/26')).toMatchObject([
      { protocol: 'Mesh_10_0_0_2', best: true, decidedBy: 'lower BGP identifier' },
      { protocol: 'Mesh_10_0_0_3', best: false, decidedBy: 'lower BGP identifier' },
    ]);
  });
});
