// The door of the TCP runner: the one part of node-bgp that touches sockets and clocks.

export { type AddPeerOptions, type SpeakerEvents, type SpeakerOptions, TcpSpeaker } from './speaker.ts';
export { type AnnouncedAttributes, encodeAnnouncement, encodeWithdrawal } from './updates.ts';
