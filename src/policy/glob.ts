// Shell patterns as BIRD's filters match them: `*` any run, `?` one character, `\` takes the next character as it is.
// What follows a `*` must occur literally, so `*?x` and `**x` match nothing: filters in the field were written against that.

export type TextMatcher = (text: string) => boolean;

const SPECIAL = /[*?\\]/;

/** A matcher for a pattern that is known beforehand; the common shapes need no search. */
export function compileGlob(pattern: string): TextMatcher {
  if (!SPECIAL.test(pattern)) return (text) => text === pattern;
  if (pattern === '*') return () => true;
  const head = pattern.slice(0, -1);
  if (pattern.endsWith('*') && !SPECIAL.test(head)) return (text) => text.startsWith(head);
  const tail = pattern.slice(1);
  if (pattern.startsWith('*') && !SPECIAL.test(tail)) return (text) => text.endsWith(tail);
  return (text) => matchGlob(pattern, text);
}

export function matchGlob(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let tried = 0;
  for (;;) {
    if (pattern[p] === '*') {
      star = p + 1;
      if (star === pattern.length) return true;
      tried = t - 1;
    } else {
      const next = stepOver(pattern, p, text, t);
      if (next > p) {
        p = next;
        t++;
        continue;
      }
      if (p === pattern.length && t === text.length) return true;
      if (star < 0) return false;
    }
    // Another place for what follows the last star; earlier stars need no second try, the last one reaches as far.
    tried = text.indexOf(literalAt(pattern, star), tried + 1);
    if (tried < 0) return false;
    p = star;
    t = tried;
  }
}

/** The position behind the pattern character at `p` if it takes the character at `t`, else `p`. */
function stepOver(pattern: string, p: number, text: string, t: number): number {
  if (p === pattern.length || t === text.length) return p;
  const escaped = isEscape(pattern, p);
  const literal = literalAt(pattern, p);
  if ((literal !== '?' || escaped) && literal !== text[t]) return p;
  return escaped ? p + 2 : p + 1;
}

function literalAt(pattern: string, p: number): string {
  return pattern[isEscape(pattern, p) ? p + 1 : p]!;
}

function isEscape(pattern: string, p: number): boolean {
  return pattern[p] === '\\' && p + 1 < pattern.length;
}
