// Calico's selector language: text -> tree, and the tree against the labels of a node or workload. Which texts are kept
// parsed is the caller's business, and so is what a text that cannot be parsed means (Calico: it selects nothing).

export type Selector =
  | { readonly type: 'all' }
  | { readonly type: 'has'; readonly label: string }
  | {
      readonly type: 'equal' | 'notEqual' | 'contains' | 'startsWith' | 'endsWith';
      readonly label: string;
      readonly value: string;
    }
  | { readonly type: 'in' | 'notIn'; readonly label: string; readonly values: readonly string[] }
  | { readonly type: 'not'; readonly operand: Selector }
  | { readonly type: 'and' | 'or'; readonly operands: readonly Selector[] };

export type SelectorResult =
  | { readonly ok: true; readonly selector: Selector }
  /** `position` counts characters from 0. */
  | { readonly ok: false; readonly text: string; readonly position: number };

const LABEL_LIMIT = 512;
/** Far more than fits into the 1024 characters that a resource may hold; keeps the recursion bounded for any caller. */
const DEPTH_LIMIT = 600;

const SPACE = /[ \t]*/y;
const LABEL = /[A-Za-z0-9_./-]+/y;
const STRING = /"([^"]*)"|'([^']*)'/y;

/** Words that compare a label with a string. A word ends where letters, digits and `_` end. */
const STRING_OPERATORS: readonly (readonly [RegExp, 'equal' | 'notEqual' | 'contains' | 'startsWith' | 'endsWith'])[] =
  [
    [/==/y, 'equal'],
    [/!=/y, 'notEqual'],
    [/contains\b/y, 'contains'],
    [/starts[ \t]*with\b/y, 'startsWith'],
    [/ends[ \t]*with\b/y, 'endsWith'],
  ];

const SET_OPERATORS: readonly (readonly [RegExp, 'in' | 'notIn'])[] = [
  [/in\b/y, 'in'],
  [/not[ \t]*in\b/y, 'notIn'],
];

/** Never throws. The empty text selects everything. */
export function parseSelector(text: string): SelectorResult {
  return new SelectorParser(text).parse();
}

/** Whether labels fit. An absent label satisfies `!=` and `not in` only. */
export function matches(selector: Selector, labels: Readonly<Record<string, string>>): boolean {
  switch (selector.type) {
    case 'all':
      return true;
    case 'and':
      return selector.operands.every((operand) => matches(operand, labels));
    case 'or':
      return selector.operands.some((operand) => matches(operand, labels));
    case 'not':
      return !matches(selector.operand, labels);
    default:
      return compare(selector, Object.hasOwn(labels, selector.label) ? labels[selector.label] : undefined);
  }
}

function compare(selector: Extract<Selector, { label: string }>, value: string | undefined): boolean {
  switch (selector.type) {
    case 'has':
      return value !== undefined;
    case 'equal':
      return value === selector.value;
    case 'notEqual':
      return value !== selector.value;
    case 'contains':
      return value?.includes(selector.value) ?? false;
    case 'startsWith':
      return value?.startsWith(selector.value) ?? false;
    case 'endsWith':
      return value?.endsWith(selector.value) ?? false;
    case 'in':
      return value !== undefined && selector.values.includes(value);
    case 'notIn':
      return value === undefined || !selector.values.includes(value);
  }
}

/** Recursive descent over the text. A method that returns undefined has set `failure`. */
class SelectorParser {
  readonly #text: string;
  #position = 0;
  #depth = 0;
  #failure: { readonly text: string; readonly position: number } | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): SelectorResult {
    this.#take(SPACE);
    if (this.#atEnd()) return { ok: true, selector: { type: 'all' } };
    const selector = this.#or();
    if (selector !== undefined && this.#atEnd()) return { ok: true, selector };
    if (selector !== undefined) this.#fail('"&&", "||" or the end is expected here');
    return { ok: false, ...this.#failure! };
  }

  #or(): Selector | undefined {
    return this.#chain('or', /\|\|/y, () => this.#and());
  }

  #and(): Selector | undefined {
    return this.#chain('and', /&&/y, () => this.#operation());
  }

  #chain(type: 'and' | 'or', separator: RegExp, next: () => Selector | undefined): Selector | undefined {
    const operands: Selector[] = [];
    do {
      const operand = next();
      if (operand === undefined) return undefined;
      operands.push(operand);
    } while (this.#token(separator));
    return operands.length === 1 ? operands[0] : { type, operands };
  }

  #operation(): Selector | undefined {
    let negated = false;
    while (this.#token(/!/y)) negated = !negated;
    const operand = this.#primary();
    return operand !== undefined && negated ? { type: 'not', operand } : operand;
  }

  #primary(): Selector | undefined {
    if (this.#token(/\(/y)) return this.#parenthesis();
    // The bracket belongs to the word: `has (x)` is a label followed by something that cannot follow a label.
    if (this.#token(/(?:all|global)\(/y)) return this.#closed({ type: 'all' });
    if (this.#token(/has\(/y)) {
      const label = this.#label();
      return label === undefined ? undefined : this.#closed({ type: 'has', label });
    }
    return this.#comparison();
  }

  #parenthesis(): Selector | undefined {
    this.#depth++;
    if (this.#depth > DEPTH_LIMIT) return this.#fail('the brackets are nested too deeply');
    const inner = this.#or();
    this.#depth--;
    return inner === undefined ? undefined : this.#closed(inner);
  }

  #closed(selector: Selector): Selector | undefined {
    return this.#token(/\)/y) ? selector : this.#fail('")" is expected here');
  }

  #comparison(): Selector | undefined {
    const label = this.#label();
    if (label === undefined) return undefined;
    for (const [pattern, type] of STRING_OPERATORS) {
      if (!this.#token(pattern)) continue;
      const value = this.#string();
      return value === undefined ? undefined : { type, label, value };
    }
    for (const [pattern, type] of SET_OPERATORS) {
      if (!this.#token(pattern)) continue;
      const values = this.#set();
      return values === undefined ? undefined : { type, label, values };
    }
    return this.#fail('an operator (==, !=, in, not in, contains, starts with, ends with) is expected after the label');
  }

  #label(): string | undefined {
    const start = this.#position;
    const label = this.#token(LABEL)?.[0];
    if (label === undefined) return this.#fail('a label, "has(", "all()", "!" or "(" is expected here');
    if (label.length <= LABEL_LIMIT) return label;
    this.#position = start;
    return this.#fail(`a label has at most ${LABEL_LIMIT} characters`);
  }

  #string(): string | undefined {
    const match = this.#token(STRING);
    return match ? (match[1] ?? match[2]) : this.#fail('a string in quotes is expected here');
  }

  #set(): string[] | undefined {
    if (!this.#token(/\{/y)) return this.#fail('a set such as {"a", "b"} is expected here');
    const values: string[] = [];
    while (!this.#token(/\}/y)) {
      const value = this.#string();
      if (value === undefined) return undefined;
      values.push(value);
      if (this.#token(/,/y)) continue;
      return this.#token(/\}/y) ? values : this.#fail('"," or "}" is expected here');
    }
    return values;
  }

  /** Takes what the pattern matches here, and the space behind it. */
  #token(pattern: RegExp): RegExpExecArray | undefined {
    const match = this.#take(pattern);
    if (match !== undefined) this.#take(SPACE);
    return match;
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#position += match[0].length;
    return match;
  }

  #atEnd(): boolean {
    return this.#position === this.#text.length;
  }

  #fail(text: string): undefined {
    this.#failure = { text, position: this.#position };
    return undefined;
  }
}
