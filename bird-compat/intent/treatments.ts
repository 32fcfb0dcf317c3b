// What can be done with an option that Caracal has nothing for. `silent`: it makes no difference that a user would miss.
// `ignored`: it is in force in BIRD, here it is not, and the operator is told. `refused`: going on without it would be wrong.

import type { OptionReader } from './option-reader.ts';

type Treatment = (draft: unknown, option: OptionReader) => void;

export const silent: Treatment = () => {};

/** Told where the option is switched to what it is not by default. */
export function ignored(instead: string, usual = false): Treatment {
  return (_, option) => {
    if (option.argument(0, 'flag') !== undefined && option.flag() === usual) return;
    option.remark(`${option.option.name} has no effect: ${instead}`);
  };
}

export function refused(what: string): Treatment {
  return (_, option) => {
    if (option.argument(0, 'flag') !== undefined && !option.flag()) return;
    option.fail(`Caracal does not do ${what} (${option.option.name})`);
  };
}
