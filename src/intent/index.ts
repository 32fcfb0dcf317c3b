// The door of the intent room.

export { computeIntent } from './compute.ts';
export { diffIntents, IMPACT, isEmptyChange } from './diff.ts';
export { type IntentDocument, intentDocument, readIntentDocument, withoutSecrets } from './document.ts';
export { explainOptions, policySteps } from './explain-peer.ts';
export { type ChangedResource, type Danger, dangersOf, type Held, heldProblems, holdBack } from './guard.ts';
export { filterFunctionName, sessionName } from './names.ts';
export { PRIORITY_BASE } from './priorities.ts';
export { hashRouterId } from './router-id.ts';
export type * from './types.ts';
