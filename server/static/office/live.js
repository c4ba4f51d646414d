/** What changes at a station, told to the page: one socket a window, closed while nobody looks. */
const here = document.querySelector("[data-station]")?.dataset.station;
const QUESTIONS = {
  contract: "subscription Contracts($s: ID!) { contractChanged(stationId: $s) { number vehicle { id } } }",
  vehicle: "subscription Vehicles($s: ID!) { vehicleChanged(stationId: $s) { id } }",
};
const FIRST_WAIT = 1000, LONGEST_WAIT = 30000, ENDED = 4401;
let socket = null, wait = FIRST_WAIT, missed = false;

const tell = (kind, what) => document.body.dispatchEvent(new CustomEvent(`${kind}changed`, { detail: what, bubbles: true }));
const connect = () => {
  if (socket || document.hidden) return;
  socket = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/graphql`, "graphql-transport-ws");
  socket.onopen = () => socket.send('{"type":"connection_init"}');
  socket.onmessage = (event) => {
    const message = JSON.parse(event.data);
    if (message.type === "connection_ack") {
      wait = FIRST_WAIT;
      for (const [id, query] of Object.entries(QUESTIONS)) socket.send(JSON.stringify({ id, type: "subscribe", payload: { query, variables: { s: here } } }));
      if (missed) tell("all", {});
      missed = false;
    } else if (message.type === "ping") socket.send('{"type":"pong"}');
    else if (message.type === "next" && message.payload.data) tell(message.id, Object.values(message.payload.data)[0]);
  };
  socket.onclose = (event) => {
    socket = null;
    missed = true;
    if (event.code === ENDED) return location.reload(); // the page renews the session, or leads to the sign-in
    if (!document.hidden) setTimeout(connect, wait);
    wait = Math.min(LONGEST_WAIT, wait * 2);
  };
};
if (here) {
  connect();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) socket?.close(1000);
    else connect();
  });
}
