import { describe, expect, it } from 'vitest';
import {
  accept,
  addCommunity,
  all,
  asPathStartsWith,
  attribute,
  compare,
  defined,
  either,
  interfaceMatches,
  minus,
  not,
  type Policy,
  peerTypeIs,
  policy,
  prefixIn,
  prefixMatches,
  prependAsPath,
  printPolicy,
  reject,
  returns,
  run,
  setLocalPref,
  sourceIs,
  unset,
  variable,
  when,
  withOrigin,
} from './index.ts';

describe('a policy as text', () => {
  it('reads like a filter, with its origins as comments', () => {
    const subject: Policy = {
      ...policy(
        'export',
        'reject',
        [
          either(
            all(sourceIs('bgp'), defined(attribute('localPref'))),
            [unset('med')],
            [setLocalPref(minus(2147483647, attribute('metric')))],
          ),
          withOrigin(
            { resource: 'BGPFilter lab', rule: 'exportV4[2]' },
            when(
              all(prefixMatches([{ prefix: '10.0.0.0/8', min: 16, max: 24 }]), asPathStartsWith([65000, 65001])),
              addCommunity('65000:100'),
              prependAsPath([65000, 65009]),
              accept(),
            ),
          ),
          when(all(peerTypeIs('ibgp'), not(interfaceMatches('*.cali'))), run('blocks'), reject({ step: 'tunnels' })),
          {
            type: 'case',
            of: attribute('localPref'),
            arms: [
              { items: [{ type: 'int', from: 1, to: 5 }], body: [accept()] },
              { items: [{ type: 'int', from: 7, to: 7 }], body: [reject()] },
            ],
            else: [accept()],
          },
          when(prefixIn(['2001:db8::/32']), accept({ step: 'pools' })),
        ],
        [
          {
            name: 'blocks',
            parameters: [{ name: 'm', of: 'int' }],
            body: [returns(compare(variable('m'), '<', 1024))],
          },
        ],
      ),
      dialect: 'bird2',
    };
    expect(printPolicy(subject)).toBe(`function blocks(int m)
{
  return m < 1024;
}
filter export # bird2
{
  if (source = RTS_BGP) && defined(bgp_local_pref) then {
    unset(bgp_med);
  } else {
    bgp_local_pref = 2147483647 - krt_metric;
  }
  if (net ~ [10.0.0.0/8{16,24}]) && (bgp_path ~ [= 65000 65001 * =]) then { # BGPFilter lab exportV4[2]
    bgp_community.add((65000,100));
    bgp_path.prepend(65000, 65009);
    accept;
  }
  if (peerType = "ibgp") && !(ifname ~ "*.cali") then {
    blocks();
    reject; # tunnels
  }
  case bgp_local_pref {
    1..5:
      accept;
    7:
      reject;
    else:
      accept;
  }
  if net ~ [2001:db8::/32+] then {
    accept; # pools
  }
  reject; # default
}
`);
  });
});
