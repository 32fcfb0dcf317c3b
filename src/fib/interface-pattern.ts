// Interface name patterns as BIRD's `interface` lists read them: `-cali*`, `-kube-ipvs*`, `*`.

const compiled = new Map<string, RegExp>();

/** The first pattern that fits decides; a leading `-` excludes, `*` stands for any text, `?` for one character. No fit: false. */
export function matchesInterface(patterns: readonly string[], name: string): boolean {
  for (const pattern of patterns) {
    const excludes = pattern.startsWith('-');
    if (expression(excludes ? pattern.slice(1) : pattern).test(name)) return !excludes;
  }
  return false;
}

function expression(pattern: string): RegExp {
  let regexp = compiled.get(pattern);
  if (regexp === undefined) {
    const source = pattern.replace(/[.*+?^${}()|[\]\\]/g, (c) => ({ '*': '.*', '?': '.' })[c] ?? `\\${c}`);
    regexp = new RegExp(`^${source}$`);
    compiled.set(pattern, regexp);
  }
  return regexp;
}
