// The representation of every filter as plain data: what intent and a filter-language parser write, and what evaluate, explain,
// printPolicy and equalPolicies read. JSON can carry all of it. Nothing here has behaviour; `builders.ts` makes it pleasant.

import type { Address, Asn, AsPathSegment, LargeCommunity, Prefix, RouterId } from 'node-bgp';

/** Who wrote a statement, for explain: `{ resource: 'BGPFilter lab', rule: 'exportV4[2]' }`, `{ step: 'own blocks' }`. */
export interface Origin {
  readonly resource?: string;
  readonly rule?: string;
  readonly step?: string;
  /** Where it was written, `bird.conf:12`: for people, and no part of what a policy is (equalPolicies). */
  readonly place?: string;
}

/**
 * One filter. The body serves both address families: a prefix of the other family matches nothing, and `familyIs`
 * guards what is for one family only. `default` is the verdict where no statement decides.
 */
export interface Policy {
  readonly name: string;
  readonly default: 'accept' | 'reject';
  readonly body: readonly Statement[];
  readonly functions?: readonly PolicyFunction[];
  /**
   * Two differences between filter languages. The AS path of a route without one is void, with `bird2` empty. A function
   * that ends without `return` is void, with `bird1` the outcome of its last `if`.
   */
  readonly dialect?: 'bird1' | 'bird2';
}

export interface PolicyFunction {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly body: readonly Statement[];
}

export interface Parameter {
  readonly name: string;
  readonly of: ValueType;
}

export type ValueType =
  | 'bool'
  | 'int'
  | 'string'
  | 'ip'
  | 'prefix'
  | 'pair'
  | 'quad'
  | 'ec'
  | 'lc'
  | 'enum'
  | 'path'
  | 'pathMask'
  | 'clist'
  | 'eclist'
  | 'lclist'
  | 'set'
  | 'prefixSet';

// --- statements

export type Statement = { readonly origin?: Origin } & StatementBody;

export type StatementBody =
  | {
      readonly type: 'if';
      readonly condition: Expression;
      readonly body: readonly Statement[];
      readonly else?: readonly Statement[];
    }
  /** The first arm with a member equal to `of` runs. No match and no `else`: goes on behind it. */
  | {
      readonly type: 'case';
      readonly of: Expression;
      readonly arms: readonly CaseArm[];
      readonly else?: readonly Statement[];
    }
  /** A variable of the enclosing block, void until it is assigned. */
  | { readonly type: 'declare'; readonly name: string; readonly of: ValueType; readonly value?: Expression }
  | { readonly type: 'assign'; readonly name: string; readonly value: Expression }
  | { readonly type: 'set'; readonly attribute: AttributeName; readonly value: Expression }
  | { readonly type: 'unset'; readonly attribute: AttributeName }
  /** Lists: `add`, `delete`, `filter` (keep) a member, the members of a list, or of a set. AS path: `delete` and `filter`. */
  | {
      readonly type: 'change';
      readonly attribute: ListAttribute;
      readonly operation: 'add' | 'delete' | 'filter';
      readonly value: Expression;
    }
  /** The path becomes these AS numbers, in this order, and then what it was. */
  | { readonly type: 'prepend'; readonly asns: readonly Expression[] }
  /** Runs a function for its effects; an accept or reject inside it ends the whole policy. */
  | { readonly type: 'call'; readonly function: string; readonly arguments: readonly Expression[] }
  | { readonly type: 'return'; readonly value?: Expression }
  | { readonly type: 'accept' }
  | { readonly type: 'reject' }
  | { readonly type: 'print'; readonly items: readonly Expression[]; readonly newline: boolean };

export interface CaseArm {
  readonly items: readonly SetItem[];
  readonly body: readonly Statement[];
}

// --- attributes and fields

/** Lists that `change` works on. */
export type ListAttribute = 'communities' | 'extendedCommunities' | 'largeCommunities' | 'clusterList' | 'asPath';

/**
 * What a policy can change. Of the second line `preference`, `metric` (krt_metric) and `tunnel` (krt_tunnel) have fields
 * of their own in the result; all others (krt_prefsrc, krt_mtu, igp_metric ...) travel in `PolicyResult.other`.
 */
export type AttributeName =
  | ListAttribute
  | 'origin'
  | 'nextHop'
  | 'med'
  | 'localPref'
  | 'atomicAggregate'
  | 'aggregator'
  | 'originatorId'
  | 'onlyToCustomer'
  | 'preference'
  | 'metric'
  | 'tunnel'
  | 'dest'
  | 'gateway'
  | 'interface'
  | 'scope'
  | 'igp_metric'
  | `krt_${string}`;

/**
 * What a policy can only look at. `net`: the prefix. `from`: address of the neighbour it was learned from. `protocol`:
 * name of the source protocol. `peerType`, `peerName`, `peerAs`, `localAs`, `peerAddress`: the session the policy works
 * for ('ebgp' or 'ibgp' and so on, void in a kernel policy).
 */
export type FieldName =
  | 'net'
  | 'family'
  | 'source'
  | 'protocol'
  | 'from'
  | 'fromName'
  | 'cast'
  | 'ifindex'
  | 'peerType'
  | 'peerName'
  | 'peerAs'
  | 'localAs'
  | 'peerAddress';

// --- expressions

export type EnumName = 'source' | 'origin' | 'scope' | 'cast' | 'dest' | 'roa';

/** From and to, both included. */
export type Range = readonly [from: number, to: number];

/** A prefix and the lengths accepted: longer ones inside it, shorter ones that contain it. */
export interface PrefixRange {
  readonly prefix: Prefix;
  readonly min: number;
  readonly max: number;
}

export type SetItem =
  | { readonly type: 'int'; readonly from: number; readonly to: number }
  | { readonly type: 'enum'; readonly of: EnumName; readonly from: number; readonly to: number }
  | { readonly type: 'quad'; readonly from: RouterId; readonly to: RouterId }
  | { readonly type: 'ip'; readonly from: Address; readonly to: Address }
  | { readonly type: 'pair'; readonly first: Range; readonly second: Range }
  /** Both ends as 16 hex digits, as in `Attributes.extendedCommunities`. */
  | { readonly type: 'ec'; readonly from: string; readonly to: string }
  | { readonly type: 'lc'; readonly first: Range; readonly second: Range; readonly third: Range }
  /** Only in a `case` of a string, bool or prefix. */
  | { readonly type: 'value'; readonly value: Value };

/** `any`: any run of AS numbers, the empty one too. `one`: exactly one. */
export type PathMaskItem =
  | { readonly type: 'any' }
  | { readonly type: 'one' }
  | { readonly type: 'asn'; readonly from: Asn; readonly to: Asn }
  | { readonly type: 'set'; readonly items: readonly SetItem[] }
  | { readonly type: 'expression'; readonly value: Expression };

/** A constant; also what variables hold at run time. */
export type Value =
  | { readonly type: 'bool'; readonly value: boolean }
  /** Unsigned 32 bit. */
  | { readonly type: 'int'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'ip'; readonly value: Address }
  | { readonly type: 'prefix'; readonly value: Prefix }
  /** A standard community: high and low half in one unsigned 32-bit number. */
  | { readonly type: 'pair'; readonly value: number }
  | { readonly type: 'quad'; readonly value: RouterId }
  | { readonly type: 'ec'; readonly value: string }
  | { readonly type: 'lc'; readonly value: LargeCommunity }
  | { readonly type: 'enum'; readonly of: EnumName; readonly value: number }
  | { readonly type: 'path'; readonly value: readonly AsPathSegment[] }
  | { readonly type: 'clist'; readonly value: readonly number[] }
  | { readonly type: 'eclist'; readonly value: readonly string[] }
  | { readonly type: 'lclist'; readonly value: readonly LargeCommunity[] }
  | { readonly type: 'set'; readonly items: readonly SetItem[] }
  | { readonly type: 'prefixSet'; readonly items: readonly PrefixRange[] };

export type CompareOperator = '=' | '!=' | '<' | '<=' | '>' | '>=';

export type ArithmeticOperator = '+' | '-' | '*' | '/';

/** `ip` and `len` of a prefix, `len` of a list or path, `first`, `last`, `lastNonaggregated` of a path. */
export type PartName = 'ip' | 'len' | 'first' | 'last' | 'lastNonaggregated';

export type Expression =
  | Value
  | { readonly type: 'field'; readonly name: FieldName }
  | { readonly type: 'attribute'; readonly name: AttributeName }
  | { readonly type: 'variable'; readonly name: string }
  | { readonly type: 'defined'; readonly value: Expression }
  | { readonly type: 'not'; readonly value: Expression }
  /** Operands from left to right, no further than needed. No operands: true for `and`, false for `or`. */
  | { readonly type: 'and'; readonly operands: readonly Expression[] }
  | { readonly type: 'or'; readonly operands: readonly Expression[] }
  | {
      readonly type: 'compare';
      readonly operator: CompareOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  /** The `~` of filters: is inside, is a member of, matches. */
  | { readonly type: 'match'; readonly left: Expression; readonly right: Expression }
  /** Unsigned 32 bit, wrapping. */
  | {
      readonly type: 'arithmetic';
      readonly operator: ArithmeticOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly type: 'part'; readonly name: PartName; readonly of: Expression }
  /** `address.mask(length)` */
  | { readonly type: 'mask'; readonly of: Expression; readonly length: Expression }
  | { readonly type: 'makePair'; readonly first: Expression; readonly second: Expression }
  /** `rt`, `ro`, `generic`, or the number of an unknown kind. The key is an int, a quad or an IPv4 address. */
  | {
      readonly type: 'makeExtended';
      readonly kind: 'rt' | 'ro' | 'generic' | number;
      readonly key: Expression;
      readonly value: Expression;
    }
  | {
      readonly type: 'makeLarge';
      readonly first: Expression;
      readonly second: Expression;
      readonly third: Expression;
    }
  | { readonly type: 'pathMask'; readonly items: readonly PathMaskItem[] }
  /** A new list or path: `of` without change, `value` added, deleted, kept or prepended. */
  | {
      readonly type: 'changed';
      readonly operation: 'add' | 'delete' | 'filter' | 'prepend';
      readonly of: Expression;
      readonly value: Expression;
    }
  | { readonly type: 'call'; readonly function: string; readonly arguments: readonly Expression[] }
  /** An enum of kind `roa`. Without operands: of the route's own prefix and the last AS of its path. */
  | {
      readonly type: 'roaCheck';
      readonly table: readonly RoaEntry[];
      readonly prefix?: Expression;
      readonly asn?: Expression;
    };

/** A route origin authorisation (RFC 6482): `asn` may originate `prefix` and what is inside it, up to length `max`. */
export interface RoaEntry {
  readonly prefix: Prefix;
  readonly max: number;
  readonly asn: Asn;
}

// --- explain

/** One statement that explain saw run: its head as text, and what came of it. */
export interface TraceStep {
  readonly origin: Origin | undefined;
  readonly text: string;
  readonly outcome: 'matched' | 'notMatched' | 'changed' | 'unchanged' | 'accepted' | 'rejected' | 'error' | 'done';
}

/** What a policy looks at; whatever it does not look at cannot change its answer. */
export type PolicyInput =
  | 'family'
  | 'prefix'
  | 'attributes'
  | 'source'
  | 'protocol'
  | 'from'
  /** eBGP, iBGP or no peer at all: the same for thousands of peers, so not lumped together with who the peer is. */
  | 'peerType'
  | 'peer'
  | 'interface'
  | 'gateway'
  | 'metric'
  | 'preference'
  | 'dest'
  | 'other';
