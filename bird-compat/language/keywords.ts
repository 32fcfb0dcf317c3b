// Words that are no names: reserved everywhere, as a name of a protocol or variable too. Quoted they stay what they are.
// Those of protocols that are not read here (OSPF, RIP, Babel ...) are free.

import type { Dialect } from './dialect.ts';

const BOTH = `
accept action add address administrative advertise after algorithm all allow as as4 attributes auth authentication aware
base bfd bgp bgpmask bgppath blackhole block bool bug capabilities case cease change check class client clist cluster
collision commands communities configuration configure confirm connect connection contains count debug deconfigured
default define defined delay delete description dest deterministic dev device direct disable disabled down drop dscp
dump ec echo eclist else empty enable error events export extended external false fatal filter filtered filters first
flush for forget from function gateway generate generic graceful gw hit hmac hold hop id idle if ifindex ifname ignore
igp igp_metric import in info int interface interfaces interpret interval ip ipv4 iso keep keepalive kernel keyed last
last_nonaggregated latency lc lclist learn len limit link lived lladdr local log long mask match max md5 med memory
merge messages meticulous metric min missing mode mrtdump ms multihop multiplier name neighbor neighbors net next no
noexport none of off older on out packets pair passive password passwords path paths persist pipe port preexport prefer
preference prefix prepend primary print printn prohibit proto protocol protocols quad receive recursive refresh reject
rejected reload remote reset resources restart restrict retry return ro roa_check route router routes rr rs rt rx s scan
scope secondary security self sessions set setkey sha1 sha256 sha384 sha512 short show shutdown simple sockets soft
sorted source stale start startup states static stats status stderr string summary symbols syslog table template then
time timeformat timeout to trace true ttl tx undo unknown unreachable unset us via vrf wait warn warning watchdog weight
where yes
bgp_origin bgp_path bgp_next_hop bgp_med bgp_local_pref bgp_atomic_aggr bgp_aggregator bgp_community bgp_originator_id
bgp_cluster_list bgp_ext_community bgp_large_community
krt_source krt_metric krt_prefsrc krt_realm krt_scope
krt_mtu krt_window krt_rtt krt_rttvar krt_sstresh krt_cwnd krt_advmss krt_reordering krt_hoplimit krt_initcwnd
krt_rto_min krt_initrwnd krt_quickack
krt_lock_mtu krt_lock_window krt_lock_rtt krt_lock_rttvar krt_lock_sstresh krt_lock_cwnd krt_lock_advmss
krt_lock_reordering krt_lock_hoplimit krt_lock_rto_min krt_feature_ecn krt_feature_allfrag krt_tunnel
ORIGIN_IGP ORIGIN_EGP ORIGIN_INCOMPLETE
RTS_STATIC RTS_INHERIT RTS_DEVICE RTS_STATIC_DEVICE RTS_REDIRECT RTS_RIP RTS_OSPF RTS_OSPF_IA RTS_OSPF_EXT1
RTS_OSPF_EXT2 RTS_BGP RTS_PIPE RTS_BABEL
SCOPE_HOST SCOPE_LINK SCOPE_SITE SCOPE_ORGANIZATION SCOPE_UNIVERSE SCOPE_UNDEFINED
RTD_BLACKHOLE RTD_UNREACHABLE RTD_PROHIBIT
ROA_UNKNOWN ROA_VALID ROA_INVALID`;

const BIRD1 = `
cast dual eval listen multipath old opaque peer quitbird roa transparent v6only
RTC_UNICAST RTC_BROADCAST RTC_MULTICAST RTC_ANYCAST RTS_DUMMY RTD_ROUTER RTD_DEVICE RTD_MULTIPATH`;

const BIRD2 = `
aigp asn attribute bind bird confederation cost data data1 data2 digits dst dynamic ebgp enforce flow4 flow6 free
gw_mpls hostname ibgp internal ipv4_mc ipv4_mpls ipv6 ipv6_mc ipv6_mpls ipv6_sadr is_v4 is_v6 mandatory maxlen member
mpls netlink onlink peer preferred range rd reload require roa4 roa6 role roles settle src strict sets trie type validate
vpn4 vpn6 bgp_otc bgp_aigp
NET_IP4 NET_IP6 NET_IP6_SADR NET_VPN4 NET_VPN6 NET_ROA4 NET_ROA6 NET_FLOW4 NET_FLOW6 RTD_UNICAST`;

const words = (text: string) => text.trim().split(/\s+/);

const RESERVED: Readonly<Record<Dialect['bird'], ReadonlySet<string>>> = {
  1: new Set([...words(BOTH), ...words(BIRD1)]),
  2: new Set([...words(BOTH), ...words(BIRD2)]),
};

export function isReserved(name: string, dialect: Dialect): boolean {
  return RESERVED[dialect.bird].has(name);
}
