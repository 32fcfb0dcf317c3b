// The commands that birdcl knows: it completes them, explains them, and refuses what begins none of them. What stands
// behind them is for the daemon, which may be a real BIRD and know more protocols than ours. Pure.

interface CommandRow {
  readonly words: string;
  readonly arguments?: string;
  readonly help: string;
  /** Wins against others that an abbreviation fits as well. */
  readonly isFavourite?: true;
}

const PROTOCOLS = 'NAME | "PATTERN" | all';

const row = (words: string, help: string, args?: string): CommandRow => ({
  words,
  help,
  ...(args === undefined ? {} : { arguments: args }),
});

const ROWS: readonly CommandRow[] = [
  row('exit', 'Leave this program'),
  row('quit', 'Leave this program'),
  row('help', 'How help is had'),
  row('show status', 'Version, router ID, times'),
  row('show memory', 'Memory in use'),
  row('show protocols', 'Protocols and their states', '[NAME | "PATTERN"]'),
  row('show protocols all', 'Protocols with all details', '[NAME | "PATTERN"]'),
  row('show interfaces', 'Network interfaces and their addresses'),
  row('show interfaces summary', 'Network interfaces, a line each'),
  {
    words: 'show route',
    arguments:
      '[PREFIX | for PREFIX | for IP] [table TABLE] [filter NAME | where CONDITION] [all] [primary] [filtered] ' +
      '[(export | preexport | noexport) PROTOCOL] [protocol PROTOCOL] [stats | count]',
    help: 'Routes',
    isFavourite: true,
  },
  row('show static', 'Routes of a static protocol', '[NAME]'),
  row('show symbols', 'Names of the configuration', '[table | filter | function | protocol | template | roa | NAME]'),
  row('show roa', 'Entries of a ROA table', '[PREFIX | in PREFIX | for PREFIX] [as NUMBER] [table TABLE]'),
  row('show bfd sessions', 'Sessions of BFD', '[NAME]'),
  row('show ospf', 'OSPF protocols', '[NAME]'),
  row('show ospf neighbors', 'Neighbours of OSPF', '[NAME] ["INTERFACE"]'),
  row('show ospf interface', 'Interfaces of OSPF', '[NAME] ["INTERFACE"]'),
  row('show ospf topology', 'Network as OSPF sees it', '[NAME]'),
  row('show ospf topology all', 'Network as OSPF sees it, also what cannot be reached', '[NAME]'),
  row('show ospf state', 'Network of OSPF in detail', '[NAME]'),
  row('show ospf state all', 'Network of OSPF in detail, also what cannot be reached', '[NAME]'),
  row('show ospf lsadb', 'Database of OSPF', '...'),
  row('show rip interfaces', 'Interfaces of RIP', '[NAME] ["INTERFACE"]'),
  row('show rip neighbors', 'Neighbours of RIP', '[NAME] ["INTERFACE"]'),
  row('show babel interfaces', 'Interfaces of Babel', '[NAME] ["INTERFACE"]'),
  row('show babel neighbors', 'Neighbours of Babel', '[NAME] ["INTERFACE"]'),
  row('show babel entries', 'Entries of Babel', '[NAME]'),
  row('show babel routes', 'Routes of Babel', '[NAME]'),
  row('dump resources', 'Write what is held to the debug output'),
  row('dump sockets', 'Write sockets to the debug output'),
  row('dump events', 'Write events to the debug output'),
  row('dump interfaces', 'Write interfaces to the debug output'),
  row('dump neighbors', 'Write neighbours to the debug output'),
  row('dump attributes', 'Write attributes to the debug output'),
  row('dump routes', 'Write routes to the debug output'),
  row('dump protocols', 'Write protocols to the debug output'),
  row('eval', 'Value of a term', 'TERM'),
  row('echo', 'Log messages on this connection', '(all | off | { CLASSES }) [buffer OCTETS]'),
  row('disable', 'Switch a protocol off', `(${PROTOCOLS}) ["MESSAGE"]`),
  row('enable', 'Switch a protocol on', `(${PROTOCOLS}) ["MESSAGE"]`),
  row('restart', 'Switch a protocol off and on', `(${PROTOCOLS}) ["MESSAGE"]`),
  row('reload', 'Get and tell all routes of a protocol again', PROTOCOLS),
  row('reload in', 'Get all routes of a protocol again', PROTOCOLS),
  row('reload out', 'Tell all routes to a protocol again', PROTOCOLS),
  row('debug', 'What is told of a protocol in the log', `(${PROTOCOLS}) (all | off | { FLAGS })`),
  row('mrtdump', 'What of a protocol goes into MRT files', `(${PROTOCOLS}) (all | off | { FLAGS })`),
  row('restrict', 'Only look on this connection, change nothing'),
  row('configure', 'Read the configuration again', '["FILE"] [timeout [SECONDS]]'),
  row('configure soft', 'Read the configuration again, and leave routes as they are', '["FILE"] [timeout [SECONDS]]'),
  row('configure timeout', 'Read the configuration again, and undo that unless confirmed', '[SECONDS]'),
  row('configure check', 'Read the configuration and say whether it is good', '["FILE"]'),
  row('configure confirm', 'Keep the configuration that would be undone'),
  row('configure undo', 'Go back to the configuration before'),
  row('configure status', 'State of the configuration (BIRD 2)'),
  row('down', 'End the daemon'),
  row('graceful restart', 'End the daemon so that peers keep its routes (BIRD 2)'),
  row('add roa', 'Put an entry into a ROA table', 'PREFIX max LENGTH as NUMBER [table TABLE]'),
  row('delete roa', 'Take an entry out of a ROA table', 'PREFIX max LENGTH as NUMBER [table TABLE]'),
  row('flush roa', 'Forget what was put into a ROA table', '[table TABLE]'),
];

interface Node {
  readonly word: string;
  /** All words up to here. */
  readonly path: string;
  readonly children: Map<string, Node>;
  row?: CommandRow;
}

const ROOT = buildTree();

function buildTree(): Node {
  const root: Node = { word: '', path: '', children: new Map() };
  for (const each of ROWS) {
    let node = root;
    for (const word of each.words.split(' ')) {
      const path = node.path === '' ? word : `${node.path} ${word}`;
      const child = node.children.get(word) ?? { word, path, children: new Map() };
      node.children.set(word, child);
      node = child;
    }
    node.row = each;
  }
  return root;
}

export type Expansion =
  | { readonly type: 'command'; readonly text: string }
  /** One line for each command that may be meant. */
  | { readonly type: 'ambiguous'; readonly lines: readonly string[] }
  | { readonly type: 'unknown' };

/** The complete command that a line with abbreviations stands for. */
export function expandCommand(line: string): Expansion {
  const { node, rest, candidates } = walk(line);
  if (candidates.length > 1) return { type: 'ambiguous', lines: candidates.map(describe) };
  if (node.row === undefined) return { type: 'unknown' };
  return { type: 'command', text: rest === '' ? node.path : `${node.path} ${rest}` };
}

/** What may follow a line, or what the command that it is does. */
export function helpFor(line: string): readonly string[] {
  const { node, rest, candidates } = walk(line);
  if (candidates.length > 1) return candidates.map(describe);
  const own = node.row === undefined ? [] : [describeRow(node.row)];
  const following = rest === '' ? [...node.children.values()].map(describe) : [];
  return own.length + following.length > 0 ? [...own, ...following] : ['No help available'];
}

/** As far as words are known; `candidates`: what the word behind them may be, where it is more than one. */
function walk(line: string): { readonly node: Node; readonly rest: string; readonly candidates: readonly Node[] } {
  let node = ROOT;
  let rest = line.trim();
  while (rest !== '') {
    const [word = ''] = rest.split(/\s/, 1);
    const fitting = fittingNodes(node, word);
    if (fitting.length > 1) return { node, rest, candidates: fitting };
    const [next] = fitting;
    if (next === undefined) break;
    node = next;
    rest = rest.slice(word.length).trimStart();
  }
  return { node, rest, candidates: [] };
}

function fittingNodes({ children }: Node, word: string): readonly Node[] {
  const exact = children.get(word);
  if (exact !== undefined) return [exact];
  const fitting = [...children.values()].filter((child) => child.word.startsWith(word));
  const favourites = fitting.filter((child) => child.row?.isFavourite);
  return favourites.length === 1 ? favourites : fitting;
}

function describe({ path, row: own, children }: Node): string {
  if (own !== undefined) return describeRow(own);
  const [only, another] = children.values();
  return only !== undefined && another === undefined ? describe(only) : `${`${path} ...`.padEnd(COLUMN)} `.trimEnd();
}

const COLUMN = 46;

function describeRow({ words, arguments: args, help }: CommandRow): string {
  return `${(args === undefined ? words : `${words} ${args}`).padEnd(COLUMN)} ${help}`;
}
