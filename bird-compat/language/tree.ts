// The syntax tree: what was written, and where. Names are not looked up and nothing is judged here; that is for those who
// give it a meaning (filters, intent).

import type { Address } from 'node-bgp';
import type { BirdError, Place } from './place.ts';

/** `at`: where it begins. `end`: where BIRD reports what is wrong with the whole of it, usually its last token. */
export interface Node {
  readonly at: Place;
  readonly end: Place;
}

// --- terms

export type BinaryOperator = '&&' | '||' | '=' | '!=' | '<' | '>' | '<=' | '>=' | '~' | '!~' | '+' | '-' | '*' | '/';

export type ListOperation = 'prepend' | 'add' | 'delete' | 'filter';

export interface PrefixLiteral extends Node {
  readonly address: Address;
  readonly length: number;
}

/** `P`, `P+`, `P-`, `P{low,high}` in a set. */
export interface PrefixPattern {
  readonly prefix: PrefixLiteral;
  readonly range?: '+' | '-' | readonly [low: number, high: number];
  readonly end: Place;
}

/** One number of a pair or a large community in a set: any, one, or from-to. `end`: the token behind it. */
export type Component = '*' | { readonly from: Term; readonly to?: Term; readonly end: Place };

export type EcKind = 'rt' | 'ro' | 'generic' | number;

/** An item of a set, or a label of `case`. */
export type SetElement = Node &
  (
    | { readonly type: 'value'; readonly from: Term; readonly to?: Term }
    | { readonly type: 'pair'; readonly parts: readonly [Component, Component] }
    | { readonly type: 'pairSpan'; readonly from: readonly [Term, Term]; readonly to: readonly [Term, Term] }
    | {
        readonly type: 'ec';
        readonly kind: EcKind;
        readonly key: Term;
        readonly keyEnd: Place;
        readonly value: Component;
      }
    | { readonly type: 'lc'; readonly parts: readonly [Component, Component, Component] }
    | {
        readonly type: 'lcSpan';
        readonly from: readonly [Term, Term, Term];
        readonly to: readonly [Term, Term, Term];
      }
  );

export type MaskElement = Node &
  (
    | { readonly type: 'any' }
    | { readonly type: 'one' }
    | { readonly type: 'asn'; readonly from: number; readonly to: number }
    | { readonly type: 'term'; readonly term: Term }
  );

export type Term = Node &
  (
    | { readonly type: 'number'; readonly value: number }
    | { readonly type: 'bool'; readonly value: boolean }
    | { readonly type: 'string'; readonly value: string }
    | { readonly type: 'address'; readonly value: Address }
    | { readonly type: 'prefix'; readonly value: PrefixLiteral }
    | { readonly type: 'enum'; readonly name: string }
    | { readonly type: 'symbol'; readonly name: string }
    /** `net`, `bgp_med`, `krt_metric`, `preference` ... */
    | { readonly type: 'attribute'; readonly name: string }
    | { readonly type: 'call'; readonly name: string; readonly arguments: readonly Term[] }
    | { readonly type: 'defined'; readonly of: Term }
    | { readonly type: 'not'; readonly of: Term }
    | { readonly type: 'binary'; readonly operator: BinaryOperator; readonly left: Term; readonly right: Term }
    | { readonly type: 'pair'; readonly parts: readonly [Term, Term] }
    | { readonly type: 'ec'; readonly kind: EcKind; readonly key: Term; readonly value: Term }
    | { readonly type: 'lc'; readonly parts: readonly [Term, Term, Term] }
    | { readonly type: 'set'; readonly items: readonly SetElement[] }
    | { readonly type: 'prefixSet'; readonly items: readonly PrefixPattern[] }
    | { readonly type: 'pathMask'; readonly items: readonly MaskElement[] }
    | { readonly type: 'empty'; readonly of: 'path' | 'clist' | 'eclist' | 'lclist' }
    /** `.ip`, `.len`, `.first`, `.asn` ... */
    | { readonly type: 'part'; readonly name: string; readonly of: Term }
    | { readonly type: 'mask'; readonly of: Term; readonly length: Term }
    | { readonly type: 'changed'; readonly operation: ListOperation; readonly of: Term; readonly value: Term }
    | {
        readonly type: 'roaCheck';
        readonly table: string;
        readonly tableAt: Place;
        readonly operands?: readonly [Term, Term];
      }
  );

// --- filters

export interface Declaration extends Node {
  /** As written: `int`, `prefix set` ... */
  readonly of: string;
  readonly name: string;
  readonly value?: Term;
}

export interface Body {
  readonly declarations: readonly Declaration[];
  readonly commands: readonly Command[];
}

export interface CaseBranch {
  readonly items: readonly SetElement[];
  readonly commands: readonly Command[];
}

export type Command = Node &
  (
    | {
        readonly type: 'if';
        readonly condition: Term;
        readonly then: readonly Command[];
        readonly else?: readonly Command[];
      }
    | {
        readonly type: 'case';
        readonly of: Term;
        readonly branches: readonly CaseBranch[];
        readonly else?: readonly Command[];
      }
    | { readonly type: 'block'; readonly commands: readonly Command[] }
    | { readonly type: 'declare'; readonly declaration: Declaration }
    | { readonly type: 'assign'; readonly name: string; readonly value: Term }
    | { readonly type: 'set'; readonly attribute: string; readonly value: Term }
    | { readonly type: 'unset'; readonly attribute: string }
    | { readonly type: 'empty'; readonly attribute: string }
    | { readonly type: 'change'; readonly attribute: string; readonly operation: ListOperation; readonly value: Term }
    | { readonly type: 'call'; readonly name: string; readonly arguments: readonly Term[] }
    | { readonly type: 'return'; readonly value: Term }
    | {
        readonly type: 'verdict';
        readonly verdict: 'accept' | 'reject' | 'error' | 'quitbird';
        readonly items: readonly Term[];
      }
    | { readonly type: 'print'; readonly items: readonly Term[]; readonly newline: boolean }
  );

/** What stands behind `import` and `export`. */
export type FilterSpec = Node &
  (
    | { readonly type: 'all' | 'none' }
    | { readonly type: 'named'; readonly name: string }
    | { readonly type: 'inline'; readonly body: Body }
    | { readonly type: 'where'; readonly condition: Term }
  );

// --- protocols

export interface InterfacePattern {
  readonly exclude: boolean;
  readonly name?: string;
  readonly prefix?: PrefixLiteral;
}

export type Destination =
  | { readonly type: 'via'; readonly hops: readonly NextHop[] }
  | { readonly type: 'device'; readonly name: string }
  | { readonly type: 'recursive'; readonly gateway: Term }
  | { readonly type: 'blackhole' | 'unreachable' | 'prohibit' };

export interface NextHop {
  /** An address, or a constant that is one. */
  readonly gateway: Term;
  readonly interface?: string;
  readonly weight?: Term;
  readonly bfd?: true;
}

/** What stands behind the words of an option. */
export type Argument =
  | { readonly type: 'term'; readonly term: Term }
  /** `on`, `off`, nothing (on), or an expression. */
  | { readonly type: 'flag'; readonly value: boolean | Term }
  | { readonly type: 'word'; readonly word: string }
  /** A string, or a constant that is one. */
  | { readonly type: 'text'; readonly text: Term }
  | { readonly type: 'log'; readonly target: 'syslog'; readonly name?: string }
  | { readonly type: 'log'; readonly target: 'stderr' }
  | {
      readonly type: 'log';
      readonly target: 'file';
      readonly path: Term;
      readonly size?: number;
      readonly backup?: string;
    }
  | { readonly type: 'symbol'; readonly name: string; readonly at: Place }
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'address'; readonly address: Term; readonly interface?: string }
  | { readonly type: 'prefix'; readonly prefix: PrefixLiteral | Term }
  | { readonly type: 'filter'; readonly filter: FilterSpec }
  | { readonly type: 'limit'; readonly limit: Term | 'off'; readonly action?: string }
  | { readonly type: 'interfaces'; readonly patterns: readonly InterfacePattern[] }
  | { readonly type: 'flags'; readonly flags: 'all' | 'off' | readonly string[] }
  | { readonly type: 'time'; readonly term: Term; readonly unit: 's' | 'ms' | 'us' }
  | { readonly type: 'times'; readonly first: Term; readonly second: Term }
  | { readonly type: 'endpoint'; readonly parts: readonly EndpointPart[] }
  | { readonly type: 'destination'; readonly destination: Destination; readonly commands: readonly Command[] }
  /** A block; `at` is its brace. */
  | { readonly type: 'options'; readonly options: readonly Option[]; readonly at: Place };

/** A piece of `neighbor ...` or `local ...`, in the order written. */
export type EndpointPart = { readonly end: Place } & (
  | { readonly type: 'address'; readonly address: Term; readonly interface?: string }
  | { readonly type: 'range'; readonly prefix: PrefixLiteral | Term }
  | { readonly type: 'port'; readonly port: Term }
  | { readonly type: 'as'; readonly as: Term }
  | { readonly type: 'internal' | 'external' }
);

/** `hold time 90;`: the words that say what it is, and what follows them. */
export interface Option extends Node {
  readonly name: string;
  readonly arguments: readonly Argument[];
}

// --- the configuration

export interface RoaRecord extends Node {
  readonly prefix: PrefixLiteral;
  readonly max: Term;
  readonly asn: Term;
}

export interface FunctionItem extends Node {
  readonly type: 'function';
  readonly name: string;
  readonly nameAt: Place;
  readonly parameters: readonly Declaration[];
  readonly body: Body;
}

export interface FilterItem extends Node {
  readonly type: 'filter';
  readonly name: string;
  readonly nameAt: Place;
  readonly body: Body;
}

export interface ProtocolItem extends Node {
  readonly type: 'protocol';
  readonly isTemplate: boolean;
  readonly kind: string;
  readonly kindAt: Place;
  /** Absent: the name is made of the kind and a number. */
  readonly name?: string;
  readonly nameAt: Place;
  readonly from?: { readonly name: string; readonly at: Place };
  readonly options: readonly Option[];
}

export type Item =
  | ({ readonly type: 'define'; readonly name: string; readonly nameAt: Place; readonly value: Term } & Node)
  | ({ readonly type: 'eval'; readonly value: Term } & Node)
  | ({
      readonly type: 'table';
      readonly name: string;
      readonly nameAt: Place;
      readonly family: TableFamily;
      readonly isSorted: boolean;
    } & Node)
  | ({
      readonly type: 'roaTable';
      readonly name: string;
      readonly nameAt: Place;
      readonly records: readonly RoaRecord[];
    } & Node)
  | ({ readonly type: 'setting'; readonly option: Option } & Node)
  | FunctionItem
  | FilterItem
  | ProtocolItem;

/** `any`: BIRD 1.6, where the family is that of the daemon. */
export type TableFamily = 'any' | 'ipv4' | 'ipv6' | 'roa4' | 'roa6' | 'other';

/** All that was read, and the syntax error that ended it. */
export interface Tree {
  readonly file: string;
  readonly items: readonly Item[];
  readonly error?: BirdError;
  /** The protocol that the error is in, as far as it was read. */
  readonly unfinished?: ProtocolItem;
}
