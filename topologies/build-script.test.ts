import { expect, test } from 'vitest';
import { planBuild } from './build-script.ts';
import { parseLab } from './lab-file.ts';

const LAB = parseLab(
  'pair',
  `
subnets:
  rack: [192.0.2.0/24]
nodes:
  node-1:
    addresses: [192.0.2.1]
    pods: { web-1: [10.65.0.2] }
machines:
  router:
    addresses: [192.0.2.254]
    routes: [10.65.0.0/26 via 192.0.2.1]
`,
);

test('every machine and pod has a namespace, and the subnets have one together', () => {
  const plan = planBuild(LAB, 'x');
  expect(plan.allNamespaces).toEqual(['x.switch', 'x.node-1', 'x.node-1.web-1', 'x.router']);
  expect([...plan.namespaces]).toEqual([
    ['node-1', 'x.node-1'],
    ['web-1', 'x.node-1.web-1'],
    ['router', 'x.router'],
  ]);
});

test('the script wires machines to bridges and pods to their node as Calico does', () => {
  const { script } = planBuild(LAB, 'x');
  const settings = /^nsenter .*$/gm;
  expect(script.match(settings)?.length).toBe(3);
  expect(script.replace(settings, '#')).toBe(`set -e
ip -batch - <<END
netns add x.switch
netns add x.node-1
netns add x.node-1.web-1
netns add x.router
END
#
#
#
ip -n x.node-1 -batch - <<END
link add eth0 type veth peer name p2 netns x.switch
link add cali1 address ee:ee:ee:ee:ee:ee type veth peer name eth0 netns x.node-1.web-1
END
ip -n x.router -batch - <<END
link add eth0 type veth peer name p3 netns x.switch
END
ip -n x.switch -batch - <<END
link add br0 type bridge forward_delay 0 mcast_snooping 0
link set br0 up
link set p2 master br0 up
link set p3 master br0 up
END
ip -n x.node-1 -batch - <<END
link set lo up
link set eth0 up
addr add 192.0.2.1/24 dev eth0
link set cali1 up
route add 10.65.0.2/32 dev cali1 proto 80 metric 1024
END
ip -n x.node-1.web-1 -batch - <<END
link set lo up
link set eth0 up
addr add 10.65.0.2/32 dev eth0
route add 169.254.1.1 dev eth0 scope link
neigh add 169.254.1.1 lladdr ee:ee:ee:ee:ee:ee dev eth0 nud permanent
route add default via 169.254.1.1 dev eth0
END
ip -n x.router -batch - <<END
link set lo up
link set eth0 up
addr add 192.0.2.254/24 dev eth0
route add 10.65.0.0/26 via 192.0.2.1
END
`);
});
