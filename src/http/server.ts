import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createApp } from './app';
import { bornExpress } from './born-express';
import type { HttpDeps } from './deps';
import type { Route } from './route';

export interface RunningServer {
  readonly port: number;
  /** Stops accepting, lets what runs finish (up to `graceMs`), then closes. */
  close(graceMs?: number): Promise<void>;
}

const headersTimeoutMs = 10_000;
const requestTimeoutMs = 60_000;
const keepAliveMs = 75_000; // longer than proxies keep theirs
const defaultGraceMs = 8_000;

/**
 * Starts to listen; `routes` replace the API's own in tests of the kit.
 * @throws the error of `listen`, for example EADDRINUSE
 */
export async function serve(
  deps: HttpDeps,
  address: { readonly port: number; readonly host?: string },
  routes?: readonly Route[],
): Promise<RunningServer> {
  let stopping = false;
  const app = createApp(deps, { stopping: () => stopping, routes });
  const server = createServer(
    {
      ...bornExpress(app),
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 16_384,
    },
    app,
  );
  server.on('clientError', answerBrokenRequest);
  await listen(server, address.port, address.host ?? '0.0.0.0');
  return {
    port: (server.address() as AddressInfo).port,
    close: (graceMs = defaultGraceMs) => {
      stopping = true;
      return closeServer(server, graceMs);
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      server.closeAllConnections();
    }, graceMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** What is no HTTP (two lengths, broken headers, too slow) gets a short problem and is cut off. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, title] =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? ['408 Request Timeout', 'The request came too slowly']
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? ['431 Request Header Fields Too Large', 'The headers are too large']
        : ['400 Bad Request', 'This is not valid HTTP'];
  const body = JSON.stringify({ type: 'about:blank', title, status: Number(status.slice(0, 3)) });
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
