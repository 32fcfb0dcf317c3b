import { describe, expect, it } from 'vitest';
import { ASSUMED_REACHABLE, AttributeTable, Rib } from '../rib/index.ts';
import { addLocalSources, StaticRoutes } from './local-routes.ts';

const blackhole = (prefix: string) => ({ prefix, type: 'blackhole', origin: 'test' }) as const;
const via = (prefix: string, gateway: string) => ({ prefix, type: 'via', gateway, origin: 'test' }) as const;

function paths(rib: Rib) {
  const { tables } = rib;
  return Object.fromEntries(
    ['10.1.0.0/16', '10.2.0.0/16', 'fd00::/64'].flatMap((prefix) => {
      tables.prefixes.load(prefix);
      const id = tables.prefixes.find();
      const rows = id < 0 ? [] : rib.candidates(id);
      return rows.map((row) => [prefix, tables.attributes.get(tables.paths.set[row]!).attributes]);
    }),
  );
}

describe('routes of our own', () => {
  it('have sources with the names and preferences of BIRD', () => {
    const rib = new Rib('ipv4', new AttributeTable(), () => ASSUMED_REACHABLE);
    const sources = addLocalSources(rib);
    expect(Object.values(sources).map(({ info }) => info)).toMatchObject([
      { kind: 'static', protocol: 'static1', preference: 200 },
      { kind: 'kernel', protocol: 'kernel1', preference: 10 },
      { kind: 'direct', protocol: 'direct1', preference: 240 },
    ]);
  });

  it('come and go in the table of their family, and change their gateway', () => {
    const rib = new Rib('ipv4', new AttributeTable(), () => ASSUMED_REACHABLE);
    const neighbours = new Set(['10.0.0.8', '10.0.0.9']);
    const routes = new StaticRoutes(rib, addLocalSources(rib).static, (gateway) => neighbours.has(gateway));
    const flush = () => rib.recycle(rib.flush(100));
    const apply = (change: Parameters<StaticRoutes['apply']>[0]) => {
      routes.apply(change);
      flush();
    };
    apply({ added: [blackhole('10.1.0.0/16'), via('10.2.0.0/16', '10.0.0.9'), blackhole('fd00::/64')], removed: [] });
    expect(paths(rib)).toEqual({
      '10.1.0.0/16': { origin: 0, asPath: [] },
      '10.2.0.0/16': { origin: 0, asPath: [], nextHop: '10.0.0.9' },
    });
    apply({
      added: [via('10.2.0.0/16', '10.0.0.8')],
      removed: [blackhole('10.1.0.0/16'), via('10.2.0.0/16', '10.0.0.9')],
    });
    expect(paths(rib)).toEqual({ '10.2.0.0/16': { origin: 0, asPath: [], nextHop: '10.0.0.8' } });
    apply({
      added: [{ ...via('10.2.0.0/16', '10.0.0.8'), attributes: { origin: 0, asPath: [], med: 5 } }],
      removed: [via('10.2.0.0/16', '10.0.0.8')],
    });
    expect(paths(rib)).toEqual({ '10.2.0.0/16': { origin: 0, asPath: [], med: 5, nextHop: '10.0.0.8' } });
    apply({ added: [via('10.2.0.0/16', '10.0.0.8')], removed: [via('10.2.0.0/16', '10.0.0.8')] });
    neighbours.delete('10.0.0.8');
    routes.lookAgain();
    flush();
    expect([paths(rib), rib.tables.prefixes.size]).toEqual([{}, 0]);
    neighbours.add('10.0.0.8');
    routes.lookAgain();
    flush();
    expect(paths(rib)).toEqual({ '10.2.0.0/16': { origin: 0, asPath: [], nextHop: '10.0.0.8' } });
  });
});
