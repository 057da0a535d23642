// A server that answers with the bytes of a story, on three ports, which are three origins.
import net from "node:net";

export class Server {
  transfers = [];
  seen = [];
  #servers = [];

  async start(ports) {
    for (let index = 0; index < ports; index++) {
      const server = net.createServer((socket) => this.#serve(socket));
      await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
      this.#servers.push(server);
    }
    return this.#servers.map((server) => `http://localhost:${server.address().port}`);
  }

  stop() {
    for (const server of this.#servers) server.close();
  }

  // Sets what is answered next.
  play(transfers) {
    this.transfers = [...transfers];
    this.seen = [];
  }

  #serve(socket) {
    let text = "";
    socket.on("error", () => socket.destroy());
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = text.slice(0, end);
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
      if (text.length < end + 4 + length) return;
      socket.end(this.#answer(head));
    });
  }

  #answer(head) {
    const [method, target] = head.split(" ");
    if (target === "/page") return "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 21\r\nConnection: close\r\n\r\n<!doctype html>a page";
    if (target === "/favicon.ico") return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    const isPreflight = method === "OPTIONS" && /^access-control-request-method:/im.test(head);
    this.seen.push(isPreflight ? "preflight" : method);
    const at = this.transfers.findIndex((transfer) => transfer.isPreflight === isPreflight);
    if (at < 0) return "HTTP/1.1 500 Not in the story\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    const [transfer] = this.transfers.splice(at, 1);
    const length = transfer.status === 204 || /^content-length:/im.test(transfer.response) ? "" : "Content-Length: 0\r\n";
    return `${transfer.response}\r\n${length}Connection: close\r\n\r\n`;
  }
}
