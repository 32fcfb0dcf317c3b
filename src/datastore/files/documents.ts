// The text of a file, as YAML or JSON documents, as resources. A text that cannot be parsed gives one problem with its
// place and nothing else. What the parser quotes of the text is not repeated: it may be part of a Secret.

import { type Document, isNode, LineCounter, parseAllDocuments, type YAMLParseError } from 'yaml';
import { type ReadOptions, type ReadResult, readResources } from '../resources/read-resource.ts';
import type { Locate } from '../resources/reader.ts';
import type { ResourceProblem } from '../types.ts';

export type Documents =
  | { readonly ok: true; readonly results: readonly ReadResult[] }
  | { readonly ok: false; readonly problem: ResourceProblem };

/** `file` is the path as problems show it. */
export function readDocuments(file: string, text: string, options: ReadOptions = {}): Documents {
  return readJson(file, text, options) ?? readYaml(file, text, options);
}

/** JSON is parsed many times faster as JSON; places are looked up by the slow way, and only where there are problems. */
function readJson(file: string, text: string, options: ReadOptions): Documents | undefined {
  if (!file.endsWith('.json')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const locate = locateLater(() => {
    const { documents, lines } = parse(text);
    return documents[0] === undefined ? undefined : locateIn(documents[0], lines, file);
  });
  return { ok: true, results: readResources(value, { ...options, place: file, locate }) };
}

function locateLater(make: () => Locate | undefined): Locate {
  let locate: Locate | undefined;
  return (keys) => {
    locate ??= make();
    return locate?.(keys);
  };
}

function readYaml(file: string, text: string, options: ReadOptions): Documents {
  const { documents, lines } = parse(text);
  for (const { errors } of documents) {
    const [error] = errors;
    if (error !== undefined) return { ok: false, problem: syntaxProblem(file, error, lines) };
  }
  const results: ReadResult[] = [];
  for (const document of documents) {
    const value = toValue(document);
    if (value === null || value === undefined) continue;
    if (value instanceof ReferenceError) {
      return { ok: false, problem: problemAt(file, file, 'aliases multiply its contents beyond measure') };
    }
    results.push(...readResources(value, { ...options, place: file, locate: locateIn(document, lines, file) }));
  }
  return { ok: true, results };
}

function parse(text: string): { documents: readonly Document.Parsed[]; lines: LineCounter } {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    logLevel: 'silent',
  });
  return { documents: 'empty' in documents ? [] : documents, lines };
}

/** The error that the package throws for an alias bomb is a value here. */
function toValue(document: Document.Parsed): unknown {
  try {
    return document.toJS();
  } catch (error) {
    if (error instanceof ReferenceError) return error;
    throw error;
  }
}

/** The place of a field, or of the nearest thing around it that exists. */
function locateIn(document: Document.Parsed, lines: LineCounter, file: string): Locate {
  return (keys) => {
    for (let length = keys.length; length >= 0; length--) {
      const node = document.getIn(keys.slice(0, length), true);
      if (isNode(node) && node.range) return placeOf(file, lines, node.range[0]);
    }
    return undefined;
  };
}

function placeOf(file: string, lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${file}:${line}:${col}`;
}

const EXPLANATIONS: Readonly<Partial<Record<YAMLParseError['code'], string>>> = {
  BAD_INDENT: 'the indentation is wrong',
  TAB_AS_INDENT: 'a tab is used as indentation',
  DUPLICATE_KEY: 'a key is given twice',
  MISSING_CHAR: 'a closing quote or bracket, or a ":" or space is missing',
  BAD_ALIAS: 'an alias (*name) has no anchor (&name)',
  BAD_DQ_ESCAPE: 'a text in double quotes has a wrong escape',
  BAD_SCALAR_START: 'a text begins with a character that needs quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a mapping stands where a plain value is expected',
  MULTILINE_IMPLICIT_KEY: 'a key goes over several lines, or a ":" is missing',
};

function syntaxProblem(file: string, error: YAMLParseError, lines: LineCounter): ResourceProblem {
  const explanation = EXPLANATIONS[error.code];
  const text =
    explanation === undefined ? 'the file is not valid YAML here' : `the file is not valid YAML: ${explanation}`;
  return problemAt(file, placeOf(file, lines, error.pos[0]), text);
}

function problemAt(file: string, place: string, text: string): ResourceProblem {
  return { kind: 'File', name: file, path: '', text, place };
}
