// The door of the control socket.
//
//   const server = new ControlServer({ path: '/run/bird/bird.ctl', onError });
//   await server.open();                                   // ControlSocketError: `I found another BIRD running.`
//   server.serve(new RouterTarget({ speaker, kernel, running: () => ..., configure: ... }));
//   server.log('info', 'Reconfigured');                    // to connections that said `echo all`
//   await server.stop();

export { describeConfiguration, describeIntent } from './router/descriptions.ts';
export type * from './router/parts.ts';
export { RouterTarget } from './router/target.ts';
export { ControlServer, type ControlServerParts, ControlSocketError } from './server.ts';
export type * from './types.ts';
